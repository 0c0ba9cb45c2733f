// The official client library of VS Code's protocol, whose reader dies at the first junk byte.
// node strict.js PYTHON FILE OUT SCENE; prints what happened as JSON lines.
const { spawn } = require('child_process');
const fs = require('fs');
const { pathToFileURL } = require('url');
const rpc = require('vscode-languageserver-protocol/node');

const [python, file, out, scene] = process.argv.slice(2);
const uri = pathToFileURL(file).href;
let text = fs.readFileSync(file, 'utf8');
let version = 1;

const server = spawn(python, ['-m', 'atlas_lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(server.stdout),
  new rpc.StreamMessageWriter(server.stdin),
);
connection.onError(([error]) => { console.error('protocol error', error.message); process.exit(9); });

const messages = [];
let diagnostics = [];
const progress = {};
let wake = () => {};
const heard = () => { const call = wake; wake = () => {}; call(); };
connection.onNotification('window/showMessage', (p) => { messages.push(p.message); heard(); });
connection.onNotification('textDocument/publishDiagnostics', (p) => { diagnostics = p.diagnostics; heard(); });
connection.onRequest('window/workDoneProgress/create', () => null);
connection.onNotification('$/progress', (p) => { (progress[p.token] ||= []).push(p.value); heard(); });
connection.onUnhandledNotification(() => {});
connection.listen();

async function until(true_, what) {
  const end = Date.now() + 300000;
  while (!true_()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${messages}`);
    await new Promise((done) => { wake = done; setTimeout(done, 200); });
  }
}

function type(line, newText) {
  const place = { line, character: 0 };
  const lines = text.split('\n');
  lines.splice(line, 0, ...newText.replace(/\n$/, '').split('\n'));
  text = lines.join('\n');
  version += 1;
  connection.sendNotification('textDocument/didChange', {
    textDocument: { uri, version },
    contentChanges: [{ range: { start: place, end: place }, text: newText }],
  });
}

function lineOf(word) {
  return text.split('\n').findIndex((line) => line.includes(word));
}

async function action(kind) {
  const here = { line: lineOf('def '), character: 5 };
  const found = await connection.sendRequest('textDocument/codeAction', {
    textDocument: { uri },
    range: { start: here, end: here },
    context: { diagnostics: [], only: [`refactor.rewrite.atlas.${kind}`], triggerKind: 1 },
  });
  if (found.length < 1) throw new Error(`no action ${kind}`);
  return found.find((one) => kind === 'apply' && one.title.includes('where')) || found[0];
}

function apply(edit) {
  const [change] = edit.documentChanges;
  if (change.textDocument.version !== version) throw new Error('an edit of another version');
  const lines = text.split('\n');
  const offset = (p) => lines.slice(0, p.line).reduce((n, one) => n + one.length + 1, 0) + p.character;
  const edits = change.edits.map((e) => [offset(e.range.start), offset(e.range.end), e.newText]);
  for (const [start, end, newText] of edits.sort((a, b) => b[0] - a[0])) {
    text = text.slice(0, start) + newText + text.slice(end);
  }
}

async function main() {
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    clientInfo: { name: 'strict' },
    // What is slow here is the machine.
    initializationOptions: { timeout: 600 },
    capabilities: {
      window: { workDoneProgress: true },
      workspace: { workspaceEdit: { documentChanges: true } },
    },
  });
  connection.sendNotification('initialized', {});
  connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'python', version, text },
  });
  if (process.env.ATLAS_UNSAVED) {
    text = fs.readFileSync(process.env.ATLAS_UNSAVED, 'utf8');
    version += 1;
    connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
  }
  if (scene === 'tested') {
    await connection.sendRequest('workspace/executeCommand', { command: 'atlas.check', arguments: [uri] });
    await until(() => diagnostics.some((one) => one.code === 'pytest'), 'the failing test');
  }
  const { command } = await action({ cancel: 'solve', question: 'repair', tested: 'repair' }[scene] || scene);
  const source = new rpc.CancellationTokenSource();
  const answer = connection.sendRequest('workspace/executeCommand', command, source.token);
  await answer;
  type(0, '# typed 🚀 during the job\n');
  if (scene === 'cancel') {
    await until(() => Object.values(progress).some((one) => one.length > 1), 'work');
    connection.sendNotification('window/workDoneProgress/cancel', { token: Object.keys(progress)[0] });
    await until(() => Object.values(progress).some((one) => one.at(-1).kind === 'end'), 'the end');
    console.log(JSON.stringify({ end: Object.values(progress)[0].at(-1).message }));
  } else {
    await until(() => messages.length, 'a message');
    console.log(JSON.stringify({ message: messages[0] }));
    apply((await action('apply')).edit);
  }
  fs.writeFileSync(out, text);
  await connection.sendRequest('shutdown');
  connection.sendNotification('exit');
  server.on('exit', (code) => process.exit(code));
}

main().catch((error) => { console.error(error); process.exit(8); });

// Atlas in VS Code: starts the server, forwards settings and trust, draws. No decision about code is made here.
import { copyFile, mkdir } from "node:fs/promises";
import {
  commands,
  env,
  ExtensionContext,
  LogOutputChannel,
  QuickPickItem,
  Uri,
  window,
  workspace,
} from "vscode";
import { LanguageClient, State } from "vscode-languageclient/node";
import { ask, Hooks, makeClient } from "./client";
import { Explorer } from "./explorer";
import { Check, examine, findServer, Found, INSTALL, userSetting } from "./find";
import { Failed, Finished, keyOf, Proposed, Results } from "./results";
import { Status } from "./status";

const ON_FUNCTION = new Set(["atlas.solve", "atlas.repair", "atlas.tests", "atlas.apply", "atlas.diff", "atlas.evidence", "atlas.again", "atlas.discard"]);
const AT_START = ["atlas.path", "atlas.model", "atlas.sandbox", "atlas.containerRuntime", "atlas.idleUnload", "atlas.apply"];

class Atlas implements Hooks {
  private client: LanguageClient | undefined;
  private server: Found | undefined;
  private starting: Promise<void> = Promise.resolve();
  readonly log: LogOutputChannel = window.createOutputChannel("Atlas", { log: true });
  readonly status = new Status(() => this.client);
  readonly results = new Results(() => this.client);
  readonly explorer = new Explorer(() => this.client);

  constructor(private readonly context: ExtensionContext) {
    context.subscriptions.push(this.log, this.status, this.results, this.explorer);
    this.register("atlas.doctor", () => this.doctor());
    this.register("atlas.restart", () => this.restart());
    this.register("atlas.menu", () => this.menu());
    this.register("atlas.chooseModel", () => this.chooseModel());
    this.register("atlas.firstProof", () => this.firstProof());
    this.register("atlas.fixFailing", () => this.fixFailing());
    this.register("atlas.copyInstall", () => this.copyInstall());
    this.register("atlas.manageTrust", () => commands.executeCommand("workbench.trust.manage"));
    this.register("atlas.log", () => {
      this.log.show();
    });
    context.subscriptions.push(
      workspace.onDidGrantWorkspaceTrust(() => this.restart()),
      workspace.onDidChangeConfiguration((event) => {
        if (AT_START.some((name) => event.affectsConfiguration(name))) void this.restart();
      }),
    );
  }

  // --- the server -----------------------------------------------------------------------------

  /** One start or stop at a time. */
  restart(): Promise<void> {
    this.starting = this.starting.then(async () => {
      await this.stop();
      await this.start();
    });
    return this.starting;
  }

  async stop(): Promise<void> {
    const old = this.client;
    this.client = undefined;
    this.status.up(false, workspace.isTrusted);
    if (old?.state === State.Running) await old.stop();
    await old?.dispose();
  }

  private async start(): Promise<void> {
    this.server = await findServer();
    if (!this.server) {
      this.missing();
      return;
    }
    const client = makeClient(this.context, this.server, this.log, this);
    client.onNotification("atlas/finished", (one: Finished) => void this.results.finished(one));
    client.onNotification("atlas/proposed", (one: Proposed) => {
      this.explorer.proposed(one);
      void this.results.proposed(one);
    });
    client.onNotification("atlas/failed", (one: Failed) => void this.results.failed(one));
    client.onDidChangeState(({ newState }) => {
      if (client === this.client) this.status.up(newState === State.Running, workspace.isTrusted);
    });
    this.client = client;
    try {
      await client.start();
      this.handshake(client);
    } catch (error) {
      this.log.error(String(error));
      this.told(`${this.server.path} does not start as a language server`);
    }
  }

  private missing(): void {
    const text = "Atlas: the server `atlas-lsp` is not installed.";
    void window.showWarningMessage(text, "Copy Install Command", "Log").then((taken) => {
      if (taken === "Copy Install Command") void this.copyInstall();
      if (taken === "Log") this.log.show();
    });
    this.log.warn(`no atlas-lsp in the Python environment, ~/.local/bin or PATH; ${INSTALL}`);
  }

  private handshake(client: LanguageClient): void {
    const theirs = client.initializeResult?.serverInfo?.version ?? "";
    const ours = (this.context.extension.packageJSON as { version: string }).version;
    const minor = (version: string): string => version.split(".").slice(0, 2).join(".");
    if (minor(theirs) !== minor(ours)) {
      this.told(`this extension is ${ours}, the server ${theirs || "of an unknown version"}; update the older one`);
    }
  }

  private told(what: string, ...buttons: ("Doctor" | "Log")[]): void {
    void window.showWarningMessage(`Atlas: ${what}.`, ...(buttons.length ? buttons : ["Doctor", "Log"])).then((taken) => {
      if (taken === "Doctor") void this.doctor();
      if (taken === "Log") this.log.show();
    });
  }

  // --- what the server sends --------------------------------------------------------------------

  progress: Hooks["progress"] = (token, value) => {
    this.status.progress(token, value);
  };

  crashed(givenUp: boolean): void {
    this.told(givenUp ? "the server ended five times; it is not started again" : "the server ended and is started again; what it had finished comes back from its history");
  }

  /** Commands without arguments are about the function at the cursor, or the diff that is shown. */
  async command(name: string, args: unknown[], next: (args: unknown[]) => Promise<unknown>): Promise<unknown> {
    // Menus of editor titles hand over the file that is shown there.
    const shown = args[0] instanceof Uri ? args[0] : window.activeTextEditor?.document.uri;
    const given = typeof args[0] === "string" ? args : [];
    if (name === "atlas.check") return next(given.length ? given : [shown?.toString() ?? ""]);
    if (!ON_FUNCTION.has(name)) return next(given);
    const key = given.length >= 2 ? { uri: String(given[0]), name: String(given[1]) } : (keyOf(shown) ?? (await this.here()));
    if (!key) {
      void window.showInformationMessage("Atlas: put the cursor in a function.");
      return undefined;
    }
    if (name === "atlas.apply") return this.results.apply(key);
    if (name === "atlas.diff") return this.results.diff(key);
    if (name === "atlas.evidence") return this.results.evidence(key);
    if (name === "atlas.discard") return this.results.discard(key);
    if (name === "atlas.again") return this.results.again(key);
    return next([key.uri, key.name, ...given.slice(2)]);
  }

  private async here(): Promise<{ uri: string; name: string } | undefined> {
    const editor = window.activeTextEditor;
    if (!editor || !this.client) return undefined;
    const uri = this.client.code2ProtocolConverter.asUri(editor.document.uri);
    const { line, character } = editor.selection.active;
    const name = await ask<string | null>(this.client, "atlas.functionAt", uri, line, character);
    return name ? { uri, name } : undefined;
  }

  // --- commands of our own ----------------------------------------------------------------------

  async doctor(): Promise<void> {
    if (!this.server) {
      this.missing();
      return;
    }
    const checks = await this.examined(this.server);
    const bad = checks.filter((one) => !one.ok);
    for (const one of checks) this.log.info(`${one.ok ? "ok  " : "FAIL"} ${one.name}: ${one.what} ${one.mend}`);
    if (!bad.length) void window.showInformationMessage("Atlas: everything is there. The log has the details.");
    for (const one of bad) this.told(`${one.name}: ${one.what}; ${one.mend}`, "Log");
  }

  private async examined(server: Found): Promise<Check[]> {
    const title = "Atlas: asking model and Docker";
    const checks = await window.withProgress({ location: { viewId: "workbench.view.extensions" }, title }, () =>
      examine(server.path, userSetting("model")).catch((error: unknown): Check[] => [
        { name: "server", ok: false, what: String(error), mend: "see the log" },
      ]),
    );
    this.status.examined(checks);
    return checks;
  }

  async chooseModel(): Promise<void> {
    const file = "A GGUF file…";
    const other = "An installed name, or the URL of an endpoint…";
    const items: QuickPickItem[] = [
      { label: "nano", description: "embedded: small, works everywhere" },
      { label: file },
      { label: other },
    ];
    const taken = await window.showQuickPick(items, { title: `Atlas: the model is ${userSetting("model") ?? "nano"}` });
    let model: string | undefined = taken?.label;
    if (model === file) model = (await window.showOpenDialog({ filters: { GGUF: ["gguf"] } }))?.[0]?.fsPath;
    if (model === other) model = await window.showInputBox({ prompt: "`atlas model list` shows what is installed" });
    if (model) await workspace.getConfiguration("atlas").update("model", model, true);
  }

  private async menu(): Promise<void> {
    const waiting = (await this.waiting()) ?? [];
    const items: (QuickPickItem & { run?: () => unknown })[] = [
      ...this.status.titles.map((label) => ({ label: `$(sync~spin) ${label}`, description: "stop, keep the best", run: () => ask(this.client, "atlas.stop") })),
      ...waiting.map((one) => ({ label: `$(${one.isGood ? "pass" : "question"}) ${one.headline}`, description: "waits", run: () => (one.question ? this.results.choose(one) : this.results.diff(one)) })),
      { label: "$(heart) Doctor", description: "say what is missing", run: () => this.doctor() },
      { label: "$(chip) Model", description: userSetting("model") ?? "nano", run: () => this.chooseModel() },
      { label: "$(gear) Settings", run: () => commands.executeCommand("workbench.action.openSettings", "@ext:atlas-lsp.atlas-lsp") },
      { label: "$(debug-restart) Restart the server", run: () => this.restart() },
      { label: "$(output) Log", run: () => { this.log.show(); } },
    ];
    const taken = await window.showQuickPick(items, { title: "Atlas" });
    await taken?.run?.();
  }

  private async waiting(): Promise<Finished[] | undefined> {
    return this.client?.state === State.Running ? ask<Finished[]>(this.client, "atlas.results") : undefined;
  }

  private async firstProof(): Promise<void> {
    const source = Uri.joinPath(this.context.extensionUri, "media", "examples", "first.py");
    await mkdir(this.context.globalStorageUri.fsPath, { recursive: true });
    const copy = Uri.joinPath(this.context.globalStorageUri, "first.py");
    await copyFile(source.fsPath, copy.fsPath);
    await window.showTextDocument(copy);
  }

  /** Repair each function of the file whose examples fail. */
  private async fixFailing(): Promise<void> {
    const uri = window.activeTextEditor?.document.uri.toString();
    if (!uri) return;
    const found = await ask<{ name: string; passed: number; total: number }[] | { error: string }>(this.client, "atlas.examples", uri);
    if (!found || "error" in found) {
      this.told(found?.error ?? "the server does not answer");
      return;
    }
    const failing = found.filter((one) => one.passed < one.total);
    if (!failing.length) void window.showInformationMessage("Atlas: every example and test of this file passes.");
    for (const one of failing) await ask(this.client, "atlas.repair", uri, one.name);
  }

  private async copyInstall(): Promise<void> {
    await env.clipboard.writeText(INSTALL);
    void window.showInformationMessage(`Atlas: copied \`${INSTALL}\`; run it in a terminal, then restart the server.`, "Restart").then((taken) => {
      if (taken) void this.restart();
    });
  }

  private register(name: string, run: () => unknown): void {
    this.context.subscriptions.push(commands.registerCommand(name, run));
  }
}

let atlas: Atlas | undefined;

export function activate(context: ExtensionContext): Promise<void> {
  atlas = new Atlas(context);
  return atlas.restart();
}

export async function deactivate(): Promise<void> {
  await atlas?.stop();
}

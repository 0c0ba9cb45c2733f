// The language client: starts the server, says what this extension can do, hands things over.
import { homedir } from "node:os";
import { ExtensionContext, LogOutputChannel, Uri, window, workspace } from "vscode";
import {
  ClientCapabilities,
  CloseAction,
  CloseHandlerResult,
  ConfigurationParams,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  LanguageClientOptions,
  ProgressToken,
  RevealOutputChannelOn,
  ServerOptions,
  State,
  StaticFeature,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { Found, userSetting } from "./find";

const MOST_RESTARTS = 5;
const WITHIN_MS = 180_000;

export type Progress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

export interface Hooks {
  progress(token: ProgressToken, value: Progress): void;
  command(name: string, args: unknown[], next: (args: unknown[]) => Promise<unknown>): Promise<unknown>;
  crashed(givenUp: boolean): void;
}

/** Says that this extension shows results itself. A capability, because settings may be a repository's. */
class Manners implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const known = capabilities.experimental as object | undefined;
    const atlas = { refusesStaleEdits: true, asksBesideTheText: true, takesResults: true };
    capabilities.experimental = { ...known, atlas };
  }
  initialize(): void {
    // Nothing is registered for it.
  }
  getState(): { kind: "static" } {
    return { kind: "static" };
  }
  clear(): void {
    // Nothing is kept.
  }
}

export function makeClient(
  context: ExtensionContext,
  server: Found,
  log: LogOutputChannel,
  hooks: Hooks,
): LanguageClient {
  const client = new LanguageClient("atlas", "Atlas", serverOptions(server), {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
      { scheme: "vscode-notebook-cell", language: "python" },
    ],
    initializationOptions: startOptions(),
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: (error) => {
      log.error(String(error));
      return false;
    },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: restarts(hooks),
    },
    middleware: middleware(context, hooks),
  } satisfies LanguageClientOptions);
  client.registerFeature(new Manners());
  context.subscriptions.push(
    client.onDidChangeState(({ newState }) => {
      log.info(`server ${State[newState]} (${server.path}, from ${server.from})`);
    }),
  );
  return client;
}

function serverOptions(server: Found): ServerOptions {
  const sandbox = userSetting("sandbox");
  const args = sandbox === "unsafe-local" ? ["--sandbox", sandbox] : [];
  // Not in the folder: what lies there must not be found by a Python that starts.
  return { command: server.path, args, options: { cwd: homedir() } };
}

/** What only the user may say, and only at the start. */
function startOptions(): Record<string, unknown> {
  const config = workspace.getConfiguration("atlas");
  const found: Record<string, unknown> = { trusted: workspace.isTrusted };
  for (const name of ["model", "containerRuntime", "idleUnload", "apply"]) {
    const value = config.inspect(name)?.globalValue;
    if (value !== undefined && value !== "") found[name] = value;
  }
  return found;
}

/** The settings that a folder may have an opinion on, by our own manifest. */
function folderSettings(context: ExtensionContext): string[] {
  const manifest = context.extension.packageJSON as {
    contributes: { configuration: { properties: Record<string, { scope: string }> } };
  };
  const properties = Object.entries(manifest.contributes.configuration.properties);
  return properties.filter(([, one]) => one.scope === "resource").map(([name]) => name.slice("atlas.".length));
}

/** Only what somebody set: a default must not win over the project's own file.
 * The user's own `apply` goes with the start: in here it could not be told from a repository's.
 */
function settingsOf(names: readonly string[], scope: string | undefined): Record<string, unknown> {
  const config = workspace.getConfiguration("atlas", scope ? Uri.parse(scope) : null);
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const said = config.inspect(name);
    const users = name === "apply" ? undefined : said?.globalValue;
    const value = said?.workspaceFolderValue ?? said?.workspaceValue ?? users;
    if (value !== undefined) found[name] = value;
  }
  // The interpreter that was chosen for the folder, where Atlas was told of no other.
  const python = workspace.getConfiguration("python", scope ? Uri.parse(scope) : null);
  const chosen = python.get<string>("defaultInterpreterPath") ?? python.get<string>("pythonPath");
  if (names.includes("python") && !found["python"] && chosen && chosen !== "python") found["python"] = chosen;
  return found;
}

function middleware(context: ExtensionContext, hooks: Hooks): LanguageClientOptions["middleware"] {
  const names = folderSettings(context);
  return {
    workspace: {
      configuration: (params: ConfigurationParams) =>
        params.items.map((item) =>
          item.section === "atlas" ? settingsOf(names, item.scopeUri) : null,
        ),
    },
    handleWorkDoneProgress: (token, value) => {
      hooks.progress(token, value);
    },
    executeCommand: (name, args, next) =>
      hooks.command(name, args, (given) => Promise.resolve(next(name, given))),
  };
}

function restarts(hooks: Hooks): () => CloseHandlerResult {
  const times: number[] = [];
  return () => {
    const now = Date.now();
    times.push(now);
    const givenUp = times.filter((one) => now - one < WITHIN_MS).length >= MOST_RESTARTS;
    hooks.crashed(givenUp);
    return { action: givenUp ? CloseAction.DoNotRestart : CloseAction.Restart, handled: true };
  };
}

/** Ask the server for one of its commands; what goes wrong is told, and is undefined. */
export async function ask<T>(
  client: LanguageClient | undefined,
  command: string,
  ...args: unknown[]
): Promise<T | undefined> {
  if (client?.state !== State.Running) {
    void window.showWarningMessage("Atlas: the server is not running.", "Doctor");
    return undefined;
  }
  const answer: unknown = await client.sendRequest(ExecuteCommandRequest.type, {
    command,
    arguments: args,
  });
  return answer as T;
}

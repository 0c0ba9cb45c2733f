// Where `atlas-lsp` is: the setting, the active Python environment, an environment of its own, PATH.
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { extensions, Uri, workspace } from "vscode";

export const INSTALL = "pipx install atlas-lsp";
const NAME = process.platform === "win32" ? "atlas-lsp.exe" : "atlas-lsp";

export interface Found {
  readonly path: string;
  readonly from: string;
}

/** The server, or undefined. What belongs to the folder is only taken from a trusted one. */
export async function findServer(): Promise<Found | undefined> {
  const named = userSetting("path");
  if (named) return { path: named, from: "the setting atlas.path" };
  const places: [string, string][] = [];
  if (workspace.isTrusted) {
    for (const folder of await environments()) places.push([folder, "the Python environment"]);
  }
  places.push([join(homedir(), ".local", "bin"), "pipx or uv tool"]);
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)) {
    places.push([folder, "PATH"]);
  }
  for (const [folder, from] of places) {
    const path = join(folder, NAME);
    if (await canRun(path)) return { path, from };
  }
  return undefined;
}

/** A machine setting as the user has it; a workspace's word is never asked for. */
export function userSetting(name: string): string | undefined {
  const said = workspace.getConfiguration("atlas").inspect<string>(name)?.globalValue;
  return typeof said === "string" && said !== "" ? said : undefined;
}

async function environments(): Promise<string[]> {
  const folders = (workspace.workspaceFolders ?? []).filter((one) => one.uri.scheme === "file");
  const found = await activePython(folders[0]?.uri);
  if (process.env.VIRTUAL_ENV) found.push(join(process.env.VIRTUAL_ENV, bin()));
  for (const folder of folders) found.push(join(folder.uri.fsPath, ".venv", bin()));
  return found;
}

interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
    resolveEnvironment(path: { readonly path: string }): Promise<{
      readonly executable: { readonly uri?: Uri };
    } | undefined>;
  };
}

/** The Python extension is asked where it is there, and not missed where it is not. */
async function activePython(resource: Uri | undefined): Promise<string[]> {
  const python = extensions.getExtension<PythonApi>("ms-python.python");
  if (!python) return [];
  try {
    const api = python.isActive ? python.exports : await python.activate();
    const active = api.environments.getActiveEnvironmentPath(resource);
    const executable = (await api.environments.resolveEnvironment(active))?.executable.uri;
    return executable ? [dirname(executable.fsPath)] : [];
  } catch {
    return [];
  }
}

function bin(): string {
  return process.platform === "win32" ? "Scripts" : "bin";
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly what: string;
  readonly mend: string;
}

/** What `atlas-lsp --check --json` says: loads the model, asks Docker. */
export async function examine(server: string, model: string | undefined): Promise<Check[]> {
  const args = ["--check", "--json", ...(model ? ["--model", model] : [])];
  const run = promisify(execFile);
  const options = { cwd: homedir(), timeout: 120_000 };
  const out = await run(server, args, options).then(
    (done) => done.stdout,
    // Exit 3 means that something is missing: the report is there all the same.
    (failed: unknown) => (failed as { stdout?: string }).stdout ?? "",
  );
  return JSON.parse(out) as Check[];
}

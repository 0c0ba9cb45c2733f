// Results: told with buttons, shown as a read-only diff and as a page of evidence, applied or not.
import {
  commands,
  Disposable,
  EventEmitter,
  TabInputTextDiff,
  TextDocumentContentProvider,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { ask } from "./client";
import { setContext } from "./status";

export const PROPOSAL = "atlas-proposal";
export const EVIDENCE = "atlas-evidence";

export interface Finished {
  readonly uri: string;
  readonly name: string;
  readonly headline: string;
  readonly status: string;
  readonly isGood: boolean;
  readonly hasEdit: boolean;
  readonly isApplied?: boolean;
  readonly limit: string | null;
  readonly apply: "ask" | "auto" | "offer";
  readonly question: { readonly call: string; readonly outputs: readonly string[] } | null;
}

export interface Proposed {
  readonly uri: string;
  readonly name: string;
  readonly headline: string;
  readonly tests: readonly { readonly name: string; readonly source: string }[];
  readonly questions: readonly string[];
}

export interface Failed {
  readonly uri: string;
  readonly name: string;
  readonly command: string;
  readonly why: string;
}

interface Key {
  readonly uri: string;
  readonly name: string;
}

const NEITHER = "Neither";
const MORE_TIME = "Again with More Time";

/** Read-only pages made by the server, found by the function that they are about. */
export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;
  private readonly texts = new Map<string, string>();

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  put(scheme: string, key: Key, suffix: string, text: string): Uri {
    const file = key.name.replace(/\W+/g, "_") + suffix;
    const uri = Uri.from({ scheme, path: `/${file}`, query: JSON.stringify([key.uri, key.name]) });
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.changed.dispose();
  }
}

export function keyOf(uri: Uri | undefined): Key | undefined {
  if (uri?.scheme !== PROPOSAL && uri?.scheme !== EVIDENCE) return undefined;
  const [where, name] = JSON.parse(uri.query) as [string, string];
  return { uri: where, name };
}

export class Results implements Disposable {
  private readonly pages = new Pages();
  private readonly subscriptions: { dispose(): unknown }[] = [
    this.pages,
    workspace.registerTextDocumentContentProvider(PROPOSAL, this.pages),
    workspace.registerTextDocumentContentProvider(EVIDENCE, this.pages),
  ];

  constructor(private readonly client: () => LanguageClient | undefined) {}

  dispose(): void {
    for (const one of this.subscriptions) one.dispose();
  }

  /** One toast with what can be done now; whoever does not answer finds it in the menu. */
  async finished(one: Finished): Promise<void> {
    const config = workspace.getConfiguration("atlas", Uri.parse(one.uri));
    if (one.isGood && config.get("ghostText")) {
      // VS Code asks for ghost text when one types; here something new is there.
      void commands.executeCommand("editor.action.inlineSuggest.trigger");
    }
    if (one.isApplied) {
      setContext("atlas.firstProofDone", true);
      return this.offer(`Applied. ${one.headline}`, one, ["Evidence"]);
    }
    if (one.question) return this.offer(`${one.headline}. Candidates differ.`, one, ["Choose…", "Evidence"]);
    if (one.limit !== null) return this.offer(`${one.headline}. ${one.limit}`, one, [MORE_TIME, ...(one.hasEdit ? ["Show Diff"] : []), "Evidence"]);
    if (!one.hasEdit) return this.offer(one.headline, one, ["Evidence", "Again"]);
    if (!one.isGood) return this.offer(one.headline, one, ["Show Diff", "Evidence", "Again"]);
    if (one.apply === "offer") return this.offer(one.headline, one, ["Show Diff", "Evidence"]);
    return this.offer(one.headline, one, ["Apply", "Show Diff", "Evidence"]);
  }

  async proposed(one: Proposed): Promise<void> {
    for (const question of one.questions) {
      void window.showWarningMessage(`Atlas: ${one.name}: ${question}`);
    }
    if (!one.tests.length) {
      void window.showInformationMessage(`Atlas: ${one.headline}`);
      return;
    }
    const taken = await window.showInformationMessage(`Atlas: ${one.headline}`, "Add Tests", "Show Tests");
    if (taken === "Add Tests") await this.addTests(one);
    if (taken === "Show Tests") {
      const text = one.tests.map((test) => `# ${test.name}\n${test.source}`).join("\n\n");
      const page = this.pages.put(PROPOSAL, one, "_tests.py", text);
      await window.showTextDocument(page, { preview: true, viewColumn: ViewColumn.Beside });
    }
  }

  /** Nothing came out, and not for the code's sake. */
  async failed(one: Failed): Promise<void> {
    const taken = await window.showErrorMessage(`Atlas: ${one.name}: ${one.why}`, "Again", "Doctor");
    if (taken === "Again") await ask(this.client(), one.command, one.uri, one.name);
    if (taken === "Doctor") await commands.executeCommand("atlas.doctor");
  }

  async addTests(key: Key): Promise<void> {
    if ((await ask<boolean>(this.client(), "atlas.addTests", key.uri, key.name)) === false) {
      void window.showWarningMessage("Atlas: the file changed; generate the tests again.");
    }
  }

  async apply(key: Key): Promise<void> {
    const there = await ask<boolean>(this.client(), "atlas.apply", key.uri, key.name);
    if (there === false) void window.showInformationMessage(`Atlas: nothing waits for ${key.name}.`);
    if (there) {
      await this.closeDiff(key);
      setContext("atlas.firstProofDone", true);
    }
  }

  async diff(key: Key): Promise<void> {
    const found = await ask<{ text?: string; why?: string; headline?: string }>(
      this.client(),
      "atlas.proposal",
      key.uri,
      key.name,
    );
    if (found?.text === undefined) {
      if (found) void window.showInformationMessage(`Atlas: ${found.why ?? "nothing to show"}`);
      return;
    }
    const proposal = this.pages.put(PROPOSAL, key, ".py", found.text);
    await commands.executeCommand("vscode.diff", Uri.parse(key.uri), proposal, `Atlas: ${found.headline ?? key.name}`, { preview: false });
  }

  async evidence(key: Key): Promise<void> {
    const found = await ask<{ document: string | null; markdown: string } | null>(
      this.client(),
      "atlas.result",
      key.uri,
      key.name,
    );
    if (!found) {
      if (found === null) void window.showInformationMessage(`Atlas: there is no evidence on ${key.name}; solve it first.`);
      return;
    }
    const page = this.pages.put(EVIDENCE, key, ".md", found.document ?? found.markdown);
    await commands.executeCommand("markdown.showPreviewToSide", page);
  }

  async discard(key: Key): Promise<void> {
    await ask(this.client(), "atlas.discard", key.uri, key.name);
    await this.closeDiff(key);
  }

  async again(key: Key, moreTime = false): Promise<void> {
    await this.closeDiff(key);
    await ask(this.client(), "atlas.again", key.uri, key.name, moreTime);
  }

  async choose(one: Finished): Promise<void> {
    if (!one.question) return;
    const { outputs } = one.question;
    const title = `Atlas: which is right for ${one.question.call}?`;
    const items = [
      ...outputs.map((output) => ({ label: output, description: "this is right", output })),
      { label: NEITHER, description: "both candidates are wrong", output: undefined },
    ];
    const taken = await window.showQuickPick(items, { title, placeHolder: "The answer becomes an example in the docstring." });
    if (!taken) return;
    const answer = taken.output === undefined ? [] : [taken.output];
    await ask(this.client(), "atlas.answer", one.uri, one.name, ...answer);
  }

  async act(what: string | undefined, one: Finished): Promise<void> {
    if (what === "Apply") await this.apply(one);
    else if (what === "Show Diff") await this.diff(one);
    else if (what === "Evidence") await this.evidence(one);
    else if (what === "Again") await this.again(one);
    else if (what === MORE_TIME) await this.again(one, true);
    else if (what === "Choose…") await this.choose(one);
    else if (what === "Discard") await this.discard(one);
  }

  private async offer(text: string, one: Finished, buttons: string[]): Promise<void> {
    await this.act(await window.showInformationMessage(`Atlas: ${text}`, ...buttons), one);
  }

  private async closeDiff(key: Key): Promise<void> {
    const wanted = JSON.stringify([key.uri, key.name]);
    const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
    const ours = tabs.filter(
      ({ input }) => input instanceof TabInputTextDiff && input.modified.scheme === PROPOSAL && input.modified.query === wanted,
    );
    if (ours.length) await window.tabGroups.close(ours);
  }
}

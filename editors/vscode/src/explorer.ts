// The examples of open Python files and the project's tests of them in the Test Explorer, run in the sandbox.
import { posix } from "node:path";
import {
  CancellationToken,
  Disposable,
  Location,
  Position,
  Range,
  TestItem,
  TestMessage,
  TestRunProfileKind,
  TestRunRequest,
  tests,
  TextDocument,
  Uri,
  workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { ask } from "./client";
import type { Proposed } from "./results";

interface Example {
  readonly name: string;
  readonly line: number;
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly { readonly message: string; readonly line: number }[];
  /** Of the project, those that enter the function. */
  readonly tests: readonly { readonly name: string; readonly passed: boolean; readonly message: string }[];
}

export class Explorer implements Disposable {
  private readonly controller = tests.createTestController("atlas", "Atlas: examples and tests");
  private readonly subscriptions: { dispose(): unknown }[] = [];

  constructor(private readonly client: () => LanguageClient | undefined) {
    this.controller.createRunProfile(
      "Run in the sandbox",
      TestRunProfileKind.Run,
      (request, token) => this.run(request, token),
      true,
    );
    this.subscriptions.push(
      this.controller,
      workspace.onDidOpenTextDocument((one) => {
        this.found(one);
      }),
      workspace.onDidChangeTextDocument((event) => {
        this.found(event.document);
      }),
      workspace.onDidCloseTextDocument((one) => {
        this.controller.items.delete(one.uri.toString());
      }),
    );
    for (const one of workspace.textDocuments) this.found(one);
  }

  dispose(): void {
    for (const one of this.subscriptions) one.dispose();
  }

  /** Generated tests stand below their function until they are taken or made anew. */
  proposed(one: Proposed): void {
    const uri = Uri.parse(one.uri);
    const file = this.controller.items.get(one.uri);
    if (!file) return;
    const parent = file.children.get(one.name) ?? this.child(file, one.name, 0);
    parent.children.replace(
      one.tests.map((test, n) => {
        const item = this.controller.createTestItem(`${one.name}/new ${n}`, `new: ${test.name}`, uri);
        item.description = test.source.trim().split("\n")[0] ?? "";
        if (parent.range) item.range = parent.range;
        return item;
      }),
    );
  }

  /** A file that has functions is shown; which of them have examples or tests is the server's to say. */
  private found(document: TextDocument): void {
    const id = document.uri.toString();
    const wanted = document.languageId === "python" && document.uri.scheme === "file" && />>>|^\s*(async )?def /m.test(document.getText());
    if (!wanted) this.controller.items.delete(id);
    else if (!this.controller.items.get(id)) {
      const isOurs = workspace.getWorkspaceFolder(document.uri) !== undefined;
      const label = isOurs ? workspace.asRelativePath(document.uri) : posix.basename(document.uri.path);
      this.controller.items.add(this.controller.createTestItem(id, label, document.uri));
    }
  }

  private child(file: TestItem, name: string, line: number): TestItem {
    const item = file.children.get(name) ?? this.controller.createTestItem(name, name, file.uri);
    item.range = new Range(line, 0, line, 0);
    file.children.add(item);
    return item;
  }

  private async run(request: TestRunRequest, token: CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    const files = new Set<TestItem>();
    for (const one of request.include ?? [...this.controller.items].map(([, item]) => item)) {
      files.add(fileOf(one));
    }
    for (const file of files) {
      if (token.isCancellationRequested) break;
      run.started(file);
      const found = await ask<Example[] | { error: string }>(this.client(), "atlas.examples", file.id);
      if (!found || "error" in found) run.errored(file, new TestMessage(found?.error ?? "the server does not answer"));
      else for (const one of found) this.tell(run, file, one);
    }
    run.end();
  }

  private tell(run: ReturnType<typeof this.controller.createTestRun>, file: TestItem, one: Example): void {
    const item = this.child(file, one.name, one.line);
    const messages = one.failures.map(({ message, line }) => {
      const told = new TestMessage(message);
      if (file.uri) told.location = new Location(file.uri, new Position(line, 0));
      return told;
    });
    run.appendOutput(`${one.name}: ${one.passed} of ${one.total} pass\r\n`, undefined, item);
    for (const test of one.tests) {
      const [path = "", ...names] = test.name.split("::");
      const below = this.controller.createTestItem(`${one.name}/${test.name}`, names.join("::") || path, file.uri);
      below.description = path;
      if (item.range) below.range = item.range;
      item.children.add(below);
      const told = new TestMessage(test.message);
      if (file.uri && item.range) told.location = new Location(file.uri, item.range);
      if (test.passed) run.passed(below);
      else run.failed(below, told);
    }
    if (messages.length) run.failed(item, messages);
    else if (one.passed === one.total) run.passed(item);
  }
}

function fileOf(item: TestItem): TestItem {
  let top = item;
  while (top.parent) top = top.parent;
  return top;
}

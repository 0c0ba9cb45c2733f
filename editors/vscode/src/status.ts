// What one sees while it works: a notification with a Cancel, and one item in the status bar.
import {
  commands,
  Disposable,
  MarkdownString,
  Progress as Reporter,
  ProgressLocation,
  StatusBarAlignment,
  ThemeColor,
  window,
} from "vscode";
import { ProgressToken, WorkDoneProgressCancelNotification } from "vscode-languageclient/node";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Check } from "./find";
import type { Progress } from "./client";

interface Running {
  readonly title: string;
  message: string;
  percentage: number;
  reporter?: Reporter<{ message?: string; increment?: number }>;
  end(): void;
}

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem("atlas.status", StatusBarAlignment.Right, 90);
  private readonly running = new Map<ProgressToken, Running>();
  private problems: readonly Check[] = [];
  private isUp = false;
  private isTrusted = true;

  constructor(private readonly client: () => LanguageClient | undefined) {
    this.item.name = "Atlas";
    this.item.command = "atlas.menu";
    this.draw();
    this.item.show();
  }

  up(isUp: boolean, isTrusted: boolean): void {
    this.isUp = isUp;
    this.isTrusted = isTrusted;
    if (!isUp) for (const token of [...this.running.keys()]) this.forget(token);
    void commands.executeCommand("setContext", "atlas.running", isUp);
    this.draw();
  }

  /** What the doctor found; the first that is missing is named. */
  examined(checks: readonly Check[]): void {
    this.problems = checks.filter((one) => !one.ok);
    const isFine = (...names: string[]): boolean =>
      checks.some((one) => names.includes(one.name)) && !this.problems.some((one) => names.includes(one.name));
    setContext("atlas.hasServer", this.isUp);
    setContext("atlas.hasModel", isFine("model"));
    setContext("atlas.hasDocker", isFine("docker", "engine", "image"));
    this.draw();
  }

  progress(token: ProgressToken, value: Progress): void {
    if (value.kind === "begin") this.begin(token, value.title, value.message ?? "");
    else if (value.kind === "report") this.report(token, value.message, value.percentage);
    else this.forget(token);
    this.draw();
  }

  get titles(): string[] {
    return [...this.running.values()].map((one) => `${one.title}: ${one.message}`);
  }

  dispose(): void {
    for (const token of [...this.running.keys()]) this.forget(token);
    this.item.dispose();
  }

  private begin(token: ProgressToken, title: string, message: string): void {
    const ended = new Promise<void>((resolve) => {
      this.running.set(token, { title, message, percentage: 0, end: resolve });
    });
    void window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      (reporter, cancelled) => {
        const job = this.running.get(token);
        if (job) job.reporter = reporter;
        reporter.report({ message });
        cancelled.onCancellationRequested(() => {
          void this.client()?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
        });
        return ended;
      },
    );
  }

  private report(token: ProgressToken, message = "", percentage?: number): void {
    const job = this.running.get(token);
    if (!job) return;
    job.message = message;
    const increment = percentage === undefined ? undefined : Math.max(0, percentage - job.percentage);
    job.percentage = percentage ?? job.percentage;
    job.reporter?.report(increment === undefined ? { message } : { message, increment });
  }

  private forget(token: ProgressToken): void {
    this.running.get(token)?.end();
    this.running.delete(token);
  }

  private draw(): void {
    const [job] = this.running.values();
    const [problem] = this.problems;
    this.item.backgroundColor = undefined;
    if (job) {
      const stage = (job.message.split(":")[0] ?? "").replace(/_/g, " ");
      const more = this.running.size > 1 ? ` +${this.running.size - 1}` : "";
      this.item.text = `$(sync~spin) Atlas: ${stage || "starting"}${more}`;
    } else if (!this.isUp) this.item.text = "$(circle-slash) Atlas";
    else if (!this.isTrusted) this.item.text = "$(shield) Atlas";
    else if (problem) {
      this.item.text = `$(warning) Atlas: ${problem.name}`;
      this.item.backgroundColor = new ThemeColor("statusBarItem.warningBackground");
    } else this.item.text = "$(beaker) Atlas";
    this.item.tooltip = new MarkdownString(this.tooltip());
  }

  private tooltip(): string {
    if (this.running.size) return this.titles.join("\n\n");
    if (!this.isUp) return "Atlas: the server is not running. Click for the doctor.";
    if (!this.isTrusted) return "Atlas: this folder is not trusted, so nothing is run.";
    const missing = this.problems.map((one) => `**${one.name}**: ${one.what}\n\n${one.mend}`);
    return missing.length ? missing.join("\n\n") : "Atlas is ready.";
  }
}

/** Off and on again: a walkthrough that was opened later only hears of changes. */
export function setContext(name: string, value: boolean): void {
  if (value) void commands.executeCommand("setContext", name, false);
  void commands.executeCommand("setContext", name, value);
}

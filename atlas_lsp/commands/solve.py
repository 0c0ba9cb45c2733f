"""`atlas solve` and `atlas repair`: one function, or those of files and folders."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import (
    add_common,
    add_judges,
    add_pipeline,
    has_color,
    judges_of,
    note,
    print_json,
    progress,
    settings_of,
)
from atlas_lsp.commands.targets import FileTarget, add_targets, is_one_function, targets
from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK, USAGE, Stopped, error_json

if TYPE_CHECKING:
    from pipeline.core.events import Emit
    from pipeline.core.task import Solution
    from pipeline.job import JobResult
    from pipeline.source.locate import FunctionSite
    from pipeline.syntax.text import Document
    from pipeline.wiring import Runtime

VERBS = {
    "solve": "write the body of a function so that its examples hold",
    "repair": "fix a function that fails its examples",
}
NANO_IS_SMALL = (
    "nano is a demonstration and knows little; `atlas init` sets up a real model, "
    "`--model` names one"
)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for verb, text in VERBS.items():
        parser = subparsers.add_parser(verb, help=text, description=text)
        add_targets(parser)
        parser.add_argument(
            "--apply", action="store_true", help="write a good solution to the file"
        )
        parser.add_argument("--trace", type=Path, metavar="FILE", help="write every event as JSONL")
        add_judges(parser)
        add_common(parser)
        add_pipeline(parser)
        parser.set_defaults(run=run, verb=verb)


@dataclass(frozen=True, kw_only=True)
class FunctionOutcome:
    """What came of one function."""

    path: Path
    name: str
    word: str
    """Its status, `already right` or `error`."""
    code: int
    report: dict[str, object]
    lines: tuple[str, ...]
    """For people."""
    diff: str = ""
    is_written: bool = False

    @property
    def place(self) -> str:
        return f"{self.path.as_posix()}::{self.name}"

    def as_json(self) -> dict[str, object]:
        return {**self.report, "file": self.path.as_posix(), "written": self.is_written}


def run(args: argparse.Namespace) -> int:
    found = targets(args.targets, lambda site: is_wanted(args.verb, site))
    if not found:
        note(f"no function to {args.verb} in {', '.join(args.targets)}")
    done: list[FunctionOutcome] = []
    try:
        if found:
            asyncio.run(_run(args, found, done))
    except KeyboardInterrupt:
        n_written = sum(one.is_written for one in done)
        if not n_written:
            raise
        said = f"stopped; {n_written} functions were written, the same command goes on"
        raise Stopped(said) from None
    if not is_one_function(args.targets):
        _conclude(args, done)
    elif args.json:
        print_json(done[0].as_json())
    return max((one.code for one in done), default=OK)


def is_wanted(verb: str, site: FunctionSite) -> bool:
    """Which functions of a whole file: the stubs, or those with examples to hold."""
    if verb == "solve":
        return site.is_stub and site.docstring is not None
    return not site.is_stub and ">>>" in (site.docstring or "")


async def _run(
    args: argparse.Namespace, found: Sequence[FileTarget], done: list[FunctionOutcome]
) -> None:
    from pipeline.core.events import JsonlTrace, ignore

    async with AsyncExitStack() as stack:
        trace = stack.enter_context(JsonlTrace(args.trace)) if args.trace else ignore
        up = await opened(stack, args)
        for target in found:
            await _do_file(args, target, up, trace, done)


async def opened(stack: AsyncExitStack, args: argparse.Namespace) -> Runtime:
    """Model and sandbox, until the stack ends; the spinner ends before anything is printed."""
    from pipeline.wiring import runtime

    with progress(verbose=args.verbose):
        opening = runtime(
            model=args.model, sandbox=args.sandbox, container_runtime=args.containerRuntime
        )
        return await stack.enter_async_context(opening)


async def _do_file(
    args: argparse.Namespace,
    target: FileTarget,
    up: Runtime,
    trace: Emit,
    done: list[FunctionOutcome],
) -> None:
    """One function after the other, each in the text that holds what was found before it."""
    from pipeline.models.api import PromptTooLong
    from pipeline.source.edit import unified_diff
    from pipeline.syntax.text import SourceError

    document, several = target.document, not is_one_function(args.targets)
    for name in target.names:
        try:
            outcome, document = await _do(args, replace(target, document=document), name, up, trace)
        except (SourceError, PromptTooLong) as exc:
            if not several:
                raise
            outcome = _failed(target.path, name, str(exc))
        if several:
            print("\n".join(outcome.lines), file=sys.stderr, flush=True)
        done.append(outcome)
    if several and not args.json:
        diff = unified_diff(target.document.text, document.text, document.path)
        show_diff(args, (diff, document.encoding))


async def _do(
    args: argparse.Namespace, target: FileTarget, name: str, up: Runtime, trace: Emit
) -> tuple[FunctionOutcome, Document]:
    """Solve one, write it if that was asked for; and the text with what was found."""
    from pipeline.core.events import fan_out
    from pipeline.job import run_job
    from pipeline.source.locate import find_function

    site = find_function(target.document, name)
    with progress(verbose=args.verbose) as emit:
        both = fan_out(emit, trace)
        result = await run_job(
            up, target.document, site, settings_of(args), emit=both, tests=judges_of(args)
        )
    outcome = _outcome(args, target.path, result)
    if not args.json and is_one_function(args.targets):
        # A person sees the diff before anything is written, also when that fails.
        if outcome.code == OK:
            show_diff(args, (outcome.diff, target.document.encoding))
        elif outcome.diff:
            # Never on stdout: `atlas repair ... | git apply` would take it.
            print(f"{name}: not good enough to be taken unseen:", file=sys.stderr)
            print(outcome.diff, file=sys.stderr)
        print("\n".join(outcome.lines), file=sys.stderr)
    if args.apply:
        outcome = _applied(outcome, result)
    is_kept = result.solution.is_good and result.new_text is not None
    text = result.new_text if is_kept and outcome.word != "error" else None
    return outcome, target.document if text is None else replace(target.document, text=text)


def _outcome(args: argparse.Namespace, path: Path, result: JobResult) -> FunctionOutcome:
    from pipeline.summary import as_json, summary

    solution = result.solution
    notes = tuple(_notes(args, result))
    right = solution.is_right_already
    return FunctionOutcome(
        path=path,
        name=result.site.name,
        word="already right" if right else str(solution.status),
        code=_code(solution, right),
        report=as_json(result) | {"already_right": right, "notes": list(notes)},
        lines=(summary(solution, result.site.name), *(f"  note: {text}" for text in notes)),
        diff=result.diff,
    )


def _code(solution: Solution, is_right: bool) -> int:
    if solution.obstacle:
        return BROKEN
    return OK if solution.is_good or is_right else NOTHING_GOOD


def _failed(path: Path, name: str, said: str) -> FunctionOutcome:
    report = error_json(said, USAGE) | {"function": name}
    lines = (f"{name}: error", f"  {said}")
    return FunctionOutcome(
        path=path, name=name, word="error", code=USAGE, report=report, lines=lines
    )


def _notes(args: argparse.Namespace, result: JobResult) -> Iterator[str]:
    """What whoever typed the command may not know."""
    site, solution = result.site, result.solution
    if args.verb == "repair" and site.is_stub:
        yield f"{site.name} has no body, so it was written, as `atlas solve` does"
    if args.verb == "solve" and not site.is_stub and not solution.is_right_already:
        yield f"{site.name} has a body, so it was mended, as `atlas repair` does"
    if args.model == "nano" and not solution.is_good and not solution.is_right_already:
        yield NANO_IS_SMALL


def _applied(outcome: FunctionOutcome, result: JobResult) -> FunctionOutcome:
    """Write a good result; say why another one was not written."""
    if outcome.code != OK or result.new_text is None:
        print(f"{outcome.path}: not written, {_why_not(outcome)}", file=sys.stderr)
        return outcome
    if failure := write(outcome.path, result):
        code, said = failure
        report = outcome.report | {"error": error_json(said, code)["error"]}
        return replace(outcome, word="error", code=code, report=report)
    print(f"{outcome.path}: written", file=sys.stderr)
    return replace(outcome, is_written=True)


def _why_not(outcome: FunctionOutcome) -> str:
    return "it is right already" if outcome.code == OK else "nothing good enough"


def write(path: Path, result: JobResult) -> tuple[int, str] | None:
    """Write the new text; the exit code and the line of what hindered it."""
    from pipeline.source.write import FileChanged, write_if_unchanged

    assert result.new_text is not None
    to_bytes = result.document.to_bytes
    try:
        write_if_unchanged(path, to_bytes(result.document.text), to_bytes(result.new_text))
    except FileChanged as exc:
        return _said(USAGE, str(exc))
    except OSError as exc:
        return _said(BROKEN, f"{path}: not written: {exc.strerror or exc}")
    return None


def _said(code: int, text: str) -> tuple[int, str]:
    note(text)
    return code, text


def show_diff(args: argparse.Namespace, *diffs: tuple[str, str]) -> None:
    """Diffs, each with its file's encoding, on stdout: its bytes, or coloured where wanted."""
    if has_color(args, os.environ):
        from rich.console import Console
        from rich.syntax import Syntax

        text = "".join(diff for diff, _ in diffs)
        if text:
            shown = Syntax(text, "diff", theme="ansi_dark", background_color="default")
            Console(force_terminal=True).print(shown)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"".join(diff.encode(encoding) for diff, encoding in diffs))
    sys.stdout.flush()


def _conclude(args: argparse.Namespace, done: Sequence[FunctionOutcome]) -> None:
    """After several functions: one document, or one line for each and their number."""
    counts = Counter(one.word for one in done)
    if args.json:
        print_json({"results": [one.as_json() for one in done], "counts": dict(counts)})
        return
    width = max((len(one.word) for one in done), default=0)
    for one in done:
        print(f"{one.word:{width}}  {one.place}", file=sys.stderr)
    if done:
        said = ", ".join(f"{n} {word}" for word, n in counts.most_common())
        print(f"{len(done)} functions: {said}", file=sys.stderr)

"""What came of functions that were to be solved or repaired: told, written, counted."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import has_color, note, print_json
from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK, USAGE, error_json
from pipeline.core.wording import many

if TYPE_CHECKING:
    from pipeline.core.task import Solution
    from pipeline.job import JobResult
    from pipeline.syntax.text import Document

NANO_IS_SMALL = (
    "nano is a demonstration and knows little; `atlas init` sets up a real model, "
    "`--model` names one"
)


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
    new_text: str | None = None
    """The whole file with a good solution."""
    is_written: bool = False
    is_kept: bool = False
    """It was found by an earlier run of the same command."""

    @property
    def place(self) -> str:
        return f"{self.path.as_posix()}::{self.name}"

    def as_json(self) -> dict[str, object]:
        kept = {"kept": True} if self.is_kept else {}
        return {**self.report, "file": self.path.as_posix(), "written": self.is_written, **kept}


def outcome_of(args: argparse.Namespace, path: Path, result: JobResult) -> FunctionOutcome:
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
        new_text=result.new_text if solution.is_good else None,
    )


def _code(solution: Solution, is_right: bool) -> int:
    if solution.obstacle:
        return BROKEN
    return OK if solution.is_good or is_right else NOTHING_GOOD


def failed(path: Path, name: str, said: str) -> FunctionOutcome:
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


def applied(outcome: FunctionOutcome, document: Document) -> FunctionOutcome:
    """Write what was found good in the text of `document`; say why another was not written."""
    if outcome.new_text is None:
        print(f"{outcome.path}: not written, {_why_not(outcome)}", file=sys.stderr)
        return outcome
    if failure := write(outcome.path, document, outcome.new_text):
        code, said = failure
        report = outcome.report | {"error": error_json(said, code)["error"]}
        return replace(outcome, word="error", code=code, report=report)
    print(f"{outcome.path}: written", file=sys.stderr)
    return replace(outcome, is_written=True)


def _why_not(outcome: FunctionOutcome) -> str:
    return "it is right already" if outcome.code == OK else "nothing good enough"


def write(path: Path, document: Document, new_text: str) -> tuple[int, str] | None:
    """Write the new text; the exit code and the line of what hindered it."""
    from pipeline.source.write import FileChanged, write_if_unchanged

    to_bytes = document.to_bytes
    try:
        write_if_unchanged(path, to_bytes(document.text), to_bytes(new_text))
    except FileChanged as exc:
        return _said(USAGE, str(exc))
    except OSError as exc:
        return _said(BROKEN, f"{path}: not written: {exc.strerror or exc}")
    return None


def _said(code: int, text: str) -> tuple[int, str]:
    note(text)
    return code, text


def show(args: argparse.Namespace, outcome: FunctionOutcome, encoding: str) -> None:
    """One function for a person: a good diff on stdout, all else on stderr."""
    if outcome.code == OK:
        show_diff(args, (outcome.diff, encoding))
    elif outcome.diff:
        # Never on stdout: `atlas repair ... | git apply` would take it.
        print(f"{outcome.name}: not good enough to be taken unseen:", file=sys.stderr)
        print(outcome.diff, file=sys.stderr)
    print("\n".join(outcome.lines), file=sys.stderr, flush=True)


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


def conclude(args: argparse.Namespace, done: Sequence[FunctionOutcome]) -> None:
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
        print(f"{many(len(done), 'function')}: {said}", file=sys.stderr)

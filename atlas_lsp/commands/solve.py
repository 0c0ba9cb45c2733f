"""`atlas solve` and `atlas repair`: one function of one file."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import add_common, add_pipeline, progress, settings_of

if TYPE_CHECKING:
    from pipeline.job import JobResult
    from pipeline.source.text import Document

VERBS = {
    "solve": "write the body of a function so that its doctests hold",
    "repair": "fix a function that fails its doctests",
}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for verb, text in VERBS.items():
        parser = subparsers.add_parser(verb, help=text, description=text)
        parser.add_argument("target", metavar="FILE::NAME", help="pkg/mod.py::f, mod.py::Class.m")
        parser.add_argument(
            "--apply", action="store_true", help="write a good solution to the file"
        )
        parser.add_argument("--trace", type=Path, metavar="FILE", help="write every event as JSONL")
        add_common(parser)
        add_pipeline(parser)
        parser.set_defaults(run=run, verb=verb)


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK
    from pipeline.account.report import as_json, summary
    from pipeline.core.events import JsonlTrace, fan_out
    from pipeline.job import run_job
    from pipeline.source.locate import find_function
    from pipeline.wiring import runtime

    path, name = split_target(args.target)
    document = read_document(path)
    site = find_function(document, name)
    refuse_wrong_verb(args.verb, site.is_stub, args.target)
    with ExitStack() as stack:
        emit = stack.enter_context(progress(verbose=args.verbose))
        if args.trace:
            emit = fan_out(emit, stack.enter_context(JsonlTrace(args.trace)))
        async with runtime(model=args.model, sandbox=args.sandbox) as up:
            result = await run_job(up, document, site, settings_of(args), emit=emit)
            report = as_json(result, up)
    if args.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        show_diff((result.diff, document.encoding))
        print(summary(result.solution, site.name), file=sys.stderr)
    if args.apply:
        apply(path, result)
    if result.solution.obstacle:
        return BROKEN
    return OK if result.solution.is_good else NOTHING_GOOD


def split_target(target: str) -> tuple[Path, str]:
    """`FILE::NAME` in its two parts. Raises UsageError."""
    from atlas_lsp.exits import UsageError

    file, _, name = target.rpartition("::")
    if not file or not name:
        raise UsageError(f"{target!r} names no function; write FILE::NAME, as in mod.py::f")
    return Path(file), name


def read_document(path: Path) -> Document:
    from atlas_lsp.exits import UsageError
    from pipeline.source.text import document_from_bytes

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder; name a Python file") from None
    return document_from_bytes(data, path.as_posix())


def refuse_wrong_verb(verb: str, is_stub: bool, target: str) -> None:
    from atlas_lsp.exits import UsageError

    if verb == "repair" and is_stub:
        raise UsageError(f"{target} has no body to repair; use `atlas solve {target}`")


def show_diff(*diffs: tuple[str, str]) -> None:
    """Diffs, each with its file's encoding, on stdout: its bytes, or in colour on a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.syntax import Syntax

        text = "".join(diff for diff, _ in diffs)
        Console().print(Syntax(text, "diff", theme="ansi_dark", background_color="default"))
    else:
        sys.stdout.buffer.write(b"".join(diff.encode(encoding) for diff, encoding in diffs))


def apply(path: Path, result: JobResult) -> None:
    """Write a good result; say why another one was not written."""
    from atlas_lsp.exits import UsageError
    from pipeline.job import FileChanged, write_if_unchanged

    if not result.solution.is_good or result.new_text is None:
        print(f"{path}: not written, nothing good enough", file=sys.stderr)
        return
    try:
        write_if_unchanged(
            path,
            result.document.to_bytes(result.document.text),
            result.document.to_bytes(result.new_text),
        )
    except FileChanged as exc:
        raise UsageError(str(exc)) from exc
    print(f"{path}: written", file=sys.stderr)

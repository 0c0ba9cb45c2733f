"""`atlas solve` and `atlas repair`: one function, or those of files and folders."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import (
    add_common,
    add_judges,
    add_pipeline,
    judges_of,
    note,
    print_json,
    progress,
    settings_of,
)
from atlas_lsp.commands.journal import Journal
from atlas_lsp.commands.outcomes import (
    FunctionOutcome,
    applied,
    conclude,
    failed,
    outcome_of,
    show,
    show_diff,
)
from atlas_lsp.commands.targets import FileTarget, add_targets, is_one_function, targets
from atlas_lsp.exits import OK, Stopped
from pipeline.core.wording import many
from pipeline.world.project import project_of

if TYPE_CHECKING:
    from pipeline.core.events import Emit
    from pipeline.source.locate import FunctionSite
    from pipeline.wiring import Runtime

VERBS = {
    "solve": "write the body of a function so that its examples hold",
    "repair": "fix a function that fails its examples",
}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for verb, text in VERBS.items():
        parser = subparsers.add_parser(verb, help=text, description=text)
        add_targets(parser)
        parser.add_argument(
            "--apply", action="store_true", help="write a good solution to the file"
        )
        parser.add_argument(
            "--again",
            action="store_true",
            help="of files and folders also what an earlier run has done",
        )
        parser.add_argument("--trace", type=Path, metavar="FILE", help="write every event as JSONL")
        add_judges(parser)
        add_common(parser)
        add_pipeline(parser)
        parser.set_defaults(run=run, verb=verb)


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
        said = f"stopped; {many(n_written, 'function')} written, the same command goes on"
        raise Stopped(said) from None
    if not is_one_function(args.targets):
        conclude(args, done)
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

    several = not is_one_function(args.targets)
    async with AsyncExitStack() as stack:
        trace = stack.enter_context(JsonlTrace(args.trace)) if args.trace else ignore
        work = _Work(args=args, up=await opened(stack, args), trace=trace)
        for target in found:
            await _do_file(work, target, work.journal_of(target.path) if several else None, done)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What all functions of one command share."""

    args: argparse.Namespace
    up: Runtime
    trace: Emit
    journals: dict[Path, Journal] = field(default_factory=dict)
    """By the root of the project."""

    def journal_of(self, path: Path) -> Journal:
        root = project_of(path).root
        if root not in self.journals:
            self.journals[root] = Journal.of(self.args, root)
        return self.journals[root]


async def opened(stack: AsyncExitStack, args: argparse.Namespace) -> Runtime:
    """Model and sandbox, until the stack ends; the spinner ends before anything is printed."""
    from pipeline.wiring import runtime

    with progress(verbose=args.verbose):
        opening = runtime(
            model=args.model, sandbox=args.sandbox, container_runtime=args.containerRuntime
        )
        return await stack.enter_async_context(opening)


async def _do_file(
    work: _Work, target: FileTarget, journal: Journal | None, done: list[FunctionOutcome]
) -> None:
    """One function after the other, each in the text that holds what was found before it."""
    from pipeline.models.api import PromptTooLong
    from pipeline.source.edit import unified_diff
    from pipeline.syntax.text import SourceError

    args, document, several = work.args, target.document, journal is not None
    for name in target.names:
        outcome = journal.find(target.path, name, document) if journal else None
        try:
            if outcome is None:
                outcome = await _do(work, replace(target, document=document), name)
        except (SourceError, PromptTooLong) as exc:
            if not several:
                raise
            outcome = failed(target.path, name, str(exc))
        if several:
            print("\n".join(outcome.lines), file=sys.stderr, flush=True)
        if args.apply and outcome.word != "error":
            outcome = applied(outcome, document)
        if journal:
            journal.add(document, outcome)
        if outcome.new_text is not None and outcome.word != "error":
            document = replace(document, text=outcome.new_text)
        done.append(outcome)
    if several and not args.json:
        diff = unified_diff(target.document.text, document.text, document.path)
        show_diff(args, (diff, document.encoding))


async def _do(work: _Work, target: FileTarget, name: str) -> FunctionOutcome:
    """Solve one; a single one is shown before anything is written, also when that fails."""
    from pipeline.core.events import fan_out
    from pipeline.job import run_job
    from pipeline.source.locate import find_function

    args, site = work.args, find_function(target.document, name)
    with progress(verbose=args.verbose) as emit:
        both = fan_out(emit, work.trace)
        result = await run_job(
            work.up, target.document, site, settings_of(args), emit=both, tests=judges_of(args)
        )
    outcome = outcome_of(args, target.path, result)
    if not args.json and is_one_function(args.targets):
        show(args, outcome, target.document.encoding)
    return outcome

"""`atlas fix`: from a project's failing tests to verified repairs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import (
    add_common,
    add_pipeline,
    note,
    print_json,
    progress,
    settings_of,
)
from atlas_lsp.commands.outcomes import FunctionOutcome, applied, outcome_of, show
from atlas_lsp.commands.solve import opened
from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK, Stopped, UsageError
from pipeline.core.wording import many

if TYPE_CHECKING:
    from pipeline.broken import Aim
    from pipeline.fix import Attempt, FixReport

TOTAL_S = 600.0
TOKENS = 60_000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "run a project's tests, find the functions that fail them, and repair these"
    parser = subparsers.add_parser("fix", help=text, description=text)
    parser.add_argument(
        "targets",
        nargs="*",
        default=["."],
        metavar="PATH|NODEID",
        help="tests to turn (a test file, a folder, a node id), or source files to look in; "
        "without any, those of the working folder",
    )
    parser.add_argument("--apply", action="store_true", help="write good repairs to their files")
    parser.add_argument(
        "--total", type=float, default=TOTAL_S, metavar="S", help="seconds for all functions"
    )
    parser.add_argument(
        "--tokens", type=int, default=TOKENS, metavar="N", help="generated tokens for all functions"
    )
    add_common(parser)
    add_pipeline(parser)
    parser.set_defaults(run=run, verb="repair")


@dataclass(kw_only=True)
class _Done:
    outcomes: list[FunctionOutcome] = field(default_factory=list)
    turned: list[tuple[str, ...]] = field(default_factory=list)
    """Of each outcome the tests that failed and pass now."""


def run(args: argparse.Namespace) -> int:
    """Exit 0 where no test is left that fails, 1 where one is, 3 where no test can be run."""
    done = _Done()
    try:
        report = asyncio.run(_run(args, aim_of(args.targets), done))
    except KeyboardInterrupt:
        n_written = sum(one.is_written for one in done.outcomes)
        if not n_written:
            raise
        raise Stopped(f"stopped; {many(n_written, 'function')} written") from None
    return _conclude(args, report, done)


def aim_of(words: Sequence[str]) -> Aim:
    """Raises UsageError for what is not there, and for targets of several projects."""
    from pipeline.broken import Aim
    from pipeline.world.project import absolute, project_of

    paths = [Path(word.partition("::")[0]) for word in words]
    for path in paths:
        if not path.exists():
            raise UsageError(f"no such file: {path}")
    roots = {project_of(p / "x.py" if p.is_dir() else p).root for p in paths or [Path()]}
    if len(roots) > 1:
        raise UsageError("the targets belong to several projects; fix one after the other")
    root = roots.pop()
    tests, sources = [], []
    for word, path in zip(words, paths, strict=True):
        inside = absolute(path).relative_to(root).as_posix()
        if "::" in word or _holds_tests(path):
            tests.append(inside + word[len(word.partition("::")[0]) :])
        else:
            sources.append(path)
    return Aim(root=root, tests=tuple(t for t in tests if t != "."), sources=tuple(sources))


def _holds_tests(path: Path) -> bool:
    from pipeline.world.project import python_files

    names = [one.name for one in python_files(path)] if path.is_dir() else [path.name]
    return any(name.startswith("test_") or name.endswith("_test.py") for name in names)


async def _run(args: argparse.Namespace, aim: Aim, done: _Done) -> FixReport:
    from pipeline.broken import broken_by_tests
    from pipeline.core.events import Emit, Progress, ignore
    from pipeline.fix import Allowance, FixReport, attempts

    allowance = Allowance(total_s=args.total, tokens=args.tokens)
    shown: list[Emit] = [ignore]
    async with AsyncExitStack() as stack:
        up = await opened(stack, args)
        with progress(verbose=args.verbose) as emit:
            emit(Progress(message="running the project's tests"))
            report = FixReport(broken=await broken_by_tests(up.sandbox, aim))
        steps = attempts(
            up, report, settings_of(args), allowance, emit=lambda event: shown[0](event)
        )
        async with aclosing(steps):
            while True:
                # What is printed waits for the end of the spinner.
                with progress(verbose=args.verbose) as shown[0]:
                    attempt = await anext(steps, None)
                if attempt is None:
                    return report
                _tell(args, attempt, done)


def _tell(args: argparse.Namespace, attempt: Attempt, done: _Done) -> None:
    """One function: its diff on stdout if it is good, its evidence on stderr."""
    outcome = outcome_of(args, attempt.path, attempt.result)
    if not args.json:
        show(args, outcome, attempt.result.document.encoding)
    if args.apply:
        outcome = applied(outcome, attempt.result.document)
    done.outcomes.append(outcome)
    done.turned.append(attempt.turned)


def _conclude(args: argparse.Namespace, report: FixReport, done: _Done) -> int:
    code = _code(report, done.outcomes)
    if args.json:
        print_json(_document(report, done))
        return code
    broken = report.broken
    if broken.obstacle:
        note(broken.obstacle)
        return code
    if broken.reach.cut:
        note(broken.reach.cut)
    for one, turned in zip(done.outcomes, done.turned, strict=True):
        tests = f"  {many(len(turned), 'test')} mended" if turned else ""
        print(f"{one.word:12}  {one.place}{tests}", file=sys.stderr)
    for node_id, why in report.unfixed.items():
        print(f"{'still fails':12}  {node_id}: {why}", file=sys.stderr)
    for node_id, why in broken.left_out:
        print(f"{'left out':12}  {node_id} {why}", file=sys.stderr)
    for name, why in report.passed_over.items():
        note(f"{name} was not tried to the end: {why}")
    if report.stopped:
        note(f"stopped: {report.stopped}")
    n_left = len(report.unfixed)
    n_failing = len(broken.aimed)
    ran = many(len(broken.reach.tests), "test")
    print(
        f"{ran} ran, {n_failing} failed, {n_failing - n_left} of them pass with what was found",
        file=sys.stderr,
    )
    return code


def _code(report: FixReport, outcomes: Sequence[FunctionOutcome]) -> int:
    if report.broken.obstacle:
        return BROKEN
    failed = max((one.code for one in outcomes if one.word == "error"), default=OK)
    is_open = report.unfixed or report.broken.reach.cut
    return failed or (NOTHING_GOOD if is_open else OK)


def _document(report: FixReport, done: _Done) -> dict[str, object]:
    broken = report.broken
    return {
        "results": [
            {**one.as_json(), "turned": list(turned)}
            for one, turned in zip(done.outcomes, done.turned, strict=True)
        ],
        "tests": {"ran": len(broken.reach.tests), "failed": [t.node_id for t in broken.aimed]},
        "suspects": [
            {"file": s.entered.path, "function": s.entered.name, "score": round(s.score, 4)}
            for s in broken.suspects
        ],
        "unfixed": report.unfixed,
        "passed_over": report.passed_over,
        "left_out": dict(broken.left_out),
        "obstacle": broken.obstacle,
        "stopped": report.stopped,
        "tokens": report.n_tokens,
    }

"""`atlas tests`: propose tests that pass on a function and fail on mutants of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import (
    add_common,
    count,
    note,
    print_json,
    progress,
    setting_flag,
)
from atlas_lsp.commands.outcomes import show_diff
from atlas_lsp.commands.solve import opened
from atlas_lsp.commands.targets import (
    FileTarget,
    add_targets,
    is_one_function,
    read_document,
    targets,
)
from atlas_lsp.exits import NOTHING_GOOD, OK

if TYPE_CHECKING:
    from pipeline.syntax.text import Document
    from pipeline.testgen.proposal import FileEdit, TestProposal
    from pipeline.wiring import Runtime

TEXT = "propose tests that pass on a function and fail on small wrong versions of it"


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("tests", help=TEXT, description=TEXT)
    add_targets(parser)
    setting_flag(
        parser,
        "tests",
        flag="--style",
        choices=("auto", "doctest", "pytest"),
        help="auto: doctests where the function has some, else where the project keeps its tests",
    )
    parser.add_argument("--max", type=count, default=8, metavar="N", help="tests (default: 8)")
    parser.add_argument("--apply", action="store_true", help="write the tests")
    parser.add_argument(
        "--no-self-tests", action="store_true", help="do not ask the model what it expects"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    found = targets(args.targets, lambda site: not site.is_stub)
    if not found:
        note(f"no function with a body in {', '.join(args.targets)}")
    done: list[Done] = []
    if found:
        asyncio.run(_run(args, found, done))
    if args.json:
        documents = [as_json(one.proposal) | {"written": one.is_written} for one in done]
        print_json(documents[0] if is_one_function(args.targets) else {"results": documents})
    return max((one.code for one in done), default=OK)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of one function."""

    proposal: TestProposal
    is_written: bool

    @property
    def code(self) -> int:
        return OK if self.proposal.tests or is_complete(self.proposal) else NOTHING_GOOD


def is_complete(proposal: TestProposal) -> bool:
    """The tests that are there notice every mutant: nothing is to be added."""
    return proposal.before.total > 0 and proposal.before.killed == proposal.before.total


async def _run(args: argparse.Namespace, found: Sequence[FileTarget], done: list[Done]) -> None:
    async with AsyncExitStack() as stack:
        up = await opened(stack, args)
        for target in found:
            document = target.document
            for name in target.names:
                proposal = await _propose(args, up, document, name)
                if not args.json:
                    show_diff(args, *((edit.diff, edit.encoding) for edit in proposal.edits))
                    print(summary(proposal), file=sys.stderr)
                if args.apply:
                    for edit in proposal.edits:
                        write(edit, target.path, document)
                    document = read_document(target.path)
                done.append(Done(proposal=proposal, is_written=args.apply))


async def _propose(
    args: argparse.Namespace, up: Runtime, document: Document, name: str
) -> TestProposal:
    from pipeline.core.context import Settings
    from pipeline.job import propose_tests
    from pipeline.source.locate import find_function

    settings = Settings(seed=args.seed, timeout_s=args.timeout, self_tests=not args.no_self_tests)
    with progress(verbose=args.verbose) as emit:
        return await propose_tests(
            up,
            document,
            find_function(document, name),
            style=args.tests,
            max_tests=args.max,
            emit=emit,
            settings=settings,
        )


def as_json(proposal: TestProposal) -> dict[str, object]:
    """The document of `atlas tests --json`."""
    return {
        "function": proposal.function,
        "style": proposal.style,
        "tests": [asdict(test) for test in proposal.tests],
        "mutation_score": {
            "before": asdict(proposal.before),
            "after": asdict(proposal.after),
        },
        "diff": "".join(edit.diff for edit in proposal.edits),
        "files": [edit.path for edit in proposal.edits],
        "questions": [asdict(question) for question in proposal.questions],
        "warnings": list(proposal.warnings),
    }


def summary(proposal: TestProposal) -> str:
    """Lines for stderr: the tests, the score before and after, the questions."""
    lines = [f"{proposal.function}: {len(proposal.tests)} new tests ({proposal.style})"]
    lines += [f"  {test.name}: notices {mutants(len(test.kills))}" for test in proposal.tests]
    if proposal.after.total:
        lines.append(f"  mutation score: before {proposal.before}, after {proposal.after}")
    lines += [f"  question: {question}" for question in proposal.questions]
    if is_complete(proposal):
        return "\n".join([*lines, "  the tests that are there notice all of them already"])
    lines += [f"  note: {warning}" for warning in proposal.warnings]
    return "\n".join(lines)


def mutants(n: int) -> str:
    return f"{n} more mutant" if n == 1 else f"{n} more mutants"


def write(edit: FileEdit, path: Path, document: Document) -> None:
    """Write one file, only if it is still what the tests were made for."""
    from atlas_lsp.exits import UsageError
    from pipeline.source.write import FileChanged, write_if_unchanged

    target = path if edit.path == document.path else Path(edit.path)
    try:
        if edit.old_text is None:
            with target.open("x", encoding="utf-8", newline="") as file:
                file.write(edit.new_text)
        else:
            write_if_unchanged(target, edit.old_bytes, edit.new_bytes)
    except (FileChanged, FileExistsError) as exc:
        raise UsageError(f"{target}: {exc}") from exc
    print(f"{target}: written", file=sys.stderr)

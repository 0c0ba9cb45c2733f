"""`atlas check`: runs the examples of functions where they live, without a model."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_lsp.commands.common import (
    add_judges,
    judges_of,
    note,
    print_json,
    progress,
    setting_flag,
)
from atlas_lsp.exits import UsageError
from pipeline.core.events import Progress

if TYPE_CHECKING:
    from pipeline.running.examine import Examined
    from pipeline.syntax.text import Document
    from sandbox.api import Sandbox

WATCH_EVERY_S = 0.3
MARKS = {"passed": "ok  ", "failed": "FAIL", "cannot-run": "?   "}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "run the examples and tests of functions in files and folders; no model is needed"
    parser = subparsers.add_parser("check", help=text, description=text)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    setting_flag(
        parser,
        "sandbox",
        choices=("docker", "unsafe-local"),
        help="where they run; unsafe-local runs them on this machine without isolation",
    )
    add_judges(parser)
    parser.add_argument("--watch", action="store_true", help="again whenever a file is written")
    parser.add_argument("-v", "--verbose", action="store_true", help="also name what passes")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 where all examples and tests pass, 1 where one fails, 3 where nothing could run."""
    if args.watch and args.json:
        raise UsageError("--watch shows many results, --json one; leave one of them out")
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from sandbox import open_sandbox

    paths: Sequence[Path] = args.paths
    seen = _stamps(args.paths)
    box = open_sandbox(args.sandbox)
    try:
        await box.start()
        code = await _once(args, box, paths)
        while args.watch:
            note("waiting for a file to be written; Ctrl-C ends")
            seen, paths = await _written(args.paths, seen)
            code = await _once(args, box, paths)
    finally:
        await box.aclose()
    return code


async def _once(args: argparse.Namespace, box: Sandbox, paths: Sequence[Path]) -> int:
    from pipeline.running.examine import examine
    from pipeline.running.examine_tests import with_tests

    documents, unread = read_all(paths)
    with _progress() as on_done:
        found = await examine(box, documents, group="check", on_done=on_done)
        found = await with_tests(box, found, tests=judges_of(args), group="check")
    if args.json:
        print_json({"functions": [*map(as_json, found), *unread]})
    else:
        _show(found, unread, verbose=args.verbose)
        sys.stdout.flush()
    return exit_code([*(str(one.outcome) for one in found), *(str(r["outcome"]) for r in unread)])


Stamps = Mapping[Path, tuple[int, int]]


def _stamps(paths: Sequence[Path]) -> Stamps:
    """When each file was last written, and its size; one that went away has neither."""
    found = {}
    for path in _files(paths):
        with contextlib.suppress(OSError):
            about = path.stat()
            found[path] = (about.st_mtime_ns, about.st_size)
    return found


async def _written(paths: Sequence[Path], before: Stamps) -> tuple[Stamps, tuple[Path, ...]]:
    """Wait for files that were written since; what they are now, and which."""
    while True:
        await asyncio.sleep(WATCH_EVERY_S)
        now = await asyncio.to_thread(_stamps, paths)
        changed = tuple(path for path, stamp in now.items() if before.get(path) != stamp)
        if changed:
            return now, changed
        before = now


def read_all(paths: Sequence[Path]) -> tuple[list[Document], list[dict[str, object]]]:
    """The files, and a row for each that is no Python here. Raises UsageError."""
    from atlas_lsp.commands.targets import read_document
    from pipeline.syntax.text import SourceError

    documents: list[Document] = []
    unread: list[dict[str, object]] = []
    for path in _files(paths):
        try:
            document = read_document(path)
        except SourceError as exc:
            detail = " ".join(str(exc).split())
            unread.append(_row(path.as_posix(), "", "cannot-run", detail, 0, 0))
        else:
            documents.append(document)
    return documents, unread


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    from pipeline.world.project import python_files

    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise UsageError(f"no such file: {path}")
        for file in python_files(path) if path.is_dir() else (path,):
            if file not in seen:
                seen.add(file)
                yield file


def as_json(one: Examined) -> dict[str, object]:
    return _row(
        one.document.path,
        one.site.label,
        str(one.outcome),
        one.detail,
        one.n_passed,
        one.n_examples,
    )


def _row(
    file: str, function: str, outcome: str, detail: str, passed: int, total: int
) -> dict[str, object]:
    return {
        "file": file,
        "function": function,
        "outcome": outcome,
        "detail": detail,
        "tests": {"passed": passed, "total": total},
    }


def exit_code(outcomes: Sequence[str]) -> int:
    from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK

    count = Counter(outcomes)
    if count["failed"]:
        return NOTHING_GOOD
    if count["cannot-run"] and not count["passed"]:
        return BROKEN
    return OK if not count["cannot-run"] else NOTHING_GOOD


def _show(found: Sequence[Examined], unread: Sequence[dict[str, object]], *, verbose: bool) -> None:
    for row in [*map(as_json, found), *unread]:
        outcome, tests = str(row["outcome"]), row["tests"]
        assert isinstance(tests, dict)
        if outcome == "no-tests" or (outcome == "passed" and not verbose):
            continue
        name = f"{row['file']}::{row['function']}" if row["function"] else str(row["file"])
        score = f", {tests['passed']} of {tests['total']}" if tests["total"] else ""
        detail = f": {row['detail']}" if row["detail"] else ""
        print(f"{MARKS[outcome]} {name}{score}{detail}")
    count = Counter(str(one.outcome) for one in found)
    rest = count["cannot-run"] + len(unread)
    print(
        f"{count['passed']} passed, {count['failed']} failed, {rest} cannot run, "
        f"{count['no-tests']} without tests"
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; in a pipe a line now and then."""
    if not sys.stderr.isatty():
        with progress(verbose=False) as emit:
            yield lambda done, total: emit(Progress(message="checking", done=done, total=total))
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task: Any = bar.add_task("checking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

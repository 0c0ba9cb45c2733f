"""Splits a suite in a process of its own: the public part to a file, of the hidden part a count.

`python -m pipeline.bench.publish SUITE --out FILE`; prints one JSON object about the suite.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from pipeline.bench.records import BenchError, Json, select_tasks, write_tasks
from pipeline.core.own_process import command, environ


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which tasks of which suite."""

    suite: str
    start: str | None = None
    """First contest day, as 2025-01-31."""
    end: str | None = None
    parts: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    limit: int | None = None
    min_tests: int | None = None
    """None is what the suite's format asks for."""
    convention: str = ""


async def publish(selection: Selection, out: Path) -> Json:
    """Write the public tasks to `out` from another process and give what it says of the suite.

    Raises BenchError with that process's one line.
    """
    process = await asyncio.create_subprocess_exec(
        *command("pipeline.bench.publish", selection.suite, "--out", str(out)),
        *_flags(selection),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ(),
    )
    try:
        said, complained = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = complained.decode(errors="replace").strip().splitlines()
        raise BenchError(lines[-1] if lines else "the suite could not be read")
    about: Json = json.loads(said)
    return about


def _flags(selection: Selection) -> list[str]:
    flags = ["--convention", selection.convention] if selection.convention else []
    flags += ["--min-tests", str(selection.min_tests)] if selection.min_tests is not None else []
    for name, value in (("--from", selection.start), ("--to", selection.end)):
        flags += [name, value] if value else []
    flags += ["--limit", str(selection.limit)] if selection.limit is not None else []
    flags += [word for part in selection.parts for word in ("--part", part)]
    return flags + [word for task in selection.task_ids for word in ("--task", task)]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        print(json.dumps(_split(args)))
    except BenchError as exc:
        print(" ".join(str(exc).split()), file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pipeline.bench.publish")
    parser.add_argument("suite")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=date.fromisoformat)
    parser.add_argument("--to", dest="end", type=date.fromisoformat)
    parser.add_argument("--part", action="append", default=[])
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--min-tests", type=int)
    parser.add_argument("--convention", default="")
    return parser


def _split(args: argparse.Namespace) -> Json:
    from pipeline.bench.hidden import DateWindow, locate, read_suite, refuse_if_weak

    located = locate(args.suite)
    window = DateWindow(start=args.start, end=args.end)
    # Of the hidden part only the number stays: some suites unpack to more than fits in memory.
    read = read_suite(located, window, convention=args.convention)
    pairs = [(public, hidden.n_tests) for public, hidden in read]
    chosen = select_tasks(
        [public for public, _ in pairs], parts=args.part, task_ids=args.task, limit=args.limit
    )
    wanted = {public.task_id for public in chosen}
    counts = [n_tests for public, n_tests in pairs if public.task_id in wanted]
    least = located.suite.least_tests if args.min_tests is None else args.min_tests
    refuse_if_weak(args.suite, counts, least)
    write_tasks(args.out, chosen)
    return {
        "name": args.suite,
        "paths": [str(path.resolve()) for path in located.paths],
        "sha256": located.sha256,
        "n_tasks": len(chosen),
        "hidden_tests_per_task": median(counts),
        "convention": args.convention or next(iter(located.suite.conventions), ""),
        "packages": list(located.source.packages) if located.source else [],
    }


if __name__ == "__main__":
    sys.exit(main())

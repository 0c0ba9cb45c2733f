"""The one process that holds hidden tests: checks the answers' hash, runs each program once.

`python -m pipeline.bench.scorer DIR --manifest SHA256 --sandbox docker`; it never imports the
solver, and nothing flows from it to the solver but the files `scores/*` and `scores.jsonl`,
which hold counts and hashes, no test.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.bench.grading import BadTask, Grade, Hidden, ScoringBroke, grade_by_tests
from pipeline.bench.hidden import DateWindow, Located, locate, read_suite
from pipeline.bench.records import (
    Answer,
    BenchError,
    Json,
    RunFolder,
    RunMismatch,
    check_manifest,
    read_answer,
    read_object,
    text_sha256,
    to_json,
    write_atomically,
)
from sandbox import open_sandbox
from sandbox.api import Sandbox, SandboxError, Test

TASKS_AT_ONCE = 4
MEMORY_MB = 4608
"""Of a sandbox's container: over what upstream grants one program."""
REPAIRS = frozenset({"mend", "repair"})
"""Origins of candidates that were made from a failing one; oracle pass@k leaves them out."""
OnDone = Callable[[int, int], None]
FAULT = "fault"


async def score(
    folder: RunFolder, manifest_sha256: str, sandbox: Sandbox, on_done: OnDone | None = None
) -> int:
    """Score every answer and every candidate of the run, each distinct program once.

    Returns how many tasks could not be judged: they count as not solved, the reason lies in
    `faults/`. Raises RunMismatch when the answers or the suite are not the ones that were solved.
    """
    names = check_manifest(folder, manifest_sha256)
    answers = [read_answer(folder.root / name) for name in names]
    by_task: dict[str, list[Answer]] = {}
    for answer in answers:
        by_task.setdefault(answer.task_id, []).append(answer)
    suite, n_done, n_faults = _hidden_of(folder, by_task), 0, 0

    async def work() -> None:
        nonlocal n_done, n_faults
        for hidden in suite:
            programs = list(dict.fromkeys(_programs(by_task[hidden.task_id])))
            n_faults += not await score_task(folder, sandbox, hidden, programs)
            n_done += 1
            if on_done is not None:
                on_done(n_done, len(by_task))

    await all_of(work() for _ in range(TASKS_AT_ONCE))
    rows = [_row(folder, answer) for answer in answers]
    rows.sort(key=lambda row: (row["condition"], row["seed"], row["task_id"]))
    write_atomically(folder.scores, "".join(to_json(row) for row in rows))
    return n_faults


async def all_of(work: Iterator[Any]) -> None:
    """Run all; the first error ends the others and is raised as it is."""
    running = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _hidden_of(folder: RunFolder, wanted: Mapping[str, object]) -> Iterator[Hidden]:
    record = read_object(folder.run)["suite"]
    chosen, located = record["selection"], _located(record)
    window = DateWindow(start=_day(chosen["start"]), end=_day(chosen["end"]))
    for public, hidden in read_suite(located, window, convention=chosen["convention"]):
        if public.task_id in wanted:
            yield hidden


def _located(record: Json) -> Located:
    located = locate(",".join(record["paths"]))
    if located.sha256 != record["sha256"]:
        raise RunMismatch(f"{record['name']} is not the suite that was solved; nothing was scored")
    return located


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def score_task(
    folder: RunFolder, sandbox: Sandbox, hidden: Hidden, programs: Sequence[str]
) -> bool:
    """Judge the programs of a task that have no score yet; False where that was impossible."""
    path = folder.score(hidden.task_id)
    known: dict[str, Json] = read_object(path)["programs"] if path.exists() else {}
    by_hash = {text_sha256(program): program for program in programs}
    missing = {key: program for key, program in by_hash.items() if key not in known}
    fault = await _grade(folder, sandbox, hidden, missing, known) if missing else ""
    kept = {key: known[key] for key in sorted(by_hash)}
    record = {"task_id": hidden.task_id, "n_tests": hidden.n_tests, "programs": kept}
    write_atomically(path, to_json(record | ({"fault": fault} if fault else {})))
    return not fault


async def _grade(
    folder: RunFolder,
    sandbox: Sandbox,
    hidden: Hidden,
    missing: Mapping[str, str],
    known: dict[str, Json],
) -> str:
    """Put the grades into `known`; a task that nobody can judge is a fault, and its one line."""
    programs = list(missing.values())
    try:
        grades = await hidden.grader.grade(sandbox, programs, hidden.task_id)
    except (ScoringBroke, SandboxError, OSError):
        raise
    except Exception as exc:  # noqa: BLE001 - one task's fault must not take the others with it
        write_atomically(folder.fault(f"score {hidden.task_id}"), traceback.format_exc())
        nothing = Grade(passed=False, n_tests=hidden.n_tests, first_failure=FAULT)
        known |= {key: nothing.as_json() for key in missing}
        return str(exc) if isinstance(exc, BadTask) else f"{type(exc).__name__}: {exc}"
    known |= {key: grade.as_json() for key, grade in zip(missing, grades, strict=True)}
    return ""


def _programs(answers: Sequence[Answer]) -> Iterator[str]:
    for answer in answers:
        if answer.program is not None:
            yield answer.program
        yield from (candidate["program"] for candidate in answer.candidates)


async def score_program(
    sandbox: Sandbox, program: str, tests: Sequence[Test], task_id: str
) -> Json:
    """How many tests pass, the kind of the first failure, and a hash of the behaviour."""
    return (await grade_by_tests(sandbox, program, tests, task_id)).as_json()


def _row(folder: RunFolder, answer: Answer) -> Json:
    """What the report needs of a cell; `oracle` and `v_pass` are ceilings, not results."""
    scores = read_object(folder.score(answer.task_id))["programs"]
    own = scores[text_sha256(answer.program)] if answer.program is not None else None
    each = [scores[text_sha256(candidate["program"])] for candidate in answer.candidates]
    before_repair = [
        one["passed"]
        for one, candidate in zip(each, answer.candidates, strict=True)
        if candidate["origin"] not in REPAIRS
    ]
    passed = bool(own and own["passed"])
    return {
        "task_id": answer.task_id,
        "part": answer.part,
        "condition": answer.condition,
        "seed": answer.seed,
        "passed": passed,
        "first_failure": own["first_failure"] if own else _no_program(answer),
        "marks": _marks(answer, own, each),
        "oracle": any(before_repair) or (passed and not each),
        "v_pass": passed or any(one["passed"] for one in each),
        "n_candidates": len(each),
        "n_behaviours": len({one["behaviour"] for one in each}),
        "status": answer.status,
        "probability": answer.probability,
    }


def _no_program(answer: Answer) -> str:
    return answer.status if answer.status == FAULT else "no_answer"


def _marks(answer: Answer, own: Json | None, each: Sequence[Json]) -> Json:
    """The grade's own marks, and for a candidate that stands for a mark whether it is right."""
    marks = dict(own["marks"]) if own else {}
    for candidate, one in zip(answer.candidates, each, strict=True):
        if mark := candidate.get("mark"):
            marks[mark] = one["passed"]
    return marks


@dataclass(frozen=True, kw_only=True)
class _Arguments:
    folder: RunFolder
    manifest: str
    sandbox: Any
    n_workers: int | None
    packages: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 where a task could not be judged, 2 for what was refused, 3 for a sandbox
    that broke.
    """
    args = _arguments(argv)
    try:
        n_faults = asyncio.run(_main(args))
    except (BenchError, SandboxError) as exc:
        print(" ".join(str(exc).split()), file=sys.stderr)
        return 3 if isinstance(exc, SandboxError | ScoringBroke) else 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    if n_faults:
        where = args.folder.root / "faults"
        print(
            f"{n_faults} tasks could not be judged and count as not solved; why: {where}",
            file=sys.stderr,
        )
    return 1 if n_faults else 0


async def _main(args: _Arguments) -> int:
    _stop_once()
    box = open_sandbox(
        args.sandbox, workers=args.n_workers, packages=args.packages, memory_mb=MEMORY_MB
    )
    try:
        await box.start()
        say = _say if sys.stdout.isatty() else None
        return await score(args.folder, args.manifest, box, say)
    finally:
        await box.aclose()


def _stop_once() -> None:
    """The first SIGINT or SIGTERM ends the work; a second one must not end the tidying up."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    received: list[int] = []

    def stop(signum: int) -> None:
        if not received and task is not None:
            task.cancel()
        received.append(signum)

    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop, signum)


def _say(done: int, total: int) -> None:
    print(f"\rscored {done} of {total} tasks", end="\n" if done == total else "", flush=True)


def _arguments(argv: Sequence[str] | None) -> _Arguments:
    parser = argparse.ArgumentParser(prog="pipeline.bench.scorer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--package", action="append", default=[])
    args = parser.parse_args(argv)
    return _Arguments(
        folder=RunFolder(args.folder),
        manifest=args.manifest,
        sandbox=args.sandbox,
        n_workers=args.workers,
        packages=tuple(args.package),
    )


if __name__ == "__main__":
    sys.exit(main())

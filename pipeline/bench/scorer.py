"""The one process that holds hidden tests: checks the answers' hash, runs each program once.

`python -m pipeline.bench.scorer DIR --manifest SHA256 --sandbox docker`; it never imports the
solver, and nothing flows from it to the solver but the files `scores/*` and `scores.jsonl`,
which hold counts and hashes, no test.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.bench.evalplus import Reference, tests_of
from pipeline.bench.hidden import Hidden, Window, read_suite
from pipeline.bench.records import (
    Answer,
    BenchError,
    Json,
    RunFolder,
    RunMismatch,
    check_manifest,
    file_sha256,
    read_answer,
    read_object,
    text_sha256,
    to_json,
    write_atomically,
)
from sandbox import open_sandbox
from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Call,
    Expression,
    Job,
    Observation,
    Opaque,
    Returns,
    Sandbox,
    SandboxError,
    Test,
)
from sandbox.codec import encode
from sandbox.verdicts import judge

PARTS_PER_BATCH = 50
TASKS_AT_ONCE = 4
REPAIRS = frozenset({"mend", "repair"})
"""Origins of candidates that were made from a failing one; oracle pass@k leaves them out."""
OnDone = Callable[[int, int], None]


class ScoringBroke(BenchError):
    """The sandbox failed where a verdict was due; what was scored stays."""


async def score(
    folder: RunFolder, manifest_sha256: str, sandbox: Sandbox, on_done: OnDone | None = None
) -> None:
    """Score every answer and every candidate of the run, each distinct program once.

    Raises RunMismatch when the answers or the suite are not the ones that were solved.
    """
    names = check_manifest(folder, manifest_sha256)
    answers = [read_answer(folder.root / name) for name in names]
    by_task: dict[str, list[Answer]] = {}
    for answer in answers:
        by_task.setdefault(answer.task_id, []).append(answer)
    suite, n_done = _hidden_of(folder, by_task), 0

    async def work() -> None:
        nonlocal n_done
        for hidden in suite:
            await score_task(folder, sandbox, hidden, by_task[hidden.task_id])
            n_done += 1
            if on_done is not None:
                on_done(n_done, len(by_task))

    await _all(work() for _ in range(TASKS_AT_ONCE))
    rows = [_row(folder, answer) for answer in answers]
    rows.sort(key=lambda row: (row["condition"], row["seed"], row["task_id"]))
    write_atomically(folder.scores, "".join(to_json(row) for row in rows))


async def _all(work: Iterator[Any]) -> None:
    """Run all; the first error ends the others and is raised as it is."""
    running = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _hidden_of(folder: RunFolder, wanted: Mapping[str, object]) -> Iterator[Hidden]:
    suite = read_object(folder.run)["suite"]
    path, chosen = Path(suite["path"]), suite["selection"]
    if file_sha256(path) != suite["sha256"]:
        raise RunMismatch(f"{path} is not the suite that was solved; nothing was scored")
    window = Window(start=_day(chosen["start"]), end=_day(chosen["end"]))
    for public, hidden in read_suite(path, window):
        if public.task_id in wanted:
            yield hidden


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def score_task(
    folder: RunFolder, sandbox: Sandbox, hidden: Hidden, answers: Sequence[Answer]
) -> None:
    """Run the hidden tests on the programs of a task that have no score yet."""
    path = folder.score(hidden.task_id)
    known: dict[str, Json] = read_object(path)["programs"] if path.exists() else {}
    programs = {text_sha256(program): program for program in _programs(answers)}
    missing = {key: program for key, program in programs.items() if key not in known}
    if missing:
        tests = await _tests(sandbox, hidden)
        for key, program in missing.items():
            known[key] = await score_program(sandbox, program, tests, hidden.task_id)
    kept = {key: known[key] for key in sorted(programs)}
    record = {"task_id": hidden.task_id, "n_tests": hidden.n_tests, "programs": kept}
    write_atomically(path, to_json(record))


def _programs(answers: Sequence[Answer]) -> Iterator[str]:
    for answer in answers:
        if answer.program is not None:
            yield answer.program
        yield from (candidate["program"] for candidate in answer.candidates)


async def _tests(sandbox: Sandbox, hidden: Hidden) -> tuple[Test, ...]:
    if hidden.reference is None:
        return hidden.tests
    tests = await reference_tests(sandbox, hidden.reference)
    if not tests:
        raise ScoringBroke(f"{hidden.task_id}: its reference gives no value on any hidden input")
    return tests


async def reference_tests(sandbox: Sandbox, reference: Reference) -> tuple[Test, ...]:
    """The tests that a reference makes of its inputs; it runs in the sandbox like any program."""
    jobs = [Job(code=reference.program, form=batch) for batch in _batches(reference.forms)]
    seen = await _run(sandbox, jobs, "the reference")
    return tests_of(reference, [part for one in seen for part in one.parts])


async def score_program(
    sandbox: Sandbox, program: str, tests: Sequence[Test], task_id: str
) -> Json:
    """How many hidden tests pass, the kind of the first failure, and a hash of the behaviour."""
    seen = await observe(sandbox, program, tests, task_id)
    kinds = [
        judge(test, _as_listed(test, one)).kind.value for test, one in zip(tests, seen, strict=True)
    ]
    n_passed = sum(kind == "pass" for kind in kinds)
    return {
        "passed": n_passed == len(tests),
        "n_passed": n_passed,
        "n_tests": len(tests),
        "first_failure": next((kind for kind in kinds if kind != "pass"), None),
        "behaviour": _behaviour(seen),
    }


async def observe(
    sandbox: Sandbox, program: str, tests: Sequence[Test], task_id: str
) -> tuple[Observation, ...]:
    """One observation per test; calls and expressions travel many at a time."""
    small = [n for n, test in enumerate(tests) if isinstance(test.form, Call | Expression)]
    alone = [n for n in range(len(tests)) if n not in set(small)]
    jobs = [Job(code=program, form=tests[n].form, limits=tests[n].limits) for n in alone]
    forms = [form for n in small if isinstance(form := tests[n].form, Call | Expression)]
    limits = tests[small[0]].limits if small else None
    jobs += [Job(code=program, form=b, limits=limits) for b in _batches(forms) if limits]
    seen = await _run(sandbox, jobs, task_id)
    parts = [part for one in seen[len(alone) :] for part in one.parts]
    found = dict(zip(alone, seen[: len(alone)], strict=True)) | dict(zip(small, parts, strict=True))
    return tuple(found[n] for n in range(len(tests)))


def _batches(forms: Sequence[Call | Expression]) -> list[Batch]:
    starts = range(0, len(forms), PARTS_PER_BATCH)
    return [Batch(parts=tuple(forms[at : at + PARTS_PER_BATCH])) for at in starts]


async def _run(sandbox: Sandbox, jobs: Sequence[Job], what: str) -> tuple[Observation, ...]:
    """Run them; a sandbox failure gets a second go, then it is an error, never a verdict."""
    for _ in range(2):
        seen = await sandbox.run(jobs, group=what)
        broken = [
            one
            for whole in seen
            for one in (whole, *whole.parts)
            if one.outcome in BROKEN_MACHINERY
        ]
        if not broken:
            return seen
    raise ScoringBroke(f"{what}: the sandbox failed ({broken[0].detail}); run again to go on")


def _as_listed(test: Test, seen: Observation) -> Observation:
    """JSON has no tuples: one that is returned counts as the list that is expected."""
    is_list = isinstance(test.expect, Returns) and isinstance(test.expect.value, list)
    if is_list and isinstance(test.form, Call) and isinstance(seen.value, tuple):
        return replace(seen, value=list(seen.value))
    return seen


def _behaviour(seen: Sequence[Observation]) -> str:
    """The same for programs that did the same on every hidden input, in any process."""
    shown = [
        one.outcome.value.encode()
        + (one.exception.type if one.exception else "").encode("utf-8", "surrogatepass")
        + b" ".join(one.stdout.split())
        + _fingerprint(one.value)
        for one in seen
    ]
    return _digest(shown).hex()[:16]


def _fingerprint(value: object) -> bytes:
    """Of plain data; sets and dicts without their order."""
    if isinstance(value, Opaque):
        return _digest([b"opaque", value.type.encode("utf-8", "surrogatepass")])
    if isinstance(value, list | tuple):
        return _digest([type(value).__name__.encode(), *map(_fingerprint, value)])
    if isinstance(value, set | frozenset):
        return _digest([b"set", *sorted(map(_fingerprint, value))])
    if isinstance(value, dict):
        pairs = (_fingerprint(key) + _fingerprint(item) for key, item in value.items())
        return _digest([b"dict", *sorted(pairs)])
    return _digest([encode(value)])


def _digest(parts: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


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
        "first_failure": own["first_failure"] if own else "no_answer",
        "oracle": any(before_repair) or (passed and not each),
        "v_pass": passed or any(one["passed"] for one in each),
        "n_candidates": len(each),
        "n_behaviours": len({one["behaviour"] for one in each}),
        "status": answer.status,
        "probability": answer.probability,
    }


@dataclass(frozen=True, kw_only=True)
class _Arguments:
    folder: RunFolder
    manifest: str
    sandbox: Any
    n_workers: int | None


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, 2 for what was refused, 3 for a sandbox that broke."""
    args = _arguments(argv)
    try:
        asyncio.run(_main(args))
    except (BenchError, SandboxError) as exc:
        print(" ".join(str(exc).split()), file=sys.stderr)
        return 3 if isinstance(exc, SandboxError | ScoringBroke) else 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


async def _main(args: _Arguments) -> None:
    _stop_once()
    box = open_sandbox(args.sandbox, workers=args.n_workers)
    try:
        await box.start()
        await score(args.folder, args.manifest, box, _say if sys.stdout.isatty() else _count)
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


def _count(done: int, total: int) -> None:
    """A pipe is told nothing."""


def _arguments(argv: Sequence[str] | None) -> _Arguments:
    parser = argparse.ArgumentParser(prog="pipeline.bench.scorer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--workers", type=int)
    args = parser.parse_args(argv)
    return _Arguments(
        folder=RunFolder(args.folder),
        manifest=args.manifest,
        sandbox=args.sandbox,
        n_workers=args.workers,
    )


if __name__ == "__main__":
    sys.exit(main())

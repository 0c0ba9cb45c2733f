"""Repair against the same tokens spent on re-sampling, on the same failures of nano-bench.

`python -m benchmarks.repair_vs_resample [--quick] [--json] [--model NAME]`. Failures are planted
(the part `repair`; a fresh sample is shown the wrong body too, as `atlas repair` does) or the
model's own (a greedy probe that fails its examples). Each gets

* mechanical: small edits, no tokens;
* repair: two rounds of two branches that see the failure;
* resample: fresh samples until at least as many tokens are generated as repair used for this task;
* repair on: mechanical's patch where nothing speaks against it, else repair's, else any patch.

An arm submits its first candidate that passes every example. Hidden tests are read by another
process only. The share of right answers is compared with McNemar's exact test and a bootstrap over
tasks. The policy's counts file forces the moves; the user's own is not read.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.bench.statistics import Paired, paired, wilson
from pipeline.core.ask import ask
from pipeline.core.board import Board
from pipeline.core.context import Context, Settings
from pipeline.core.task import Candidate, Task
from pipeline.edits.rungs import mended, patched
from pipeline.generate.candidates import probed, read_all, slot_request
from pipeline.nano.bench import BenchTask, Part, load_bench
from pipeline.repair.prcot import repaired
from pipeline.running.first_look import look
from pipeline.running.judge import judge_all
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.storage.kept import keep
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime, runtime
from sandbox import open_sandbox
from sandbox.api import Job, Limits, Outcome, Program, SandboxUnavailable

BOARDS = ("mechanical", "repair", "resample")
ARMS = (*BOARDS, "repair on")
ROUNDS = 2
MOST_SAMPLES = 40
QUICK_LIMIT = 10
HIDDEN_LIMITS = Limits(cpu_s=5.0, memory_mb=512)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one arm submitted for one failure."""

    task_id: str
    kind: str
    """`planted` or `own`."""
    arm: str
    source: str
    """The whole program; empty where no candidate passed every example."""
    tokens: int
    n_branches: int
    is_proved: bool
    """It passes every example, and no doubt speaks against it."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """When the looking for failures ends, for each kind."""

    limit: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LIMIT} failures of each kind")
    parser.add_argument("--json", action="store_true", help="one JSON document, no table")
    parser.add_argument("--limit", type=int, default=60, help="failures of each kind")
    parser.add_argument("--seconds", type=float, default=600, help="then no further failure")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    limit = QUICK_LIMIT if args.quick else args.limit
    try:
        answers = asyncio.run(
            solve_all(args.model, args.seed, Bounds(limit=limit, seconds=args.seconds))
        )
    except SandboxUnavailable as exc:
        print(f"benchmarks.repair_vs_resample: {exc}", file=sys.stderr)
        return 3
    right = scored(answers)
    report = {kind: _report(answers, right, kind) for kind in ("planted", "own")}
    print(json.dumps(report, indent=1) if args.json else as_text(report))
    return 0


# --- solving: knows nothing of hidden tests ------------------------------------------------------


async def solve_all(model: str, seed: int, bounds: Bounds) -> list[Answer]:
    """Half of the seconds for each kind; a task that has begun is ended."""
    answers: list[Answer] = []
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        async with runtime(model=model) as up:
            table = _always_repair(up.model.info.name).encode()
            await asyncio.to_thread(keep, counts, table)
            for parts, kind in ((("repair",), "planted"), (("seen", "composed", "unseen"), "own")):
                n_failures, until = 0, time.monotonic() + bounds.seconds / 2
                for one in _spread(parts):
                    if n_failures == bounds.limit or time.monotonic() > until:
                        break
                    found = await _arms(up, one, kind, seed, counts)
                    n_failures += bool(found)
                    answers += found
                    if sys.stderr.isatty():
                        print(f"\r{kind}: {n_failures} failures", end="", file=sys.stderr)
    return answers


def _spread(parts: Sequence[Part]) -> list[BenchTask]:
    """The parts' tasks by turns."""
    tasks = [load_bench(part) for part in parts]
    return [row[i] for i in range(max(map(len, tasks))) for row in tasks if i < len(row)]


async def _arms(up: Runtime, one: BenchTask, kind: str, seed: int, counts: Path) -> list[Answer]:
    """All three arms from the same failure; [] where there is none."""
    document = document_from_bytes(one.source.encode())
    task = task_from_file(document, find_function(document, one.entry_point))
    settings = Settings(seed=seed, lens=False, thinking_tokens=0)
    ctx = dataclasses.replace(up.context(settings), counts=counts)
    board = await _failure(ctx, task, kind)
    if board is None:
        return []
    boards = {arm: copy.copy(board) for arm in BOARDS}
    for arm in boards.values():
        arm.judged = list(board.judged)
        arm.tries = []
    await _add(ctx, task, boards["mechanical"], await _mechanical(ctx, task, board))
    n_repair = await _repair(ctx, task, boards["repair"])
    n_resample, n_samples = await _resample(ctx, task, boards["resample"], n_repair)
    n_tries = len(boards["repair"].tries)
    costs = {"repair": (n_repair, n_tries), "resample": (n_resample, n_samples)}
    chosen = {arm: _first(boards[arm]) for arm in BOARDS}
    found = [_answer(one, kind, task, arm, chosen[arm], costs.get(arm, (0, 0))) for arm in BOARDS]
    patch = chosen["mechanical"]
    is_sure = patch is not None and not patch.doubt
    mended = patch if is_sure else chosen["repair"] or patch
    cost = (0, 0) if is_sure else costs["repair"]
    return [*found, _answer(one, kind, task, "repair on", mended, cost)]


def _first(board: Board) -> Candidate | None:
    """The first that passes every example, those without a doubt before others."""
    made = [one.candidate for one in board.passing]
    return min(made, key=lambda one: bool(one.doubt), default=None)


def _answer(
    one: BenchTask, kind: str, task: Task, arm: str, chosen: Candidate | None, cost: tuple[int, int]
) -> Answer:
    return Answer(
        task_id=one.task_id,
        kind=kind,
        arm=arm,
        source=task.program(chosen.code) if chosen else "",
        tokens=cost[0],
        n_branches=cost[1],
        is_proved=chosen is not None and not chosen.doubt,
    )


def _always_repair(model: str) -> str:
    many = {"tried": 10**6, "won": 10**6, "tokens": 10**6}
    never = many | {"won": 0}
    return json.dumps({model: {"repair": many, "restart": never}})


async def _failure(ctx: Context, task: Task, kind: str) -> Board | None:
    board = Board()
    if kind == "planted":
        await look(ctx, task, board)
        return board if board.current and not board.current.passes else None
    await _add(ctx, task, board, await probed(ctx, task))
    return board if board.judged and not board.passing else None


async def _mechanical(ctx: Context, task: Task, board: Board) -> tuple[Candidate, ...]:
    return await (mended(ctx, task, board) if board.judged else patched(ctx, task))


async def _repair(ctx: Context, task: Task, board: Board) -> int:
    for round_ in range(ROUNDS):
        await _add(ctx, task, board, await repaired(ctx, task, board, round_))
        if board.passing:
            break
    return sum(one.tokens for one in board.tries)


async def _resample(ctx: Context, task: Task, board: Board, tokens: int) -> tuple[int, int]:
    """(tokens, samples) spent; the last sample may go over `tokens`, to the good of this arm."""
    spent = n_samples = 0
    while spent < tokens and not board.passing and n_samples < MOST_SAMPLES:
        request = slot_request(ctx, task, hint="", slot=100 + n_samples)
        answers = await ask(ctx, "resample", [request])
        if not answers:
            break
        spent += answers[0].thinking_tokens + answers[0].answer_tokens
        n_samples += 1
        await _add(ctx, task, board, read_all(ctx, task, "resample", answers, [("", "")]))
    return spent, n_samples


async def _add(ctx: Context, task: Task, board: Board, made: Sequence[Candidate]) -> None:
    if made:
        board.add(made[0].origin, await judge_all(ctx, task, made[0].origin, made))


# --- scoring: another process -------------------------------------------------------------------


def scored(answers: Sequence[Answer]) -> list[bool]:
    """Whether each answer passes its hidden tests, in the order of `answers`."""
    command = [sys.executable, "-m", "benchmarks.repair_vs_resample", "score"]
    rows = json.dumps([asdict(a) for a in answers])
    done = subprocess.run(command, input=rows, capture_output=True, text=True, check=True)
    found: list[bool] = json.loads(done.stdout)
    return found


async def score_all(answers: Sequence[dict[str, str]]) -> list[bool]:
    from pipeline.nano.hidden import load_hidden

    hidden, mark = load_hidden(), os.urandom(8).hex()
    jobs = []
    for answer in answers:
        tests = hidden[answer["task_id"]].tests
        checks = "\n".join(f"assert repr({test}) == {wanted!r}" for test, wanted in tests)
        code = f"{answer['source']}\n\n{checks}\nprint({mark!r})\n"
        jobs.append(Job(code=code, form=Program(), limits=HIDDEN_LIMITS))
    sandbox = open_sandbox("docker")
    await sandbox.start()
    try:
        seen = await sandbox.run(jobs)
    finally:
        await sandbox.aclose()
    return [
        one.outcome is Outcome.RETURNED and one.stdout.rstrip().endswith(mark.encode())
        for one in seen
    ]


# --- reporting ----------------------------------------------------------------------------------


def _report(answers: Sequence[Answer], right: Sequence[bool], kind: str) -> dict[str, object]:
    rows = [(a, ok) for a, ok in zip(answers, right, strict=True) if a.kind == kind]
    solved = {arm: [float(ok) for a, ok in rows if a.arm == arm] for arm in ARMS}
    return {
        "failures": len(solved["repair"]),
        "arms": {arm: _arm([row for row in rows if row[0].arm == arm]) for arm in ARMS},
        "repair over resample": _compared(paired(solved["resample"], solved["repair"])),
        "repair on over resample": _compared(paired(solved["resample"], solved["repair on"])),
    }


def _arm(rows: Sequence[tuple[Answer, bool]]) -> dict[str, object]:
    n, n_right = len(rows), sum(ok for _, ok in rows)
    between = wilson(n_right, n)
    tokens = sum(a.tokens for a, _ in rows)
    n_branches = sum(a.n_branches for a, _ in rows)
    return {
        "passes its examples": sum(bool(a.source) for a, _ in rows),
        "proved": sum(a.is_proved for a, _ in rows),
        "proved and right": sum(ok for a, ok in rows if a.is_proved),
        "right": n_right,
        "wilson 95 %": [round(100 * between.low, 1), round(100 * between.high, 1)],
        "tokens": tokens,
        "branches": n_branches,
        "tokens per right answer": round(tokens / n_right) if n_right else None,
    }


def _compared(test: Paired) -> dict[str, object]:
    low, high = test.interval.low, test.interval.high
    is_clear = test.p_value < 0.05
    return {
        "right only here": test.only_second,
        "right only by resample": test.only_first,
        "difference, points": round(100 * test.difference, 1),
        "bootstrap 95 %": [round(100 * low, 1), round(100 * high, 1)],
        "mcnemar p": round(test.p_value, 4),
        "wins": "no clear winner"
        if not is_clear
        else "repair"
        if test.difference > 0
        else "resample",
    }


def as_text(report: dict[str, dict[str, object]]) -> str:
    lines = []
    for kind, one in report.items():
        lines.append(f"{kind} failures: {one['failures']}")
        for name, value in one.items():
            if isinstance(value, dict):
                rows = value.items() if name == "arms" else [(name, value)]
                lines += [f"  {what:36} {_words(numbers)}" for what, numbers in rows]
    return "\n".join(lines)


def _words(numbers: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in numbers.items())


if __name__ == "__main__":
    if sys.argv[1:2] == ["score"]:
        print(json.dumps(asyncio.run(score_all(json.load(sys.stdin)))))
        sys.exit(0)
    sys.exit(main())

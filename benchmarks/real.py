"""What a real model brings: the ladder on HumanEval+, tokens, seconds, batches, a busy machine.

`python -m benchmarks.real MODEL [--quick] [--json]`: `--quick` takes tasks spread over the suite,
about ten minutes with a 1.5B model on two idle cores. One task at a time, so that seconds are
those of an editor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from atlas_lsp.cli import main
from atlas_lsp.exits import OK
from pipeline.bench.figures import Results, load
from pipeline.bench.statistics import paired
from pipeline.models.api import Message, Model, Request, Sampling
from pipeline.wiring import open_model

CONDITIONS = ("A", "E", "R3", "D")
N_TASKS, EVERY = 164, 8
"""HumanEval has so many; `--quick` takes every eighth."""
PROMPT = "```python\ndef total(numbers):\n    ...\n```\n\nWrite it in five different ways."
N_TOKENS = 48


@dataclass(frozen=True, kw_only=True)
class Rung:
    condition: str
    right: float
    low: float
    high: float
    gain: float
    """Over A, in points, on the same tasks."""
    gain_low: float
    gain_high: float
    tokens: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Speed:
    one_worker: float
    """Tokens per second of one job with three candidates."""
    four_workers: float
    """Of four such jobs at the same time."""
    step_ms: float
    step_beside_ms: float
    """While another process runs the same model."""


def rungs_of(results: Results) -> list[Rung]:
    return [_rung(results, name) for name in CONDITIONS]


def _rung(results: Results, name: str) -> Rung:
    one = results.of(name)
    test = paired(_passed(results, "A"), _passed(results, name))
    return Rung(
        condition=name,
        right=100 * one.pass_at_1.rate,
        low=100 * one.pass_at_1.interval.low,
        high=100 * one.pass_at_1.interval.high,
        gain=100 * test.difference,
        gain_low=100 * test.interval.low,
        gain_high=100 * test.interval.high,
        tokens=one.tokens,
        seconds=one.seconds,
    )


def _passed(results: Results, condition: str) -> list[float]:
    rows = [row for row in results.rows if row.condition == condition]
    return [float(row.passed) for row in sorted(rows, key=lambda row: row.task_id)]


# --- speed


async def speed(name: str) -> Speed:
    """Interleaved, three rounds each, medians."""
    model = await open_model(name)
    try:
        await _write(model, 1)
        rounds = [(await _write(model, 1), await _write(model, 4)) for _ in range(3)]
        alone = await _step_ms(model)
        command = ("-m", "benchmarks.real", name, "--spin")
        beside = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE
        )
        try:
            assert beside.stdout is not None
            await beside.stdout.readline()
            busy = await _step_ms(model)
        finally:
            beside.kill()
            await beside.wait()
    finally:
        await model.aclose()
    return Speed(
        one_worker=statistics.median(one for one, _ in rounds),
        four_workers=statistics.median(four for _, four in rounds),
        step_ms=alone,
        step_beside_ms=busy,
    )


async def _write(model: Model, n_jobs: int) -> float:
    """Tokens per second of jobs that come at the same time, each with k = 3."""
    began = time.monotonic()
    done = await asyncio.gather(*(model.complete(_requests(3, job)) for job in range(n_jobs)))
    tokens = sum(one.answer_tokens for completions in done for one in completions)
    return tokens / (time.monotonic() - began)


async def _step_ms(model: Model) -> float:
    """Milliseconds per token of a single sequence."""
    stamps: list[float] = []
    await model.complete(
        _requests(1, 0), on_token=lambda _index, _piece: stamps.append(time.monotonic())
    )
    steps = [after - before for before, after in pairwise(stamps)]
    return 1000 * statistics.median(steps)


def _requests(k: int, job: int) -> list[Request]:
    messages = (Message(role="user", content=f"{PROMPT}\n# {job}"),)
    sampling = Sampling(temperature=0.8)
    seeds = range(10 * job, 10 * job + k)
    return [
        Request(messages=messages, seed=s, max_tokens=N_TOKENS, sampling=sampling) for s in seeds
    ]


async def spin(name: str) -> None:
    """What the other process does until it is killed; it says a line when it has begun."""
    model = await open_model(name)
    await model.complete(_requests(1, 1))
    print("spinning", flush=True)
    while True:
        await model.complete(_requests(1, 1))


# --- the report


def show(rungs: Sequence[Rung], seen: Speed, n_tasks: int) -> None:
    print(
        f"HumanEval+, {n_tasks} tasks, hidden tests, 95 % Wilson interval; load {os.getloadavg()}"
    )
    print(f"{'':<4}{'right':>20}{'against A':>24}{'tokens':>8}{'seconds':>9}")
    for one in rungs:
        rate = f"{one.right:.1f} [{one.low:.1f}, {one.high:.1f}]"
        gain = f"{one.gain:+.1f} [{one.gain_low:+.1f}, {one.gain_high:+.1f}]"
        print(f"{one.condition:<4}{rate:>20}{gain:>24}{one.tokens:>8.0f}{one.seconds:>9.1f}")
    ratio = seen.four_workers / seen.one_worker
    print(
        f"{seen.one_worker:.1f} tokens/s with one worker, {seen.four_workers:.1f} with four"
        f" ({ratio:.2f} times); k = 3"
    )
    print(f"a step takes {seen.step_ms:.0f} ms, beside another process {seen.step_beside_ms:.0f}")


def run(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.spin:
        asyncio.run(spin(args.model))
    folder = args.out or Path(tempfile.mkdtemp(prefix="atlas-real-"))
    every = EVERY if args.quick else 1
    tasks = ",".join(f"HumanEval/{n}" for n in range(0, N_TASKS, every))
    command = ["bench", "run", args.suite, "--out", str(folder), "--quiet", "--workers", "1"]
    command += ["--conditions", ",".join(CONDITIONS), "--tasks", tasks, "--model", args.model]
    try:
        code = main([*command, "--thinking", str(args.thinking)])
        if code != OK:
            return code
        results = load([folder])
    finally:
        if args.out is None:
            shutil.rmtree(folder)
    rungs, seen = rungs_of(results), asyncio.run(speed(args.model))
    if args.json:
        print(
            json.dumps({"ladder": [asdict(one) for one in rungs], "speed": asdict(seen)}, indent=2)
        )
    else:
        show(rungs, seen, results.of("A").n_tasks)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.real", description=__doc__)
    parser.add_argument("model", metavar="PATH|NAME|URL")
    parser.add_argument("--quick", action="store_true", help=f"every {EVERY}th task")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--suite", default="humaneval+", metavar="NAME|PATH")
    parser.add_argument("--thinking", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, help="keep the run here, and go on with it")
    parser.add_argument("--spin", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(run())

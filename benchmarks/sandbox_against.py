"""The sandbox of this checkout beside that of another, in turns: figures of speed do not fall.

`python -m benchmarks.sandbox_against OTHER [--rounds N] [--quick] [--json]`, OTHER being a checkout
(`git worktree add --detach OTHER COMMIT`). Each round starts each side in a process and a pool of
its own, one after the other, so that both meet the same machine; medians over rounds are printed,
and the median of the ratios within rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from sandbox import open_sandbox
from sandbox.api import Call, Job, Limits

HERE = Path(__file__).resolve().parents[1]
CODE = "def f(a, b):\n    return sorted([a, b])\n"
TRIVIAL = Job(code=CODE, form=Call(entry="f", args=(2, 1)))
LOOP = Job(
    code="def f():\n    while True: pass\n",
    form=Call(entry="f"),
    limits=Limits(cpu_s=0.2, wall_s=20.0),
)
N_WARM, N_BULK, N_KILLS = 60, 300, 4
MORE = {"runs a second": True}
"""Of which more is better."""
Figures = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, nargs="?", help="the other checkout")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="2 rounds")
    parser.add_argument("--json", action="store_true", help="one JSON document, no table")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(asyncio.run(measured())))
        return 0
    if args.other is None or not (args.other / "sandbox").is_dir():
        print("benchmarks.sandbox_against: skipped, no other checkout; give one", file=sys.stderr)
        return 0
    n_rounds = 2 if args.quick else args.rounds
    rounds = [(side(args.other), side(HERE)) for _ in range(n_rounds)]
    report = {"load": os.getloadavg()[0], "rounds": n_rounds, "rows": rows(rounds)}
    print(json.dumps(report) if args.json else as_text(report))
    return 0


def side(tree: Path) -> Figures:
    """The figures of one checkout's sandbox."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=True
    )
    found: Figures = json.loads(done.stdout)
    return found


async def measured() -> Figures:
    began = time.perf_counter()
    box = open_sandbox("docker", workers=2)
    await box.start()
    await box.run([TRIVIAL])
    started = time.perf_counter() - began
    try:
        await box.run([TRIVIAL] * 50)
        warm = []
        for _ in range(N_WARM):
            at = time.perf_counter()
            await box.run([TRIVIAL])
            warm.append(time.perf_counter() - at)
        at = time.perf_counter()
        cpu_s = sum(seen.cpu_s for seen in await box.run([TRIVIAL] * N_BULK))
        took = time.perf_counter() - at
        late = []
        for _ in range(N_KILLS):
            at = time.perf_counter()
            (seen,) = await box.run([LOOP])
            late.append(time.perf_counter() - at - seen.wall_s + max(0.0, seen.cpu_s - 0.2))
    finally:
        await box.aclose()
    return {
        "start and first run, s": started,
        "warm p50, ms": 1e3 * statistics.median(warm),
        "runs a second": N_BULK / took,
        "CPU of a test, ms": 1e3 * cpu_s / N_BULK,
        "kill, ms": 1e3 * statistics.median(late),
    }


def rows(rounds: list[tuple[Figures, Figures]]) -> list[dict[str, object]]:
    return [
        {
            "what": what,
            "other": statistics.median(other[what] for other, _ in rounds),
            "here": statistics.median(here[what] for _, here in rounds),
            "ratio": statistics.median(here[what] / other[what] for other, here in rounds),
            "better_is": "more" if MORE.get(what) else "less",
        }
        for what in rounds[0][0]
    ]


def as_text(report: dict[str, object]) -> str:
    lines = [f"{report['rounds']} rounds, load {report['load']:.1f} at the end"]
    lines.append(f"{'what':24} {'other':>9} {'here':>9} {'ratio':>7}  better is")
    found = report["rows"]
    assert isinstance(found, list)
    lines += [
        f"{row['what']:24} {row['other']:9.2f} {row['here']:9.2f} {row['ratio']:7.2f}  "
        f"{row['better_is']}"
        for row in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

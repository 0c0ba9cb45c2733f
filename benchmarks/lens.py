"""What the shipped lens adds: fresh tasks of families that it never saw, labelled in the sandbox.

`python -m benchmarks.lens [--tasks 300] [--k 6] [--pool FILE]`: the lens and every free measure on
the same candidates, with bootstrap intervals over tasks; nano-bench is not touched.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

from pipeline.lens.record import LensError
from pipeline.training.harvest import harvest
from pipeline.training.lens_report import ahead_of, comparisons, ece_of, lens_of, lines_of
from pipeline.training.measure import as_rows, show
from pipeline.training.state_pool import StatePool, load_pool, save_pool
from pipeline.training.tasks import nano_tasks
from pipeline.wiring import runtime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="60 tasks, if none are named")
    parser.add_argument("--tasks", type=int)
    parser.add_argument("--k", type=int, default=6)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--pool", type=Path, help="measure this labelled pool instead")
    parser.add_argument("--keep", type=Path, help="where the fresh pool is kept")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    pool = load_pool(args.pool) if args.pool else asyncio.run(fresh(args))
    if args.keep:
        save_pool(pool, args.keep)
    try:
        lens = lens_of(pool)
    except LensError as exc:
        print(f"nothing to measure: {exc}", file=sys.stderr)
        return 1
    found = comparisons(pool, lens)
    if args.json:
        print(json.dumps({"scores": [row for one in found for row in as_rows(one)]}, indent=2))
        return 0
    print("\n".join(lines_of(lens)))
    print(f"\non {len(pool.x)} fresh candidates of {pool.n_tasks} tasks, families not trained on:")
    for one in found:
        show(one)
    print(ahead_of(pool, lens))
    print(f"ECE of the lens's probability: {ece_of(pool, lens):.3f}")
    print(f"left out of the pool: {pool.about['left_out']}")
    return 0


async def fresh(args: argparse.Namespace) -> StatePool:
    began = time.monotonic()
    async with runtime(sandbox=args.sandbox) as up:
        pool = await harvest(
            up,
            nano_tasks(args.seed, "test"),
            n_tasks=args.tasks or (60 if args.quick else 300),
            k=args.k,
            seed=args.seed,
        )
    print(f"harvested in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return pool


if __name__ == "__main__":
    sys.exit(main())

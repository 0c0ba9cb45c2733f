"""How often the right one of k recorded candidates is chosen, and how well its probability fits.

`python -m benchmarks.select --quick --json`. Every candidate runs once into a matrix; draws of k
are then cheap. Weights are cross-fitted: a task's choice uses weights of other tasks only. Labels
are read by `benchmarks.select_labels` alone, in processes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from pipeline.pools.choosing import Picked, matrix_for, pick
from pipeline.pools.pool import PoolTask, read_pool
from pipeline.running.cache import Cache, key_of
from pipeline.running.matrix import Matrix, plan_of
from pipeline.select.evidence import KINDS, PLAIN
from pipeline.select.posterior import Posterior, from_json
from sandbox import open_sandbox

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "pools"
N_FOLDS, N_SPLITS = 5, 4
N_TASKS_QUICK, N_DRAWS_QUICK = 30, 5
FIT_DRAWS = {3: 12, 8: 10}
FEWER_FIT_DRAWS = 4


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    pool: str
    k: int
    kinds: tuple[str, ...]
    target: str
    baseline: str = "simple"
    """The plain method that differences are taken against."""


ROWS = (
    Row(pool="codegen16b", k=100, kinds=("generated", "agreement"), target="45.0 (SRank 43.07)"),
    Row(pool="codegen16b", k=100, kinds=KINDS, target="58.0 (simple 53.7)"),
    Row(pool="codegen16b", k=8, kinds=KINDS, target="44.0 (simple 42.0)"),
    Row(pool="codegen16b", k=3, kinds=KINDS, target="33.5 (simple 32.6)"),
    Row(
        pool="lcb6",
        k=3,
        kinds=("visible", "agreement"),
        target="27.0, the visible filter",
        baseline="visible",
    ),
    Row(
        pool="lcb6",
        k=8,
        kinds=("visible", "agreement"),
        target="30.4, the visible filter",
        baseline="visible",
    ),
)


def visible_filter(matrix: Matrix, considered: Sequence[int]) -> int:
    """The first of those that pass most visible tests."""
    return max(considered, key=lambda i: sum(v == 1 for v in matrix.visible[matrix.row_of[i]]))


METHODS = {**PLAIN, "visible": visible_filter}


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The tasks of a pool that have a matrix; no labels."""

    name: str
    labels: Path
    cache: Path
    keys: Mapping[str, str]
    matrices: Mapping[str, Matrix]
    sizes: Mapping[str, int]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    rows = [row for row in ROWS if args.pool in ("all", row.pool)]
    if args.k:
        rows = [row for row in rows if row.k in args.k]
    with tempfile.TemporaryDirectory(prefix="atlas-select-") as folder:
        work = Path(folder)
        pools = _pools({row.pool for row in rows}, args, args.cache or work / "matrices")
        if not pools:
            print(f"no pool in {args.data}; give --data DIR", file=sys.stderr)
            return 2
        n_draws = N_DRAWS_QUICK if args.quick else args.draws
        n_splits = 1 if args.quick else N_SPLITS
        made = [
            (row, measure(row, pools[row.pool], work, n_draws, n_splits))
            for row in rows
            if row.pool in pools
        ]
        if args.weights:
            args.weights.write_text(json.dumps(shipped(pools, work), indent=1) + "\n", "utf-8")
    if args.json:
        print(json.dumps([{**row.__dict__, "methods": table} for row, table in made], indent=2))
    else:
        for row, table in made:
            show(row, table, n_draws, len(pools[row.pool].matrices))
    return 0


def _pools(names: set[str], args: argparse.Namespace, cache: Path) -> dict[str, Pool]:
    limit = N_TASKS_QUICK if args.quick else args.limit
    return {
        name: asyncio.run(_pool(name, args.data, cache, limit, args.sandbox))
        for name in sorted(names)
        if (args.data / f"{name}.jsonl.gz").is_file()
    }


async def _pool(name: str, data: Path, folder: Path, limit: int, sandbox: str) -> Pool:
    """Every candidate of every task runs once; what is in the cache does not run again."""
    tasks = list(read_pool(data / f"{name}.jsonl.gz"))
    tasks = Random(0).sample(tasks, min(limit, len(tasks))) if limit else tasks
    cache, began = Cache(folder), time.monotonic()
    box = open_sandbox(sandbox)
    await box.start()
    gate = asyncio.Semaphore(3)

    async def run(one: PoolTask) -> Matrix:
        async with gate:
            return await matrix_for(box, one, range(len(one.programs)), KINDS, cache)

    try:
        matrices = await asyncio.gather(*(run(one) for one in tasks))
    finally:
        await box.aclose()
    took = time.monotonic() - began
    print(f"{name}: {len(tasks)} tasks in matrices after {took:.0f} s", file=sys.stderr)
    return Pool(
        name=name,
        labels=data / f"{name}.labels.jsonl.gz",
        cache=folder,
        keys={one.task.task_id: _key(one) for one in tasks},
        matrices={m.task_id: m for m in matrices},
        sizes={one.task.task_id: len(one.programs) for one in tasks},
    )


def _key(one: PoolTask) -> str:
    plan = plan_of(one.task, one.generated)
    survivors = one.task.kind == "stdio"
    return key_of(one.task.task_id, plan, one.programs, only_survivors=survivors)


# --- choices -------------------------------------------------------------------------------------


def measure(row: Row, pool: Pool, work: Path, n_draws: int, n_splits: int) -> dict[str, Any]:
    """Fit without the task, choose, write, and have the choices scored."""
    began = time.monotonic()
    models = {
        (split, fold): _fitted(row, pool, work, split, fold)
        for split in range(n_splits)
        for fold in range(N_FOLDS)
    }
    path = work / "choices.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for one in _choices(row, pool, models, n_draws, n_splits):
            file.write(json.dumps(one) + "\n")
    job = {"labels": str(pool.labels), "choices": str(path), "baseline": row.baseline}
    table = _labels_process("score", job, work)
    print(f"{row.pool} k={row.k}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return table


def _fitted(row: Row, pool: Pool, work: Path, split: int, fold: int) -> Posterior:
    tasks = [task for task in pool.matrices if _fold(task, split) != fold]
    (model,) = from_json(_weights(row, pool, work, tasks, split))
    return model


def _weights(row: Row, pool: Pool, work: Path, tasks: Sequence[str], seed: int) -> dict[str, Any]:
    job = {
        "name": pool.name,
        "labels": str(pool.labels),
        "cache": str(pool.cache),
        "keys": pool.keys,
        "tasks": list(tasks),
        "kinds": row.kinds,
        "k": row.k,
        "draws": FIT_DRAWS.get(row.k, FEWER_FIT_DRAWS),
        "seed": seed,
    }
    return _labels_process("fit", job, work)


def _labels_process(role: str, job: Mapping[str, Any], work: Path) -> dict[str, Any]:
    asked, answer = work / "job.json", work / "answer.json"
    asked.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.select_labels", role, str(asked), str(answer)]
    subprocess.run(command, check=True, cwd=Path(__file__).parent.parent)
    found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    return found


def _fold(task: str, split: int) -> int:
    return int.from_bytes(sha256(f"{split}/{task}".encode()).digest()[:4], "big") % N_FOLDS


def _choices(
    row: Row,
    pool: Pool,
    models: Mapping[tuple[int, int], Posterior],
    n_draws: int,
    n_splits: int,
) -> Iterator[dict[str, Any]]:
    for at in range(n_draws):
        for task, matrix in pool.matrices.items():
            n = pool.sizes[task]
            rng = Random(f"{at}/{task}")
            considered = sorted(rng.sample(range(n), min(row.k, n)))
            split = at % n_splits
            ours = pick(matrix, considered, row.kinds, models[split, _fold(task, split)])
            shared = {"task_id": task, "draw": at, "considered": considered}
            yield {**shared, **_ours(ours)}
            for name, choose in METHODS.items():
                chosen = choose(matrix, considered)
                yield {**shared, "method": name, "chosen": chosen, "probability": None}


def _ours(picked: Picked) -> dict[str, Any]:
    return {
        "method": "posterior",
        "chosen": picked.index,
        "probability": picked.probability,
        "status": picked.status,
    }


def shipped(pools: Mapping[str, Pool], work: Path) -> dict[str, Any]:
    """Weights for every set of evidence, from the first pool's tasks."""
    pool = pools[sorted(pools)[0]]
    sets = [tuple(k for k, use in zip(KINDS, bits, strict=True) if use) for bits in _BITS]
    models = []
    for kinds in sets:
        for k in (3, 8, 20, 100):
            row = Row(pool=pool.name, k=k, kinds=kinds, target="")
            made = _weights(row, pool, work, list(pool.matrices), 0)
            models += made["models"]
            print(f"weights for {','.join(kinds)}, k={k}", file=sys.stderr)
    return {**made, "models": models}


_BITS = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1) if a or b or c]


# --- output --------------------------------------------------------------------------------------


def show(row: Row, table: Mapping[str, Any], n_draws: int, n_tasks: int) -> None:
    print(
        f"\n{row.pool}, k = {row.k}, evidence {','.join(row.kinds)}: {n_tasks} tasks, "
        f"median of {n_draws} draws; target {row.target}"
    )
    order = ("random", *METHODS, "posterior", "oracle")
    for name in order:
        one = table[name]
        line = f"  {name:<12}{one['median']:6.1f}"
        if "low" in one:
            line += f"  [{one['low']:.1f}, {one['high']:.1f}]"
            line += f"  against {row.baseline} {one['gain']:+.1f}"
            line += f" [{one['gain_low']:+.1f}, {one['gain_high']:+.1f}]"
        if "ece" in one:
            line += f"  ECE {one['ece']:.3f} (by chance {one['ece_by_chance']:.3f})"
        print(line)
    for status, one in table["posterior"]["claims"].items():
        print(
            f"  {status}: {one['precision']:.1f} % right of {one['choices']} choices; "
            f"{one['tasks']} tasks once each: [{one['low']:.1f}, {one['high']:.1f}]"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.select", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few tasks, few draws")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pool", choices=("all", "codegen16b", "lcb6"), default="all")
    parser.add_argument("--k", type=_numbers, default=(), metavar="LIST")
    parser.add_argument("--draws", type=int, default=20, metavar="N")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="tasks of each pool")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the pools")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the matrices here")
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="fit on all tasks, write")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())

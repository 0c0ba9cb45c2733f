"""`python -m pipeline.training.fit --model nano --out FILE`: calibrate the posterior for a model.

Samples candidates for tasks with tests of their own, labels them in the sandbox, and fits the
log-odds sum on what the pipeline would see. None of the tasks is one of a benchmark.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

from pipeline.core.context import Settings
from pipeline.lens.record import lens_folder
from pipeline.running.judge import runnable
from pipeline.running.matrix import Matrix, matrix_of, plan_of
from pipeline.select.calibrated import calibration_file
from pipeline.select.evidence import draw
from pipeline.select.posterior import Labelled, Posterior, fit, to_json
from pipeline.training.harvest import Sampled, label, sample
from pipeline.training.tasks import LabelTask, nano_tasks, suite_tasks
from pipeline.wiring import Runtime, runtime

SIZES = (1, 2, 3, 6)
EVIDENCE = (("visible", "agreement"), ("agreement",), ("visible",))
N_DRAWS = 4
AHEAD = 4


@dataclass(frozen=True, kw_only=True)
class Known:
    """A task's matrix and which of its candidates are right."""

    key: str
    matrix: Matrix
    bare: Matrix
    """The same candidates as if the task had no examples."""
    right: tuple[bool, ...]


async def harvest(up: Runtime, tasks: Sequence[LabelTask], k: int, seed: int) -> list[Known]:
    """`k` labelled candidates of each task; a task without a readable answer is left out."""
    waiting: list[asyncio.Task[Known | None]] = []
    for number, one in enumerate(tasks):
        ctx = up.context(Settings(seed=seed + number, k=k), group=f"fit {number}")
        made = await sample(ctx, one.task, Counter())
        waiting.append(asyncio.create_task(_known(up, one, made)))
        if number >= AHEAD:
            await waiting[number - AHEAD]
        print(f"\r{number + 1} of {len(tasks)} tasks", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [known for known in await asyncio.gather(*waiting) if known]


async def _known(up: Runtime, one: LabelTask, made: Sequence[Sampled]) -> Known | None:
    if not made:
        return None
    _key, rows = await label(up.sandbox, one, made)
    programs = [runnable(one.task, row.candidate) for row in rows]
    bare = replace(one.task, visible=())
    matrix, without = [
        await matrix_of(up.sandbox, task.task_id, plan_of(task), programs)
        for task in (one.task, bare)
    ]
    right = tuple(row.passed for row in rows)
    return Known(key=one.key, matrix=matrix, bare=without, right=right)


def models_of(known: Sequence[Known], seed: int) -> list[Posterior]:
    """One for each set of evidence and size of draw; tasks of one family stay in one fold."""
    return [
        fit(_draws(known, kinds, k, seed), kinds=kinds, k=k) for kinds in EVIDENCE for k in SIZES
    ]


def _draws(known: Sequence[Known], kinds: Sequence[str], k: int, seed: int) -> list[Labelled]:
    rng = Random(f"{seed}/{k}")
    made = []
    for one in known:
        n = len(one.right)
        for _ in range(N_DRAWS if k < n else 1):
            considered = sorted(rng.sample(range(n), min(k, n)))
            seen = draw(one.matrix if "visible" in kinds else one.bare, considered, kinds)
            right = tuple(
                sum(one.right[considered[i]] for i in group.members) / len(group.members)
                for group in seen.groups
            )
            made.append(Labelled(task=one.key, draw=seen, right=right))
    return made


async def run(args: argparse.Namespace) -> None:
    stream = suite_tasks(args.suite) if args.suite else nano_tasks(args.seed, "train")
    tasks = list(islice(stream, args.tasks))
    async with runtime(model=args.model, sandbox=args.sandbox) as up:
        known = await harvest(up, tasks, args.k, args.seed)
        info = up.model.info
    models = models_of(known, args.seed)
    what = f"{info.name}: {len(known)} tasks, {args.k} candidates each, seed {args.seed}"
    data = {**to_json(models, what), "model_sha256": info.sha256}
    out = args.out or lens_folder() / calibration_file(info.sha256)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    right = sum(sum(one.right) for one in known) / sum(len(one.right) for one in known)
    print(f"{out}: {what}; {right:.1%} of the candidates are right", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(prog="pipeline.training.fit", description=__doc__)
    parser.add_argument("--model", default="nano", metavar="PATH|NAME")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: the user's folder")
    parser.add_argument("--suite", type=Path, metavar="FILE", help="tasks with tests of their own")
    parser.add_argument("--tasks", type=int, default=600, metavar="N")
    parser.add_argument("--k", type=int, default=6, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()

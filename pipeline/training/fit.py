"""Calibrates the posterior: samples candidates, labels them in the sandbox, fits the log-odds sum.

`atlas model calibrate` does it for one model. `python -m pipeline.training.fit --across FOLDER...`
makes of several models' labels the cautious weights for a model that nobody calibrated. None of
the tasks is one of a benchmark.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from pipeline.core.context import Settings
from pipeline.running.cache import as_json, matrix_from
from pipeline.running.judge import runnable
from pipeline.running.matrix import Matrix, matrix_of, plan_of
from pipeline.select.evidence import draw
from pipeline.select.posterior import (
    Labelled,
    Posterior,
    fit,
    fit_across,
    to_json,
)
from pipeline.training.harvest import Sampled, label, sample
from pipeline.training.tasks import LabelTask
from pipeline.wiring import Runtime

SIZES = (1, 2, 3, 6)
EVIDENCE = (("visible", "agreement"), ("agreement",), ("visible",))
N_DRAWS = 4
AHEAD = 4
OnTask = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Known:
    """A task's matrix and which of its candidates are right."""

    key: str
    matrix: Matrix
    bare: Matrix
    """The same candidates as if the task had no examples."""
    right: tuple[bool, ...]


async def harvest(
    up: Runtime,
    tasks: Sequence[LabelTask],
    *,
    k: int,
    seed: int,
    folder: Path,
    on_task: OnTask | None = None,
) -> None:
    """`k` labelled candidates of each task, a file each; what is in the folder is not made again.

    A task without a readable answer leaves a file that says so. Raises ModelError, SandboxError,
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, before anything runs
    waiting: list[asyncio.Task[None]] = []
    try:
        for number, one in enumerate(tasks):
            path = folder / f"{number:04d}.json.gz"
            if not path.exists():
                ctx = up.context(Settings(seed=seed + number, k=k), group=f"fit {number}")
                made = await sample(ctx, one.task, Counter())
                waiting.append(asyncio.create_task(_keep(up, one, made, path)))
            if len(waiting) > AHEAD:
                await waiting.pop(0)
            if on_task is not None:
                on_task(number + 1, len(tasks))
        while waiting:
            await waiting.pop(0)
    finally:
        for left in waiting:
            left.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _keep(up: Runtime, one: LabelTask, made: Sequence[Sampled], path: Path) -> None:
    known = await _known(up, one, made)
    data: dict[str, Any] = {"key": one.key}
    if known:
        data |= {
            "matrix": as_json(known.matrix),
            "bare": as_json(known.bare),
            "right": known.right,
        }
    torn = path.with_name(f".torn-{path.name}")
    torn.write_bytes(gzip.compress(json.dumps(data).encode(), 3))
    torn.replace(path)


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


def harvested(folder: Path) -> list[Known]:
    """What lies in the folder; a torn file counts as missing."""
    found = []
    for path in sorted(folder.glob("[0-9]*.json.gz")):
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, EOFError, ValueError):
            continue
        if "right" in data:
            found.append(_known_from(data))
    return found


def _known_from(data: Mapping[str, Any]) -> Known:
    return Known(
        key=data["key"],
        matrix=matrix_from(data["matrix"]),
        bare=matrix_from(data["bare"]),
        right=tuple(data["right"]),
    )


def models_of(known: Sequence[Known], seed: int = 0) -> list[Posterior]:
    """One for each set of evidence and size of draw; tasks of one family stay in one fold."""
    return [
        fit(_draws(known, kinds, k, seed), kinds=kinds, k=k) for kinds in EVIDENCE for k in SIZES
    ]


def cautious_models(by_model: Sequence[Sequence[Known]], seed: int = 0) -> list[Posterior]:
    """The same across models: each is foretold by weights that never saw it, and the least sure
    of these calibrations is kept.
    """
    return [
        fit_across([_draws(known, kinds, k, seed) for known in by_model], kinds=kinds, k=k)
        for kinds in EVIDENCE
        for k in SIZES
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


def write_weights(
    path: Path, models: Sequence[Posterior], fitted_on: str, sha256: str = ""
) -> None:
    """Raises OSError."""
    data = {**to_json(models, fitted_on), "model_sha256": sha256}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="pipeline.training.fit", description=__doc__)
    parser.add_argument("--across", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()
    by_model = [harvested(folder) for folder in args.across]
    names = ", ".join(
        f"{folder.name} ({len(known)} tasks)"
        for folder, known in zip(args.across, by_model, strict=True)
    )
    write_weights(args.out, cautious_models(by_model), f"across {names}")
    print(f"{args.out}: across {names}", file=sys.stderr)


if __name__ == "__main__":
    main()

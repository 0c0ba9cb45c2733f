"""The only part of the selection benchmark that reads labels; each call is a process of its own.

`fit` makes weights from the labels of the tasks it is told, `score` scores choices that are
written. Source of the protocol: shared design, section 5.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from pipeline.bench.statistics import bootstrap, clopper_pearson, ece, paired
from pipeline.running.cache import Cache
from pipeline.running.matrix import Matrix
from pipeline.select.evidence import draw
from pipeline.select.posterior import Labelled, fit, to_json

SMALLEST_OF_ALL = 0.6
"""Where a draw takes all candidates, fits also see draws of this part of them."""
CLAIMS = ("verified", "consistent")
BASELINE = "simple"
N_CHANCES = 50


def labels_of(path: Path) -> dict[str, list[bool]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["task_id"]: row["labels"] for row in rows}


def weights_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """The posterior fitted on `job["tasks"]`, as JSON."""
    labels = labels_of(Path(job["labels"]))
    cache = Cache(Path(job["cache"]))
    data: list[Labelled] = []
    for task in job["tasks"]:
        matrix = cache.get(job["keys"][task])
        if matrix is not None:
            data += _draws(matrix, labels[task], job)
    model = fit(data, kinds=job["kinds"], k=job["k"])
    return to_json([model], f"{job['name']}: {len(job['tasks'])} tasks")


def _draws(matrix: Matrix, labels: Sequence[bool], job: Mapping[str, Any]) -> list[Labelled]:
    n, k = len(labels), job["k"]
    rng = Random(f"fit/{job['seed']}/{matrix.task_id}")
    sizes = [k if k < n else rng.randint(int(SMALLEST_OF_ALL * n), n) for _ in range(job["draws"])]
    return [_labelled(matrix, labels, sorted(rng.sample(range(n), s)), job["kinds"]) for s in sizes]


def _labelled(
    matrix: Matrix, labels: Sequence[bool], considered: Sequence[int], kinds: Sequence[str]
) -> Labelled:
    seen = draw(matrix, considered, kinds)
    right = tuple(
        sum(labels[considered[i]] for i in group.members) / len(group.members)
        for group in seen.groups
    )
    return Labelled(task=matrix.task_id, draw=seen, right=right)


def scores_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """Per method the median over draws of the share of right choices, and what it is worth."""
    labels = labels_of(Path(job["labels"]))
    with Path(job["choices"]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    methods = sorted({row["method"] for row in rows})
    found = {name: [row for row in rows if row["method"] == name] for name in methods}
    base = _by_task(found[job.get("baseline", BASELINE)], labels)
    table = {name: _line(found[name], labels, base) for name in methods}
    considered = found[BASELINE]
    table["random"] = _plain(considered, lambda row: _rate(row, labels))
    table["oracle"] = _plain(considered, lambda row: float(_rate(row, labels) > 0))
    return table


def _rate(row: Mapping[str, Any], labels: Mapping[str, Sequence[bool]]) -> float:
    mine = labels[row["task_id"]]
    return sum(mine[i] for i in row["considered"]) / len(row["considered"])


def _plain(rows: Sequence[Mapping[str, Any]], value: Any) -> dict[str, Any]:
    by_draw: dict[int, list[float]] = {}
    for row in rows:
        by_draw.setdefault(row["draw"], []).append(value(row))
    return {"median": median(100 * sum(v) / len(v) for v in by_draw.values())}


def _by_task(
    rows: Sequence[Mapping[str, Any]], labels: Mapping[str, Sequence[bool]]
) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for row in rows:
        found.setdefault(row["task_id"], []).append(labels[row["task_id"]][row["chosen"]])
    return {task: sum(values) / len(values) for task, values in sorted(found.items())}


def _line(
    rows: Sequence[Mapping[str, Any]],
    labels: Mapping[str, Sequence[bool]],
    base: Mapping[str, float],
) -> dict[str, Any]:
    right = [labels[row["task_id"]][row["chosen"]] for row in rows]
    by_task = _by_task(rows, labels)
    interval = bootstrap(list(by_task.values()))
    against = paired([base[task] for task in by_task], list(by_task.values()))
    made = {
        **_plain(rows, lambda row: float(labels[row["task_id"]][row["chosen"]])),
        "low": 100 * interval.low,
        "high": 100 * interval.high,
        "gain": 100 * against.difference,
        "gain_low": 100 * against.interval.low,
        "gain_high": 100 * against.interval.high,
    }
    if rows[0]["probability"] is None:
        return made
    said = [row["probability"] for row in rows]
    keys = [(row["task_id"], row["chosen"]) for row in rows]
    return {**made, **calibration_of(keys, said, right), "claims": _claims(rows, right)}


def calibration_of(
    keys: Sequence[Hashable], said: Sequence[float], right: Sequence[bool]
) -> dict[str, float]:
    """The error, and what a perfectly calibrated one would show by chance on these choices.

    A candidate (`keys`) is right or wrong once and for all, however many draws choose it.
    """
    rng = Random(0)
    by_chance = []
    for _ in range(N_CHANCES):
        luck = {key: rng.random() for key in dict.fromkeys(keys)}
        by_chance.append(ece(said, [luck[k] < p for k, p in zip(keys, said, strict=True)]))
    return {"ece": ece(said, right), "ece_by_chance": median(by_chance)}


def _claims(rows: Sequence[Mapping[str, Any]], right: Sequence[bool]) -> dict[str, Any]:
    """Precision where something is claimed; the bound counts each task once (the first draw)."""
    made: dict[str, Any] = {}
    for status in CLAIMS:
        hits = [(row, ok) for row, ok in zip(rows, right, strict=True) if row["status"] == status]
        once: dict[str, bool] = {}
        for row, ok in hits:
            once.setdefault(row["task_id"], ok)
        if once:
            bound = clopper_pearson(sum(once.values()), len(once))
            made[status] = {
                "choices": len(hits),
                "precision": 100 * sum(ok for _row, ok in hits) / len(hits),
                "tasks": len(once),
                "low": 100 * bound.low,
                "high": 100 * bound.high,
            }
    return made


ROLES = {"fit": weights_of, "score": scores_of}


def main() -> None:
    role, job, out = sys.argv[1:]
    made = ROLES[role](json.loads(Path(job).read_text("utf-8")))
    Path(out).write_text(json.dumps(made, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""How well a score tells right from wrong: AUC, calibration, and what selecting by it would gain.

Everything is a function of arrays with one row per candidate; intervals draw whole tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.bench.statistics import Interval, bootstrap, ece

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline.training.state_pool import StatePool

    Floats = npt.NDArray[np.floating[Any]]

N_DRAWS = 1000
MARGIN = 0.03
"""AUC by which a lens must beat every free measure (docs/decisions/lens.md)."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One score on one pool; high must mean likely right."""

    name: str
    auc: float
    """Over all candidates: also tells easy tasks from hard ones."""
    auc_within: float | None
    """Mean over tasks that have both right and wrong candidates."""
    auc_interval: Interval | None
    selected: float
    """Share of tasks solved by taking the best by this score; ties at random."""
    gain: float
    """Over a random candidate, in share of tasks."""
    gain_interval: Interval
    n_tasks: int


@dataclass(frozen=True, kw_only=True)
class ScoreComparison:
    """All scores on one pool, with what bounds them."""

    pool: str
    random: float
    oracle: float
    measured: tuple[Measured, ...]

    def of(self, name: str) -> Measured:
        return next(one for one in self.measured if one.name == name)


def free_scores(pool: StatePool) -> dict[str, Floats]:
    """What is known without a lens, each so that high is good."""
    import numpy as np

    scores: dict[str, Floats] = {
        "length": -pool.n_chars.astype(np.float64),
        "mean logprob": _known(pool.mean_logprob),
        "lowest window logprob": _known(pool.min_window_logprob),
    }
    if not np.isnan(pool.cluster).all():
        scores["cluster size"] = _known(pool.cluster)
    return scores


def _known(values: Floats) -> Floats:
    """Unknown is never best."""
    import numpy as np

    return np.where(np.isnan(values), -np.inf, values.astype(np.float64))


def compare(pool: StatePool, scores: Mapping[str, Floats], name: str) -> ScoreComparison:
    """Every score on the same candidates; tasks without a candidate are not counted."""
    import numpy as np

    by_task = [np.flatnonzero(pool.task == task) for task in np.unique(pool.task)]
    means = [float(pool.passed[rows].mean()) for rows in by_task]
    oracle = [bool(pool.passed[rows].any()) for rows in by_task]
    measured = [_measured(label, score, pool, by_task) for label, score in scores.items()]
    return ScoreComparison(
        pool=name,
        random=float(np.mean(means)) if means else 0.0,
        oracle=float(np.mean(oracle)) if oracle else 0.0,
        measured=tuple(measured),
    )


def _measured(
    name: str, score: Floats, pool: StatePool, by_task: list[npt.NDArray[np.intp]]
) -> Measured:
    import numpy as np

    within = [auc(score[rows], pool.passed[rows]) for rows in by_task]
    known = [one for one in within if one is not None]
    chosen = [_selected(score[rows], pool.passed[rows]) for rows in by_task]
    gains = [got - float(pool.passed[rows].mean()) for got, rows in zip(chosen, by_task)]  # noqa: B905
    return Measured(
        name=name,
        auc=auc(score, pool.passed) or 0.5,
        auc_within=float(np.mean(known)) if known else None,
        auc_interval=bootstrap(known, n_draws=N_DRAWS) if known else None,
        selected=float(np.mean(chosen)) if chosen else 0.0,
        gain=float(np.mean(gains)) if gains else 0.0,
        gain_interval=bootstrap(gains, n_draws=N_DRAWS),
        n_tasks=len(by_task),
    )


def _selected(score: Floats, passed: npt.NDArray[np.bool_]) -> float:
    return float(passed[score == score.max()].mean())


def auc(score: Floats, right: npt.NDArray[np.bool_]) -> float | None:
    """P(a right one scores above a wrong one), ties half; None where one kind is missing."""
    import numpy as np

    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if not n_right or not n_wrong:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[right].sum() - n_right * (n_right + 1) / 2) / (n_right * n_wrong))


def lead(
    pool: StatePool, score: Floats, others: Mapping[str, Floats]
) -> tuple[str, float, Interval]:
    """The strongest of the others within tasks, and how far `score` is ahead of it, paired."""
    import numpy as np

    def per_task(values: Floats) -> list[float]:
        tasks = [np.flatnonzero(pool.task == task) for task in np.unique(pool.task)]
        found = [auc(values[rows], pool.passed[rows]) for rows in tasks]
        return [one for one in found if one is not None]

    mine = per_task(score)
    tables = {name: per_task(values) for name, values in others.items()}
    best = max(tables, key=lambda name: float(np.mean(tables[name] or [0.0])))
    differences = [a - b for a, b in zip(mine, tables[best], strict=True)]
    ahead = float(np.mean(differences)) if differences else 0.0
    return best, ahead, bootstrap(differences, n_draws=N_DRAWS)


def calibration_error(probability: Floats, right: npt.NDArray[np.bool_]) -> float:
    """ECE in 15 bins."""
    return ece([float(p) for p in probability], [bool(r) for r in right])


def as_rows(comparison: ScoreComparison) -> list[dict[str, Any]]:
    """For JSON."""
    return [{"pool": comparison.pool, **asdict(one)} for one in comparison.measured]


def show(comparison: ScoreComparison, say: Callable[[str], None] = print) -> None:
    """A table for people."""
    n = comparison.measured[0].n_tasks if comparison.measured else 0
    say(
        f"{comparison.pool}: {n} tasks, random {100 * comparison.random:.1f},"
        f" oracle {100 * comparison.oracle:.1f}"
    )
    say(f"  {'score':24}{'AUC':>6}  {'AUC within task':22}{'selected':>9}  gain over random")
    for one in comparison.measured:
        within = "–"
        if one.auc_within is not None and one.auc_interval is not None:
            low, high = one.auc_interval.low, one.auc_interval.high
            within = f"{one.auc_within:.3f} [{low:.3f}, {high:.3f}]"
        low, high = 100 * one.gain_interval.low, 100 * one.gain_interval.high
        say(
            f"  {one.name:24}{one.auc:6.3f}  {within:22}{100 * one.selected:9.1f}"
            f"  {100 * one.gain:+.1f} [{low:+.1f}, {high:+.1f}]"
        )

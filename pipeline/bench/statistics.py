"""Intervals, paired tests and calibration, from their textbook definitions; pure functions.

Rates are between 0 and 1, intervals are 95 % and two-sided unless another level is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean


@dataclass(frozen=True, kw_only=True)
class Interval:
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.low:.1f} to {100 * self.high:.1f}"


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """Score interval of a rate (Wilson, JASA 22, 1927); the whole range where n is 0.

    A fractional number of successes is allowed: a mean over seeds times the number of tasks.
    """
    if n <= 0:
        return Interval(low=0.0, high=1.0)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    rate = successes / n
    middle = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return Interval(low=max(0.0, min(low, rate)), high=min(1.0, max(high, rate)))


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Exact interval of a rate (Biometrika 26, 1934): never covers less than it says."""
    if n <= 0:
        return Interval(low=0.0, high=1.0)
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else _solve(lambda p: _at_least(successes, n, p) - tail)
    high = 1.0 if successes == n else _solve(lambda p: tail - _at_most(successes, n, p))
    return Interval(low=low, high=high)


def _at_least(k: int, n: int, p: float) -> float:
    return math.fsum(_binomial(i, n, p) for i in range(k, n + 1))


def _at_most(k: int, n: int, p: float) -> float:
    return math.fsum(_binomial(i, n, p) for i in range(k + 1))


def _binomial(k: int, n: int, p: float) -> float:
    if p in (0.0, 1.0):
        return float(k == n * p)
    log_choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log_choose + k * math.log(p) + (n - k) * math.log1p(-p))


def _solve(rising: Callable[[float], float]) -> float:
    """The root in (0, 1) of a function that rises."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two conditions on the same tasks."""

    n: int
    only_first: float
    only_second: float
    """Tasks that one solved and the other did not."""
    difference: float
    """Second minus first."""
    interval: Interval
    """Bootstrap over tasks."""
    p_value: float
    """McNemar's exact test, two-sided."""


def paired(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Paired:
    """Compare solve rates per task (0 or 1, or a mean over seeds), in the same task order.

    McNemar counts a task for the condition that solved it more often.
    """
    only_first = sum(a > b for a, b in zip(first, second, strict=True))
    only_second = sum(b > a for a, b in zip(first, second, strict=True))
    differences = [b - a for a, b in zip(first, second, strict=True)]
    return Paired(
        n=len(differences),
        only_first=only_first,
        only_second=only_second,
        difference=fmean(differences) if differences else 0.0,
        interval=bootstrap(differences, seed=seed),
        p_value=mcnemar(only_first, only_second),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p-value (McNemar, Psychometrika 12, 1947): are the discordant pairs even?"""
    n = only_first + only_second
    fewer = min(only_first, only_second)
    if n == 0 or 2 * fewer == n:
        return 1.0
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**n))


def bootstrap(
    values: Sequence[float], *, seed: int = 0, n_draws: int = 4000, level: float = 0.95
) -> Interval:
    """Percentile interval of the mean over draws of whole tasks (Efron, 1979)."""
    if not values:
        return Interval(low=0.0, high=0.0)
    import numpy as np

    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(values), size=(n_draws, len(values)))
    means = np.asarray(values, dtype=np.float64)[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high))


# --- calibration and abstention ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Bin:
    mean_probability: float
    rate: float
    n: int


def calibration_bins(
    probabilities: Sequence[float], right: Sequence[bool], n_bins: int = 15
) -> tuple[Bin, ...]:
    """Bins of equal width that hold anything."""
    rows: dict[int, list[tuple[float, bool]]] = {}
    for probability, is_right in zip(probabilities, right, strict=True):
        rows.setdefault(min(int(probability * n_bins), n_bins - 1), []).append(
            (probability, is_right)
        )
    return tuple(
        Bin(mean_probability=fmean(p for p, _ in row), rate=fmean(r for _, r in row), n=len(row))
        for _, row in sorted(rows.items())
    )


def ece(probabilities: Sequence[float], right: Sequence[bool], n_bins: int = 15) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): mean gap, weighted by bin size."""
    bins = calibration_bins(probabilities, right, n_bins)
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.mean_probability - one.rate) for one in bins) / n if n else 0.0


def brier(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared error of the probabilities; 0 is perfect."""
    return fmean((p - r) ** 2 for p, r in zip(probabilities, right, strict=True))


def risk_coverage(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple[tuple[float, float], ...]:
    """(share answered, share of those that is wrong), from the surest on; ties move together."""
    order = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for at, (confidence, is_right) in enumerate(order, start=1):
        wrong += not is_right
        if at == len(order) or order[at][0] < confidence:
            points.append((at / len(order), wrong / at))
    return tuple(points)


def aurc(curve: Sequence[tuple[float, float]]) -> float:
    """Area under the risk-coverage curve, by steps: the mean risk over all coverages."""
    area, before = 0.0, 0.0
    for coverage, risk in curve:
        area += (coverage - before) * risk
        before = coverage
    return area

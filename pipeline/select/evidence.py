"""What a matrix says for and against each behaviour: the terms of the one log-odds sum.

Sources: soft overlap as in SRank (arXiv:2311.03366), dual agreement as in CodeT (2207.10397), the
weight of a test that may be wrong from its pass and fail likelihood ratios.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.running.matrix import BROKEN, HUNG, RETURNED, UNRUN, Matrix

Array = NDArray[np.float64]
KINDS = ("visible", "generated", "agreement")
N_ACES = 3
"""Rounds in which the tests' weights settle."""
SAME_WRONG, WRONG_STILL_RIGHT = 0.2, 0.6
"""P(a wrong program gives the test's wrong value), P(a wrong program is right on one input)."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Candidates that behave alike on all inputs that may be used."""

    members: tuple[int, ...]
    """Places in the draw, those of the most frequent program first."""
    terms: Array
    """One value for each name in TERMS."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """The candidates that are considered, grouped, with what is known of the task."""

    considered: tuple[int, ...]
    groups: tuple[Group, ...]
    task_terms: Array
    """One value for each name in TASK_TERMS: for the hypothesis that all are wrong."""


TERMS = (
    *("fails_visible", "any_visible_failed", "passes_visible"),
    *("share", "overlap", "programs", "raises", "nones"),
    *("test_llr", "test_votes", "test_share", "log_tests", "dual_agreement"),
)
TASK_TERMS = (
    *("one", "no_visible", "none_passes", "visible_tests"),
    *("top_share", "top_overlap", "spread", "raises"),
    *("top_votes", "top_share_of_tests", "size"),
)
_OF_KIND = {
    "visible": ("fails_visible", "any_visible_failed", "passes_visible"),
    "agreement": ("share", "overlap", "programs", "raises", "nones"),
    "generated": ("test_llr", "test_votes", "test_share", "log_tests", "dual_agreement"),
}


def used_terms(kinds: Sequence[str]) -> tuple[str, ...]:
    """The terms that these kinds of evidence give."""
    return tuple(name for kind in KINDS if kind in kinds for name in _OF_KIND[kind])


def draw(matrix: Matrix, considered: Sequence[int], kinds: Sequence[str]) -> Draw:
    """The evidence for `considered` (indices of candidates) from these kinds only.

    Inputs near a kind of test count only with that kind.
    """
    seen = _Seen(matrix, considered, kinds)
    groups = seen.groups()
    terms = [seen.terms(rows) for rows in groups]
    made = tuple(
        Group(members=seen.members(rows), terms=np.array(values))
        for rows, values in zip(groups, terms, strict=True)
    )
    return Draw(
        considered=tuple(considered),
        groups=made,
        task_terms=seen.task_terms([group.terms for group in made]),
    )


class _Seen:
    """The part of a matrix that a draw may look at."""

    def __init__(self, matrix: Matrix, considered: Sequence[int], kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._row_of = matrix.rows(considered)
        self._rows = tuple(dict.fromkeys(self._row_of))
        self._n_of = Counter(self._row_of)
        columns = matrix.columns(self._rows, kinds)
        self._texts = {r: tuple(matrix.behaviours[r][i] for i in columns) for r in self._rows}
        self._codes = _codes([self._texts[r] for r in self._rows])
        self._place = {row: at for at, row in enumerate(self._rows)}
        self._weights = np.array([self._n_of[r] for r in self._rows], dtype=np.float64)
        self._visible = {
            row: [v for v in matrix.visible[row] if v >= 0] if "visible" in kinds else []
            for row in self._rows
        }
        has_tests = "generated" in kinds and matrix.groups
        self._tests = _Tests(matrix, self._rows, self._weights) if has_tests else None
        self._agree = self._agreement()
        self._trusted = self._weights * np.array([_trust(self._visible[r]) for r in self._rows])
        if self._tests:
            self._trusted *= (0.1 + self._tests.share()) ** 2

    def _agreement(self) -> Array:
        """[row, row] the share of inputs on which both do the same thing and return."""
        n = len(self._rows)
        if not self._codes.size:
            return np.ones((n, n))
        good = self._codes >= 0
        same = (self._codes[:, None, :] == self._codes[None, :, :]) & good[:, None, :]
        return np.asarray(same.mean(axis=2), dtype=np.float64)

    def groups(self) -> list[tuple[int, ...]]:
        """Rows that did the same on all inputs and tests, in the order of the candidates."""
        found: dict[object, list[int]] = {}
        for row in self._rows:
            alike: object = self._texts[row] if "agreement" in self._kinds else row
            alike = alike or row  # without any input nothing is known to be alike
            found.setdefault((alike, tuple(self._visible[row])), []).append(row)
        return [tuple(rows) for rows in found.values()]

    def members(self, rows: Sequence[int]) -> tuple[int, ...]:
        at = [i for i, row in enumerate(self._row_of) if row in rows]
        return tuple(sorted(at, key=lambda i: -self._n_of[self._row_of[i]]))

    def terms(self, rows: Sequence[int]) -> list[float]:
        named = {**self._visible_terms(rows[0]), **self._agreement_terms(rows)}
        if self._tests:
            named.update(self._tests.terms(self._place[rows[0]], len(rows)))
        return [named.get(name, 0.0) for name in TERMS]

    def _visible_terms(self, row: int) -> Mapping[str, float]:
        results = self._visible[row]
        if not results:
            return {}
        failed = 1 - sum(results) / len(results)
        return {
            "fails_visible": failed,
            "any_visible_failed": float(failed > 0),
            "passes_visible": math.log1p(len(results)) if failed == 0 else 0.0,
        }

    def _agreement_terms(self, rows: Sequence[int]) -> Mapping[str, float]:
        if "agreement" not in self._kinds:
            return {}
        at = self._place[rows[0]]
        n = sum(self._n_of[row] for row in rows)
        others = self._trusted.copy()
        others[at] *= 1 - 1 / self._weights[at]
        total = others.sum()
        texts = self._texts[rows[0]]
        return {
            "share": math.log(n / len(self._row_of)),
            "overlap": float(self._agree[at] @ others / total) if total else 0.0,
            "programs": math.log(len(rows) / len(self._rows)),
            "raises": _fraction(texts, lambda text: not text.startswith(RETURNED)),
            "nones": _fraction(texts, lambda text: text == "= None"),
        }

    def task_terms(self, groups: Sequence[Array]) -> Array:
        table = np.array(groups).reshape(len(groups), len(TERMS))
        best = dict(zip(TERMS, table.max(axis=0), strict=True))
        shares = np.exp(table[:, TERMS.index("share")])
        shares = shares / shares.sum()
        n_visible = max((len(v) for v in self._visible.values()), default=0)
        passing = table[:, TERMS.index("any_visible_failed")] == 0
        named = {
            "one": 1.0,
            "no_visible": float(n_visible == 0),
            "none_passes": float(not passing.any()),
            "visible_tests": math.log1p(n_visible),
            "top_share": float(shares.max()),
            "top_overlap": best["overlap"],
            "spread": float(-(shares * np.log(shares + 1e-12)).sum()),
            "raises": float(table[:, TERMS.index("raises")].mean()),
            "top_votes": best["test_votes"],
            "top_share_of_tests": best["test_share"],
            "size": math.log(len(self._row_of)),
        }
        return np.array([named[name] for name in TASK_TERMS])


def _trust(results: Sequence[int]) -> float:
    """How much a candidate's vote counts: a failed visible test makes it nearly worthless."""
    return 0.05 if any(value == 0 for value in results) else 1.0


def _codes(texts: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Behaviours as numbers, the same one for the same text in a column; -1 for no value."""
    if not texts or not texts[0]:
        return np.zeros((len(texts), 0), dtype=np.int64)
    known: dict[str, int] = {}
    bad = (HUNG, BROKEN, UNRUN)
    return np.array(
        [[-1 if t in bad else known.setdefault(t, len(known)) for t in row] for row in texts],
        dtype=np.int64,
    )


def _fraction(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, texts)) / len(texts) if texts else 0.0


class _Tests:
    """Tests that may be wrong, with how much each is to be believed."""

    def __init__(self, matrix: Matrix, rows: Sequence[int], weights: Array) -> None:
        self._passed = np.array([matrix.generated[r] for r in rows], dtype=np.float64) == 1
        counts = np.array(matrix.counts, dtype=np.float64)
        asked: Counter[int] = Counter()
        for column, count in zip(matrix.test_inputs, counts, strict=True):
            asked[column] += count
        total = np.array([asked[column] for column in matrix.test_inputs])
        self._counts = counts
        self.reliability = self._believed(counts, total, weights)
        best: dict[int, float] = {}
        for column, count in zip(matrix.test_inputs, counts, strict=True):
            best[column] = max(best.get(column, 0.0), count)
        top = [c == best[x] for x, c in zip(matrix.test_inputs, counts, strict=True)]
        self._is_top = np.array(top, dtype=np.float64) * np.sqrt(total)
        self._dual = self._dual_agreement(weights)

    def _believed(self, counts: Array, total: Array, weights: Array) -> Array:
        """P(the expected value is right): its share of the votes on this input, smoothed, and
        the share of candidates that pass it.
        """
        vote = (counts + 0.5) / (total + 1.5)
        passing = (weights @ self._passed + 0.5) / (weights.sum() + 2)
        return np.clip(1 / (1 + np.exp(-(_logit(vote) + _logit(passing)) / 2)), 0.05, 0.95)

    def share(self) -> Array:
        """[rows] the share of tests that are passed, by how many samples wrote them."""
        return np.asarray(self._passed @ self._counts / self._counts.sum())

    def _dual_agreement(self, weights: Array) -> Array:
        """CodeT: programs that pass exactly the same tests, times those tests."""
        patterns: dict[bytes, float] = {}
        keys = [row.tobytes() for row in self._passed]
        for key, weight in zip(keys, weights, strict=True):
            patterns[key] = patterns.get(key, 0.0) + weight
        n_passed = self._passed @ self._counts
        return np.array([math.sqrt(patterns[k]) * n for k, n in zip(keys, n_passed, strict=True)])

    def terms(self, at: int, _n: int) -> Mapping[str, float]:
        passed, r, weight = self._passed[at], self.reliability, np.sqrt(self._counts)
        right = np.where(passed, r, 1 - r)
        wrong_passes = r * WRONG_STILL_RIGHT + (1 - r) * SAME_WRONG
        wrong = np.where(passed, wrong_passes, 1 - wrong_passes)
        llr = np.log(np.clip(right, 0.02, 1) / wrong)
        total = self._dual.max()
        return {
            "test_llr": float(weight @ llr / weight.sum()),
            "test_votes": float(self._is_top @ passed / max(self._is_top.sum(), 1e-9)),
            "test_share": float(self._counts @ passed / self._counts.sum()),
            "log_tests": math.log(0.05 + float(self._counts @ passed / self._counts.sum())),
            "dual_agreement": math.log(0.02 + float(self._dual[at] / total)) if total else 0.0,
        }


def _logit(p: Array) -> Array:
    return np.asarray(np.log(p / (1 - p)), dtype=np.float64)


# --- plain methods, for comparison ---------------------------------------------------------------


def first(_matrix: Matrix, considered: Sequence[int]) -> int:
    return considered[0]


def most_tests(matrix: Matrix, considered: Sequence[int]) -> int:
    """Counting: the candidate that passes most generated tests."""
    counts = matrix.counts

    def passed(index: int) -> float:
        results = matrix.generated[matrix.row_of[index]]
        return sum(n for n, value in zip(counts, results, strict=True) if value == 1)

    return max(considered, key=passed)


def codet(matrix: Matrix, considered: Sequence[int]) -> int:
    """CodeT: the largest product of agreeing programs and tests that they pass."""
    if not matrix.groups:
        return considered[0]
    rows = tuple(dict.fromkeys(matrix.rows(considered)))
    n_of = Counter(matrix.rows(considered))
    tests = _Tests(matrix, rows, np.array([n_of[r] for r in rows], dtype=np.float64))
    best = max(range(len(rows)), key=lambda at: tests.terms(at, 1)["dual_agreement"])
    return next(index for index in considered if matrix.row_of[index] == rows[best])


def aces(matrix: Matrix, considered: Sequence[int]) -> int:
    """ACES: the candidate with the highest sum of tests, each weighted by leave-one-out AUC."""
    if not matrix.groups:
        return considered[0]
    rows = matrix.rows(considered)
    passed = np.array([matrix.generated[r] for r in rows]) == 1
    counts = np.array(matrix.counts, dtype=np.float64)
    return considered[int(_aces_scores(passed, counts).argmax())]


def _aces_scores(passed: NDArray[np.bool_], counts: Array) -> Array:
    """[rows] ACES (arXiv:2604.03922): each test counts by how well it agrees with the ranking by
    all others, its leave-one-out AUC; scaled to 0..1.
    """
    n_rows, n_tests = passed.shape
    trust = np.ones(n_tests)
    for _ in range(N_ACES):
        power = counts * trust
        rest = (passed @ power)[:, None] - passed * power
        trust = np.array([_auc(rest[:, j], passed[:, j]) for j in range(n_tests)])
        trust = np.clip(2 * trust - 1, 0, 1)
    total = float(counts @ trust)
    if not total:
        return np.full(n_rows, 0.5)
    return np.asarray(passed @ (counts * trust) / total, dtype=np.float64)


def _auc(scores: Array, passed: NDArray[np.bool_]) -> float:
    """P(one that passes is ranked above one that fails); a half where all do the same."""
    good, bad = scores[passed], scores[~passed]
    if not len(good) or not len(bad):
        return 0.5
    above = (good[:, None] > bad[None, :]) + 0.5 * (good[:, None] == bad[None, :])
    return float(above.mean())


def b4(matrix: Matrix, considered: Sequence[int]) -> int:
    """B4 (arXiv:2409.08692): the consensus set with the highest posterior under Beta priors."""
    if not matrix.groups:
        return considered[0]
    rows = matrix.rows(considered)
    passed = np.array([matrix.generated[r] for r in rows]) == 1
    keys = [row.tobytes() for row in passed]
    scores = {key: _b4_score(passed, np.array([k == key for k in keys])) for key in set(keys)}
    return considered[max(range(len(rows)), key=lambda i: scores[keys[i]])]


def _b4_score(passed: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    tests = passed[chosen][0]
    rest = passed[~chosen]
    on_right, on_wrong = rest[:, tests], rest[:, ~tests]
    n, n_tests = len(passed), passed.shape[1]
    return (
        _log_beta(on_right.sum() + 1, on_right.size - on_right.sum() + 1)
        + _log_beta(on_wrong.sum() + 1, on_wrong.size - on_wrong.sum() + 1e5)
        + _log_beta(chosen.sum() + 1e3, n - chosen.sum() + 1)
        + _log_beta(tests.sum() + 1e3, n_tests - tests.sum() + 1)
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def visible_then_agreement(matrix: Matrix, considered: Sequence[int]) -> int:
    """Simple: those that pass most visible tests, then the one that agrees with most others."""
    most = max(sum(v == 1 for v in matrix.visible[r]) for r in matrix.rows(considered))
    rows = matrix.rows(considered)
    good = [
        i
        for i, row in zip(considered, rows, strict=True)
        if sum(v == 1 for v in matrix.visible[row]) == most
    ]
    texts = [matrix.behaviours[matrix.row_of[i]] for i in good]

    def agreement(at: int) -> float:
        return sum(sum(a == b for a, b in zip(texts[at], other, strict=True)) for other in texts)

    return good[max(range(len(good)), key=agreement)]


PLAIN: Mapping[str, Callable[[Matrix, Sequence[int]], int]] = {
    "first": first,
    "counting": most_tests,
    "codet": codet,
    "b4": b4,
    "aces": aces,
    "simple": visible_then_agreement,
}

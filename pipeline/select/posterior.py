"""P(each behaviour is the right one) and P(none is): one log-odds sum, fitted and calibrated.

The sum runs over the terms of `evidence.py`; weights by maximum likelihood with an L2
penalty, the winner's probability by Platt scaling on tasks that were held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.select.evidence import KINDS, TASK_TERMS, TERMS, Array, Draw, used_terms

FORMAT = "atlas-posterior-1"
L2 = 0.02
N_STEPS, RATE = 400, 0.05
N_FOLDS = 5
LENS_CLIP = 0.7
VISIBLE_FAILED = 8.0
"""Nats against whoever fails a visible test while another candidate passes all."""
_FAILED = TERMS.index("any_visible_failed")


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Weights for one set of evidence and one number of candidates."""

    kinds: tuple[str, ...]
    k: int
    center: Array
    scale: Array
    weights: Array
    """[TERMS], zero where the evidence does not give the term."""
    none: Array
    """[TASK_TERMS]."""
    platt: tuple[float, float] = (1.0, 0.0)

    def of(self, draw: Draw, lens: Sequence[float] = ()) -> Array:
        """[groups + 1] the probabilities, that of "none of them" last; they sum to 1.

        `lens` has one log-odds term for each group; each is clipped.
        """
        scores = np.array([self.weights @ self._scaled(g.terms) for g in draw.groups])
        scores = scores + _trusted(draw)
        if len(lens):
            scores = scores + np.clip(np.asarray(lens), -LENS_CLIP, LENS_CLIP)
        return _softmax(np.append(scores, self.none @ draw.task_terms))

    def calibrated(self, probability: float) -> float:
        """P(the winner is right), as frequent as it is said."""
        slope, shift = self.platt
        return float(1 / (1 + np.exp(-(slope * _logit(probability) + shift))))

    def _scaled(self, terms: Array) -> Array:
        return np.asarray((terms - self.center) / self.scale)


def _trusted(draw: Draw) -> Array:
    """[groups] what fitting may not overrule: failing a visible test that another one passes."""
    failed = np.array([group.terms[_FAILED] for group in draw.groups])
    return np.asarray(-VISIBLE_FAILED * failed * (failed.min() == 0), dtype=np.float64)


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


# --- fitting -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A draw and the share of right candidates in each of its groups; `task` keeps folds apart."""

    task: str
    draw: Draw
    right: tuple[float, ...]


def fit(data: Sequence[Labelled], *, kinds: Sequence[str], k: int) -> Posterior:
    """Weights from all draws; the calibration from predictions for tasks that were held out.

    Raises ValueError without data.
    """
    if not data:
        raise ValueError("nothing to fit: no draw with labels")
    tasks = sorted({one.task for one in data})
    fold_of = {task: at % N_FOLDS for at, task in enumerate(tasks)}
    foretold: list[tuple[float, float]] = []
    for fold in range(min(N_FOLDS, len(tasks))):
        rest = [one for one in data if fold_of[one.task] != fold]
        if rest:
            held_out = _weights(rest, kinds=kinds, k=k)
            foretold += _foretold(held_out, [one for one in data if fold_of[one.task] == fold])
    return replace(_weights(data, kinds=kinds, k=k), platt=_platt(foretold))


def fit_across(
    by_model: Sequence[Sequence[Labelled]], *, kinds: Sequence[str], k: int
) -> Posterior:
    """Weights from several models' draws, for a model of which nothing is known.

    Each model is foretold by weights from the others only; of the calibrations that this gives,
    the one that is least sure of what looks surest is kept. Raises ValueError for fewer than two.
    """
    if len(by_model) < 2 or not all(by_model):
        raise ValueError("to leave one model out takes draws of two or more")
    lines = []
    for at, out in enumerate(by_model):
        rest = [one for other, data in enumerate(by_model) if other != at for one in data]
        lines.append(_platt(_foretold(_weights(rest, kinds=kinds, k=k), out)))
    everything = _weights([one for data in by_model for one in data], kinds=kinds, k=k)
    return replace(everything, platt=min(lines, key=lambda line: line[0] * _SURE + line[1]))


_SURE = 3.0
"""Log-odds of 0.95, where it is decided what is called consistent."""


def _foretold(model: Posterior, data: Sequence[Labelled]) -> list[tuple[float, float]]:
    """For each draw what the model says of its best group, and the share of it that is right."""
    found = []
    for one in data:
        p = model.of(one.draw)[:-1]
        best = int(p.argmax())
        found.append((float(p[best]), one.right[best]))
    return found


def _weights(data: Sequence[Labelled], *, kinds: Sequence[str], k: int) -> Posterior:
    n_groups = max(len(one.draw.groups) for one in data)
    terms = np.zeros((len(data), n_groups, len(TERMS)))
    there = np.zeros((len(data), n_groups + 1), dtype=bool)
    right = np.zeros((len(data), n_groups + 1))
    trusted = np.zeros((len(data), n_groups))
    for at, one in enumerate(data):
        n = len(one.draw.groups)
        terms[at, :n] = [group.terms for group in one.draw.groups]
        there[at, :n] = there[at, -1] = True
        trusted[at, :n] = _trusted(one.draw)
        right[at, :n] = one.right
        right[at, -1] = float(not any(one.right))
    task_terms = np.array([one.draw.task_terms for one in data])
    known = terms[there[:, :-1]]
    center, spread = known.mean(axis=0), known.std(axis=0)
    scale = np.where(spread > 1e-3, spread, 1.0)
    used = np.array([name in used_terms(kinds) for name in TERMS], dtype=np.float64)
    scaled = (terms - center) / scale * used
    weights, none = _ascend(scaled, trusted, task_terms, there, right)
    return Posterior(
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        k=k,
        center=center,
        scale=scale,
        weights=weights * used,
        none=none,
    )


def _ascend(
    terms: Array, trusted: Array, task_terms: Array, there: NDArray[np.bool_], right: Array
) -> tuple[Array, Array]:
    """Adam on the mean log-likelihood of "a right one is chosen, or none where there is none"."""
    n_terms = terms.shape[2]
    theta = np.zeros(n_terms + task_terms.shape[1])
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, N_STEPS + 1):
        scores = np.concatenate(
            [trusted + terms @ theta[:n_terms], (task_terms @ theta[n_terms:])[:, None]], axis=1
        )
        scores = np.where(there, scores, -np.inf)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        aim = p * right
        aim /= aim.sum(axis=1, keepdims=True) + 1e-12
        pull = aim - p * (aim.sum(axis=1, keepdims=True) > 0)
        gradient = np.concatenate(
            [
                np.einsum("dg,dgt->t", pull[:, :-1], terms) / len(terms),
                pull[:, -1] @ task_terms / len(terms),
            ]
        )
        gradient -= L2 * theta
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        moment = first / (1 - 0.9**step)
        theta += RATE * moment / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return theta[:n_terms], theta[n_terms:]


def _platt(foretold: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope and shift of the log-odds by Newton's method; nearly the identity without data."""
    x = np.array([_logit(p) for p, _ in foretold])
    y = np.array([right for _, right in foretold])
    theta = np.array([1.0, 0.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-(theta[0] * x + theta[1])))
        error, curve = y - p, p * (1 - p) + 1e-9
        gradient = np.array([error @ x, error.sum()]) - (theta - [1.0, 0.0])
        hessian = np.array([[curve @ x**2 + 1, curve @ x], [curve @ x, curve.sum() + 1]])
        step = np.linalg.solve(hessian, gradient)
        # A whole step runs away where nearly all were wrong.
        theta = theta + step * min(1.0, 1.0 / float(np.abs(step).max() + 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(theta[0]), float(theta[1])


# --- storing -------------------------------------------------------------------------------------


def to_json(models: Sequence[Posterior], fitted_on: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "fitted_on": fitted_on,
        "terms": list(TERMS),
        "task_terms": list(TASK_TERMS),
        "models": [
            {
                "kinds": list(one.kinds),
                "k": one.k,
                "platt": [round(v, 4) for v in one.platt],
                **{n: [round(float(v), 4) for v in getattr(one, n)] for n in _ARRAYS},
            }
            for one in models
        ],
    }


_ARRAYS = ("center", "scale", "weights", "none")


def from_json(data: Mapping[str, Any]) -> tuple[Posterior, ...]:
    """Raises ValueError when it was made for other terms."""
    if data.get("format") != FORMAT or data.get("terms") != list(TERMS):
        raise ValueError("the weights of the posterior are of another version; fit them anew")
    return tuple(
        Posterior(
            kinds=tuple(one["kinds"]),
            k=one["k"],
            platt=(one["platt"][0], one["platt"][1]),
            **{name: np.array(one[name]) for name in _ARRAYS},
        )
        for one in data["models"]
    )


def nearest(models: Sequence[Posterior], kinds: Sequence[str], k: int) -> Posterior | None:
    """The model for exactly this evidence and the nearest number of candidates."""
    fitting = [one for one in models if set(one.kinds) == set(kinds)]
    return min(fitting, key=lambda one: abs(math.log(one.k / k)), default=None)


@cache
def shipped() -> tuple[Posterior, ...]:
    """The weights in this package."""
    text = resources.files("pipeline.select").joinpath("posterior.json").read_text("utf-8")
    return from_json(json.loads(text))

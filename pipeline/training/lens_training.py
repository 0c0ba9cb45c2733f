"""Trains a lens with torch; nothing of the server or of a run imports this module.

Pairs of a right and a wrong candidate of the same task, plus a logistic term over all; folds keep
tasks of one family together, and every figure comes from candidates that the fold never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from pipeline.lens.record import Head, Lens
from pipeline.lens.score import CLAMP, apply, distance
from pipeline.training.measure import (
    MARGIN,
    as_rows,
    auc,
    calibration_error,
    compare,
    free_scores,
    lead,
)
from pipeline.training.nano.instance import percent
from pipeline.training.state_pool import StatePool, require_labels

Floats = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]
HIDDEN = 32
EPOCHS = 150
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.02
DROPOUT = 0.3
LOGISTIC = 0.3
"""Weight of the term over all candidates beside the pairs."""
FOLDS = 5
RIDGE = 1e-4
LEAST_TASKS, LEAST_FAILURES = 40, 40
OnFold = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What a head learns: a value per row, and which pairs of rows belong together."""

    target: Floats
    """0 to 1."""
    pairs: npt.NDArray[np.int64]
    """Shape (m, 2): the first should get the lower value."""


def train(pool: StatePool, *, seed: int = 0, on_fold: OnFold | None = None) -> Lens:
    """The lens of a pool, with what it measured on tasks that it had not seen.

    Raises LensError for too few labels.
    """
    require_labels(pool, tasks=LEAST_TASKS, failures=LEAST_FAILURES)
    torch.set_num_threads(1)
    fold = _folds(pool, seed)
    energies = np.zeros(len(pool.x), dtype=np.float32)
    first = _first_rows(pool)
    easy = np.zeros(len(first), dtype=np.float32)
    for number in range(FOLDS):
        rest, out = fold != number, fold == number
        energies[out] = apply(_energy_head(pool.rows(rest), seed), pool.x[out])
        head = _difficulty_head(pool, first[rest[first]], seed)
        easy[out[first]] = apply(head, _prompts(pool, first[out[first]]))
        if on_fold is not None:
            on_fold(number + 1, FOLDS + 1)
    platt = _platt(energies, pool.passed)
    facts = _facts(pool, energies, easy, fold, seed)
    lens = Lens(
        model_sha256=str(pool.about["model_sha256"]),
        model_name=str(pool.about["model_name"]),
        dim=pool.dim,
        energy=replace(_energy_head(pool, seed), slope=platt[0], offset=platt[1]),
        base_rate=float(np.clip(pool.passed.mean(), 0.01, 0.99)),
        earns_its_place=facts["earns_its_place"],
        facts=facts,
    )
    if on_fold is not None:
        on_fold(FOLDS + 1, FOLDS + 1)
    return lens


def _folds(pool: StatePool, seed: int) -> npt.NDArray[np.int64]:
    by_task = np.array([percent(f"fold {seed} {key}") % FOLDS for key in pool.keys])
    return by_task[pool.task].astype(np.int64)


# --- heads ---------------------------------------------------------------------------------------


def _energy_head(pool: StatePool, seed: int) -> Head:
    """Low for right: the pairwise term orders within a task, the logistic one across tasks."""
    pairs = []
    for task in np.unique(pool.task):
        rows = np.flatnonzero(pool.task == task)
        right, wrong = rows[pool.passed[rows]], rows[~pool.passed[rows]]
        pairs += [(a, b) for a in right for b in wrong]
    labels = Labels(
        target=(~pool.passed).astype(np.float32),
        pairs=np.array(pairs, dtype=np.int64).reshape(-1, 2),
    )
    return _fit(pool.x, labels, seed)


def _difficulty_head(pool: StatePool, first: npt.NDArray[np.int64], seed: int) -> Head:
    """High for tasks whose candidates are right: from the prompt alone, before anything is made."""
    rates = np.array([pool.passed[pool.task == pool.task[row]].mean() for row in first])
    labels = Labels(target=rates.astype(np.float32), pairs=np.zeros((0, 2), dtype=np.int64))
    return _fit(_prompts(pool, first), labels, seed)


def _prompts(pool: StatePool, rows: npt.NDArray[np.int64]) -> Floats:
    return pool.x[rows, : pool.dim]


def _first_rows(pool: StatePool) -> npt.NDArray[np.int64]:
    """Of each task its first candidate, the greedy one where it could be read."""
    _, first = np.unique(pool.task, return_index=True)
    return first.astype(np.int64)


def _greedy_passes(pool: StatePool, first: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    passed: npt.NDArray[np.bool_] = pool.passed[first]
    return passed


def _fit(x: Floats, labels: Labels, seed: int) -> Head:
    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-3
    z = torch.from_numpy(np.clip((x - mean) / std, -CLAMP, CLAMP).astype(np.float32))
    target = torch.from_numpy(labels.target)
    generator = torch.Generator().manual_seed(seed)
    w1, b1, w2, b2 = _start(z.shape[1], generator)
    optimiser = torch.optim.AdamW((w1, b1, w2, b2), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    good, bad = torch.from_numpy(labels.pairs[:, 0]), torch.from_numpy(labels.pairs[:, 1])
    has_pairs = len(labels.pairs) > 0
    for _ in range(EPOCHS):
        kept = (torch.rand(z.shape, generator=generator) >= DROPOUT) / (1 - DROPOUT)
        value = functional.silu((z * kept) @ w1.T + b1) @ w2 + b2
        loss = functional.binary_cross_entropy_with_logits(value, target)
        if has_pairs:
            loss = LOGISTIC * loss + functional.softplus(value[good] - value[bad]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    head = Head(
        mean=mean,
        std=std,
        w1=w1.detach().numpy(),
        b1=b1.detach().numpy(),
        w2=w2.detach().numpy(),
        b2=float(b2.detach()),
        slope=1.0,
        offset=0.0,
        farthest=1.0,
    )
    return replace(head, farthest=float(distance(head, x).max()))


def _start(n: int, generator: torch.Generator) -> tuple[Any, Any, Any, Any]:
    w1 = torch.randn(HIDDEN, n, generator=generator) / n**0.5
    w2 = torch.randn(HIDDEN, generator=generator) / HIDDEN**0.5
    parts = (w1, torch.zeros(HIDDEN), w2, torch.zeros(()))
    return tuple(part.requires_grad_() for part in parts)


def _platt(value: Floats, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of log-odds(right) over the value (Platt, 1999)."""
    slope, offset = _logistic(value.astype(np.float64)[:, None], right)
    return float(slope), float(offset)


def _logistic(columns: Wide, right: npt.NDArray[np.bool_]) -> Wide:
    """Weights of the columns and an offset, with Platt's softened targets, by Newton's method."""
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    target = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    design = np.column_stack([columns, np.ones(len(columns))])
    line = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        slope = design.T @ (p - target) + RIDGE * line
        curve = (design * (p * (1 - p))[:, None]).T @ design + RIDGE * np.eye(len(line))
        step = np.linalg.solve(curve, slope)
        line = line - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return line


def _stacked(
    pool: StatePool,
    scores: Mapping[str, npt.NDArray[np.floating[Any]]],
    fold: npt.NDArray[np.int64],
) -> Wide:
    """One score made of several by logistic regression, each fold fitted on the others."""
    columns = np.column_stack([np.where(np.isfinite(s), s, -10.0) for s in scores.values()])
    columns = (columns - columns.mean(axis=0)) / (columns.std(axis=0) + 1e-9)
    made = np.zeros(len(columns))
    for number in range(FOLDS):
        out = fold == number
        line = _logistic(columns[~out], pool.passed[~out])
        made[out] = columns[out] @ line[:-1] + line[-1]
    return made


# --- facts ---------------------------------------------------------------------------------------


def _facts(
    pool: StatePool, energies: Floats, easy: Floats, fold: npt.NDArray[np.int64], seed: int
) -> dict[str, Any]:
    """What was measured on unseen folds; calibration is fitted on the other folds too."""
    free = free_scores(pool)
    probability = np.zeros(len(energies))
    for number in range(FOLDS):
        out = fold == number
        slope, offset = _platt(energies[~out], pool.passed[~out])
        probability[out] = 1 / (1 + np.exp(-(slope * energies[out] + offset)))
    best, ahead, interval = lead(pool, -energies, free)
    without, with_lens = (_stacked(pool, one, fold) for one in (free, {**free, "lens": -energies}))
    _, added, added_interval = lead(pool, with_lens, {"free measures": without})
    first = _first_rows(pool)
    greedy = _greedy_passes(pool, first)
    return {
        "seed": seed,
        "tasks": pool.n_tasks,
        "candidates": len(pool.x),
        "right": int(pool.passed.sum()),
        "pool": dict(pool.about),
        "scores": as_rows(compare(pool, {"lens": -energies, **free}, "unseen folds")),
        "ece": calibration_error(probability, pool.passed),
        "best_free": best,
        "ahead": ahead,
        "ahead_interval": [interval.low, interval.high],
        "added": added,
        "added_interval": [added_interval.low, added_interval.high],
        "earns_its_place": bool(ahead >= MARGIN and interval.low > 0),
        "difficulty_auc": auc(easy, greedy),
        "difficulty_auc_of_prompt_length": auc(-pool.n_prompt_tokens[first].astype(float), greedy),
    }

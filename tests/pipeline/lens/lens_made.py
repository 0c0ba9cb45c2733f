"""Pools and lenses that the tests make themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.task import Candidate
from pipeline.lens.record import Head, Lens
from pipeline.models.api import HiddenStates, ModelInfo
from pipeline.training.state_pool import StatePool

DIM = 6
SHA = "ab" * 32
MODEL = ModelInfo(name="made", backend="made", sha256=SHA, dim=DIM, has_states=True)


def states(value: float, dim: int = DIM) -> HiddenStates:
    parts = np.full((3, dim), value, dtype=np.float32)
    return HiddenStates(prompt_last=parts[0], mean_code=parts[1], last=parts[2])


def candidates(*values: float) -> list[Candidate]:
    return [Candidate(code="", origin="probe", states=states(value)) for value in values]


def head(n: int) -> Head:
    """Energy grows with the mean of the input; zero is fifty-fifty."""
    return Head(
        mean=np.zeros(n, dtype=np.float32),
        std=np.ones(n, dtype=np.float32),
        w1=np.stack([np.full(n, 1 / n), np.full(n, -1 / n)]).astype(np.float32),
        b1=np.zeros(2, dtype=np.float32),
        w2=np.array([1.0, -1.0], dtype=np.float32),
        b2=0.0,
        slope=-1.0,
        offset=0.0,
        farthest=9.0,
    )


def lens(*, sha256: str = SHA, dim: int = DIM, earns: bool = True) -> Lens:
    return Lens(
        model_sha256=sha256,
        model_name="made",
        dim=dim,
        energy=head(3 * dim),
        base_rate=0.5,
        earns_its_place=earns,
        facts={},
    )


def pool(seed: int, *, signal: float, n_tasks: int = 120, k: int = 6) -> StatePool:
    """Candidates whose states know `signal` standard deviations about being right."""
    rng = np.random.default_rng(seed)
    n = n_tasks * k
    task = np.repeat(np.arange(n_tasks), k).astype(np.int32)
    passed = rng.random(n) < 0.6
    x = rng.normal(size=(n, 3 * DIM)).astype(np.float32)
    x[:, DIM : 2 * DIM] += signal * passed[:, None]
    return StatePool(
        x=x,
        task=task,
        passed=passed,
        visible=rng.random(n) < 0.7,
        greedy=np.arange(n) % k == 0,
        mean_logprob=rng.normal(size=n).astype(np.float32),
        min_window_logprob=rng.normal(size=n).astype(np.float32),
        n_chars=rng.integers(20, 90, size=n).astype(np.int32),
        n_prompt_tokens=np.repeat(rng.integers(50, 90, size=n_tasks), k).astype(np.int32),
        cluster=rng.random(n).astype(np.float32),
        keys=keys(n_tasks),
        about={"model_sha256": SHA, "model_name": "made"},
    )


def keys(n_tasks: int) -> tuple[str, ...]:
    """Two tasks of each family."""
    return tuple(f"family {number // 2}" for number in range(n_tasks))


def clipped(values: Sequence[float], limit: float) -> bool:
    return all(-limit <= value <= limit for value in values)

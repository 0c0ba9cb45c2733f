"""Which candidate is submitted, how sure we are, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.context import Context
from pipeline.task import Judged, Task


@dataclass(frozen=True, kw_only=True)
class Choice:
    best: Judged | None
    probability: float | None = None
    """Calibrated P(correct); None where nothing was calibrated."""
    reasons: tuple[str, ...] = ()


async def choose(ctx: Context, task: Task, pool: Sequence[Judged]) -> Choice:
    """Trust in order: visible tests, then the mean logprob; unknown is never best."""
    best = max(pool, key=_rank, default=None)
    return Choice(best=best)


def _rank(judged: Judged) -> tuple[bool, int, float]:
    logprob = judged.candidate.mean_logprob
    return judged.passes, judged.n_passed, logprob if logprob is not None else float("-inf")

"""The candidates judged so far in one job: what a stop, a time-out or an error must not lose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.core.task import Judged

Move = Literal["repair", "restart"]


@dataclass(frozen=True, kw_only=True)
class Try:
    """One branch of a repair round; its tokens are generated ones."""

    move: Move
    tokens: int


class Board:
    """Grows only; the engine writes, stages read."""

    def __init__(self) -> None:
        self.current: Judged | None = None
        """The function as it stood, judged; None for a stub."""
        self.obstacle = ""
        """Why nothing can be judged here, in one line; "" where it can."""
        self.judged: list[Judged] = []
        self.stages: list[str] = []
        self.tries: list[Try] = []

    def add(self, judged: Iterable[Judged]) -> int:
        """Take those whose code is new; returns how many were."""
        known = {one.candidate.code for one in self.judged}
        fresh = [one for one in judged if one.candidate.code not in known]
        self.judged.extend(fresh)
        return len(fresh)

    @property
    def passing(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.passes)

    @property
    def has_proof(self) -> bool:
        """Whether one passes everything and nothing speaks against it."""
        return any(not one.candidate.doubt for one in self.passing)

    @property
    def nearest(self) -> Judged | None:
        """The one that passes most; the function as it stood where nothing else is there."""
        pool = [*self.judged, *([self.current] if self.current else [])]
        return max(pool, key=lambda one: one.n_passed, default=None)

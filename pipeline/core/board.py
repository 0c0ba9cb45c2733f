"""The candidates judged so far in one job: what a stop, a time-out or an error must not lose."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from pipeline.core.context import Context
from pipeline.core.task import Candidate, Judged, Origin, Task
from pipeline.core.wording import many

Move = Literal["repair", "restart"]
Rounds = AsyncGenerator[Sequence[Candidate], None]


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
        self.kept_back = ""
        """The call of the example that the model was not shown; "" where it was shown all."""
        self.end = ""
        """What ended the climb before its last rung, in one line; "" where nothing did."""
        self.judged: list[Judged] = []
        self.stages: list[str] = []
        self.tries: list[Try] = []
        self.news = ""
        """What the last round brought, in words."""

    def add(self, stage: str, judged: Sequence[Judged]) -> None:
        """Take those whose code is new; an answer that is a small edit found before confirms it."""
        known = {one.candidate.code: at for at, one in enumerate(self.judged)}
        fresh = [one for one in judged if one.candidate.code not in known]
        for one in judged:
            at = known.get(one.candidate.code)
            if at is not None and self.judged[at].is_confirmed_by(one):
                self.confirm(self.judged[at])
        self.judged.extend(fresh)
        if judged and stage not in self.stages[-1:]:
            self.stages.append(stage)
        self.news = self._told(len(judged), len(fresh))

    def confirm(self, edit: Judged) -> Judged:
        """The small edit without its doubt, in its own place: an independent answer agrees."""
        sure = replace(edit, candidate=replace(edit.candidate, doubt="", is_confirmed=True))
        self.judged[next(i for i, one in enumerate(self.judged) if one is edit)] = sure
        return sure

    def _told(self, n_made: int, n_new: int) -> str:
        if not n_made:
            return "made no candidate"
        best = self.nearest
        said = f"{many(n_made, 'candidate')}, {n_new} new"
        if not best or not best.visible:
            return said
        return f"{said}, best passes {best.n_passed} of {best.n_visible}"

    @property
    def is_settled(self) -> bool:
        """There is nothing to do, or nothing can be done: what is there passes, or cannot run."""
        return bool(self.obstacle or self.end or (self.current and self.current.passes))

    def made_by(self, origin: Origin) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.candidate.origin == origin)

    @property
    def passing(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.passes)

    @property
    def has_proof(self) -> bool:
        """Whether one passes everything and nothing speaks against it."""
        return any(not one.candidate.doubt and one.is_harmless for one in self.passing)

    @property
    def nearest(self) -> Judged | None:
        """The one that passes most; the function as it stood where nothing else is there."""
        pool = [*self.judged, *([self.current] if self.current else [])]
        return max(pool, key=lambda one: one.n_passed, default=None)


class Rung(Protocol):
    """A stage that makes candidates, once or in rounds; what it yields was judged when it goes on.

    One that is switched off, or has nothing to work on, yields nothing.
    """

    __name__: str

    def __call__(self, ctx: Context, task: Task, board: Board, /) -> Rounds: ...

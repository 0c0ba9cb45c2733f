"""Which survivors do the same on made inputs, which cluster weighs most, and that in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.core.calls import source_of
from pipeline.core.context import Context
from pipeline.core.events import Decided
from pipeline.core.task import SMALL_EDITS, Judged, Origin
from pipeline.running.matrix import Behaviours
from pipeline.select.distinguish import Ruling

WEIGHTS = {Origin.PROBE: 1.0, Origin.MECHANICAL: 0.8, Origin.MEND: 0.6}
"""What one candidate's vote counts by its origin; a greedy answer most, a sample 0.7."""
SAMPLE = 0.7
LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Survivors in clusters of equal behaviour."""

    pool: tuple[Judged, ...]
    seen: Behaviours
    weights: Mapping[tuple[int, ...], float]
    """Of each cluster (indices into the pool), in nats."""

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The heaviest first; of two alike the one that was there earlier."""
        return tuple(sorted(self.weights, key=lambda group: -self.weights[group]))

    @property
    def winner(self) -> tuple[int, ...]:
        return self.groups[0]

    def ruled(self, ruling: Ruling | None) -> Agreement:
        """The same after a judge has said which output is right."""
        if ruling is None:
            return self
        terms = dict.fromkeys(self.weights, 0.0)
        for side, term in zip(ruling.question.sides, ruling.log_odds, strict=True):
            terms.update({group: term for group in terms if group[0] in side})
        return self.plus(terms)

    def plus(self, nats: Mapping[tuple[int, ...], float]) -> Agreement:
        """The same with more evidence on some clusters."""
        weights = {group: weight + nats.get(group, 0.0) for group, weight in self.weights.items()}
        return replace(self, weights=weights)

    def reasons(self, who: str) -> tuple[str, ...]:
        """Who agrees, and where the next cluster differs; () without an input."""
        if not self.seen.inputs:
            return ()
        n = f"{len(self.winner)} of {len(self.pool)}"
        agree = f"{n} {who} agree on {len(self.seen.inputs)} generated inputs"
        found = self.seen.difference(self.winner[0], self.groups[1][0]) if self.groups[1:] else None
        if found is None:
            return (agree,)
        form, ours, theirs = found
        return (agree, f"another one differs: {source_of(form)} {theirs}, ours {ours}")


def agreement(
    ctx: Context,
    pool: Sequence[Judged],
    seen: Behaviours,
    chances: Mapping[int, float] | None = None,
) -> Agreement:
    """Survivors that do the same form a cluster; it weighs its votes, or its P(right) where given.

    `seen` is what they do on inputs, `chances` are by id().
    """
    weights = {group: math.log(_votes(pool, group)) for group in seen.clusters()}
    if chances:
        best = {g: max(chances.get(id(pool[i]), 0.0) for i in g) for g in weights}
        weights = {group: math.log(max(best[group], LEAST)) for group in weights}
    made = Agreement(pool=tuple(pool), seen=seen, weights=weights)
    ctx.emit(
        Decided(
            what="agreement",
            choice=f"cluster of {len(made.winner)} of {len(pool)}",
            numbers={
                "clusters": len(weights),
                "inputs": len(seen.inputs),
                "weight": weights[made.winner],
            },
        )
    )
    return made


def _votes(pool: Sequence[Judged], group: Sequence[int]) -> float:
    return sum(_vote(pool, index) for index in group)


def _vote(pool: Sequence[Judged], index: int) -> float:
    """Later small edits of one search share a parent and count less and less."""
    origin = pool[index].candidate.origin
    earlier = sum(one.candidate.origin == origin for one in pool[:index])
    weight = WEIGHTS.get(origin, SAMPLE)
    return weight / (1 + earlier) if origin in SMALL_EDITS else weight

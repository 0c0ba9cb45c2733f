"""Which candidate is submitted, how sure we are, and why, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.context import Context
from pipeline.events import Decided, StageEnded
from pipeline.select.behaviour import Behaviours, behaviours
from pipeline.select.distinguish import Question, Ruling, distinguish, question_of
from pipeline.select.generator import generated_stdins
from pipeline.select.matrix import shown
from pipeline.select.weigh import weigh
from pipeline.task import Judged, Task

SMALL_EDITS = ("mechanical", "mend")
WEIGHTS = {"probe": 1.0, "mechanical": 0.8, "mend": 0.6}
"""What one candidate's vote counts by its origin; a greedy answer most, a sample 0.7."""
SAMPLE = 0.7


Rank = tuple[bool, int, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Choice:
    best: Judged | None
    probability: float | None = None
    """Calibrated P(correct); None where nothing was calibrated."""
    reasons: tuple[str, ...] = ()
    question: Question | None = None
    survivors: tuple[Judged, ...] = ()
    """What the sides of the question point into."""


async def choose(ctx: Context, task: Task, pool: Sequence[Judged]) -> Choice:
    """Trust in order: visible tests, agreement on generated inputs, posterior, lens, logprob.

    Unknown is never best: a missing logprob sorts last, inputs that cannot be made decide nothing.
    """
    passing = [one for one in pool if one.passes]
    odds = _lens(ctx, passing or pool)
    samples = [one for one in pool if one.candidate.origin not in SMALL_EDITS]
    more = await generated_stdins(ctx, task, samples)
    chances = await weigh(ctx, task, samples, more)
    ranks = {id(one): _rank(one, chances, odds) for one in pool}
    if ctx.settings.agreement and len(passing) > 1:
        seen = await behaviours(ctx, task, passing, more)
        groups = _by_votes(passing, seen)
        question = await _question(ctx, task, passing, seen, groups)
        if question and _judges(ctx):
            groups = _ruled(passing, groups, await distinguish(ctx, task, question))
        choice = _by_agreement(ctx, passing, seen, groups, ranks)
        if ctx.settings.ask:
            choice = replace(choice, question=question, survivors=tuple(passing))
    else:
        choice = Choice(best=max(pool, key=lambda one: ranks[id(one)], default=None))
    return replace(choice, probability=chances.get(id(choice.best)))


def _lens(ctx: Context, pool: Sequence[Judged]) -> dict[int, float]:
    """What the Geometric Lens adds to each candidate (by id()); {} where it abstains, aloud."""
    if not ctx.settings.lens or len(pool) < 2:
        return {}
    from pipeline.lens.score import Abstained, lens_log_odds

    said = lens_log_odds([one.candidate for one in pool], ctx.model.info)
    if isinstance(said, Abstained):
        ctx.emit(StageEnded(stage="lens", acted=False, detail=said.reason))
        return {}
    ctx.emit(StageEnded(stage="lens", acted=True, detail=f"scored {len(said)} candidates"))
    return {id(one): term for one, term in zip(pool, said, strict=True)}


async def undecided(ctx: Context, task: Task, passing: Sequence[Judged]) -> bool:
    """Only small edits pass, and they do not behave alike: too little to stop on."""
    if not ctx.settings.agreement or len(passing) < 2:
        return False
    if any(one.candidate.origin not in SMALL_EDITS for one in passing):
        return False
    return len((await behaviours(ctx, task, passing)).clusters()) > 1


def _by_votes(passing: Sequence[Judged], seen: Behaviours) -> list[tuple[int, ...]]:
    """The clusters, the one with most votes first."""
    return sorted(seen.clusters(), key=lambda group: -_votes(passing, group))


async def _question(
    ctx: Context,
    task: Task,
    passing: Sequence[Judged],
    seen: Behaviours,
    groups: Sequence[Sequence[int]],
) -> Question | None:
    """Where the two strongest behaviours differ, if anyone is there to say which is right."""
    if ctx.stopping or not (ctx.settings.ask or _judges(ctx)):
        return None
    return await question_of(ctx, task, passing, seen, groups)


def _judges(ctx: Context) -> bool:
    return ctx.settings.judge and not ctx.model.info.is_small


def _ruled(
    passing: Sequence[Judged], groups: list[tuple[int, ...]], ruling: Ruling | None
) -> list[tuple[int, ...]]:
    """The clusters by their votes and by what the judge said of their output, in log-odds."""
    if ruling is None:
        return groups
    sides = ruling.question.sides

    def score(group: tuple[int, ...]) -> float:
        terms = [
            term for side, term in zip(sides, ruling.log_odds, strict=True) if group[0] in side
        ]
        return math.log(_votes(passing, group)) + sum(terms)

    return sorted(groups, key=lambda group: -score(group))


def _votes(passing: Sequence[Judged], group: Sequence[int]) -> float:
    return sum(_vote(passing, index) for index in group)


def _by_agreement(
    ctx: Context,
    passing: Sequence[Judged],
    seen: Behaviours,
    groups: Sequence[Sequence[int]],
    ranks: Mapping[int, Rank],
) -> Choice:
    winner = groups[0]
    best = max((passing[i] for i in winner), key=lambda one: ranks[id(one)])
    ctx.emit(
        Decided(
            what="agreement",
            choice=f"cluster of {len(winner)} of {len(passing)}",
            numbers={
                "clusters": len(groups),
                "inputs": len(seen.inputs),
                "votes": _votes(passing, winner),
            },
        )
    )
    return Choice(best=best, reasons=_reasons(passing, seen, winner, groups))


def _vote(passing: Sequence[Judged], index: int) -> float:
    """Later small edits of one search share a parent and count less and less."""
    origin = passing[index].candidate.origin
    earlier = sum(one.candidate.origin == origin for one in passing[:index])
    weight = WEIGHTS.get(origin, SAMPLE)
    return weight / (1 + earlier) if origin in SMALL_EDITS else weight


def _reasons(
    passing: Sequence[Judged],
    seen: Behaviours,
    winner: Sequence[int],
    groups: Sequence[Sequence[int]],
) -> tuple[str, ...]:
    if not seen.inputs:
        return ()
    agree = (
        f"{len(winner)} of {len(passing)} candidates that pass agree on "
        f"{len(seen.inputs)} generated inputs"
    )
    others = [group[0] for group in groups if group[0] not in winner]
    found = seen.difference(winner[0], others[0]) if others else None
    if found is None:
        return (agree,)
    form, ours, theirs = found
    return (agree, f"another one differs on {shown(form)}: {theirs}, ours {ours}")


def _rank(judged: Judged, chances: Mapping[int, float], odds: Mapping[int, float]) -> Rank:
    logprob = judged.candidate.mean_logprob
    return (
        judged.passes,
        judged.n_passed,
        chances.get(id(judged), 0.0),
        odds.get(id(judged), 0.0),
        float("-inf") if logprob is None else logprob,
    )

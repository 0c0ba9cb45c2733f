"""Where two survivors differ: the smallest input that shows it, and votes on which output is right.

After S* (arXiv:2502.14382). The judge sees the description, one input and two outputs, never a
program. What it does not cover: an output may be text that was written to sway the judge.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.ask import ask, user
from pipeline.core.calls import source_of
from pipeline.core.context import Context
from pipeline.core.events import Decided, StageEnded, StageStarted
from pipeline.core.stop import if_possible
from pipeline.core.task import Judged, Question, Task
from pipeline.edits.minimise import reduce
from pipeline.generate.plans import strings_in
from pipeline.models.api import Request, Sampling
from pipeline.prompts import render
from pipeline.running.judge import runnable
from pipeline.running.matrix import RAISED, RETURNED, Behaviours, behaviours_on
from pipeline.testgen.selftests import spoken
from sandbox.api import Call, Form

STAGE = "distinguish"
N_EACH = 3
"""Votes in each order of the outputs: the first greedy, the others sampled."""
JUDGE = 0.65
"""How often a clear vote is right; docs/decisions/posterior.md; to be measured for each model."""
LONGEST = 200
"""Characters of an output that is still worth a question."""
REDUCE_S = 3.0
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"right": {"type": "string", "enum": ["A", "B", "neither"]}},
        "required": ["right"],
    }
)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """How a question was answered."""

    question: Question
    votes: tuple[int | None, ...]
    """The side that each vote took; None for neither and for what could not be read."""
    side: int | None
    """The side that has most votes in both orders of the outputs; None where there is none."""

    @property
    def log_odds(self) -> tuple[float, float]:
        """What it adds to each side; nothing where the votes are split."""
        if self.side is None:
            return (0.0, 0.0)
        term = math.log(JUDGE / (1 - JUDGE))
        return (term, -term) if self.side == 0 else (-term, term)


async def distinguish(ctx: Context, task: Task, question: Question) -> Ruling | None:
    """Votes on which output follows from the description; None, aloud, where it abstains.

    Ends with the job's time, with a stop, and when the model fails.
    """
    ctx.emit(StageStarted(stage=STAGE))
    text = spoken(task)
    if text is None:
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail="no description"))
        return None
    ruling = await if_possible(ctx, STAGE, lambda: _voted(ctx, text, question))
    if ruling is None:
        return None
    said = "votes are split" if ruling.side is None else f"right is {question.outputs[ruling.side]}"
    counts = {f"votes {i}": ruling.votes.count(i) for i in (0, 1)}
    ctx.emit(Decided(what=STAGE, choice=f"{question.shown} {said}", numbers=counts))
    ctx.emit(StageEnded(stage=STAGE, acted=True, detail=said))
    return ruling


# --- the input -----------------------------------------------------------------------------------


async def question_of(
    ctx: Context,
    task: Task,
    pool: Sequence[Judged],
    seen: Behaviours,
    groups: Sequence[Sequence[int]],
) -> Question | None:
    """The smallest known input on which the first two behaviours differ, then made smaller.

    Costs no token. `seen` is of this very pool, `groups` are its clusters, the strongest first.
    """
    for other in groups[1:]:
        one = groups[0]
        call = _shortest(seen, one[0], other[0])
        if call is not None:
            call = await _reduced(ctx, task, (pool[one[0]], pool[other[0]]), call)
            return await _asked(ctx, task, pool, call, (one[0], other[0]))
    return None


def _shortest(seen: Behaviours, one: int, other: int) -> Call | None:
    columns = zip(seen.inputs, seen.rows[one], seen.rows[other], strict=True)
    differing = [call for call, a, b in columns if isinstance(call, Call) and _is_question(a, b)]
    return min(differing, key=lambda call: len(repr(call)), default=None)


def _is_question(one: str, other: str) -> bool:
    """They differ, and in a way that can be said: no time-out, no broken machinery."""
    texts = (one, other)
    return one != other and all(
        t.startswith((RETURNED, RAISED)) and len(t) < LONGEST for t in texts
    )


async def _reduced(ctx: Context, task: Task, pair: Sequence[Judged], call: Call) -> Call:
    """A smaller call on which they still differ, both in the same manner as before."""
    before = [row[0] for row in await _rows(ctx, task, pair, [call])]

    async def still_differs(forms: Sequence[Form]) -> list[bool]:
        rows = await _rows(ctx, task, pair, [form for form in forms if isinstance(form, Call)])
        return [
            _is_question(a, b)
            and _manner(a) == _manner(before[0])
            and _manner(b) == _manner(before[1])
            for a, b in zip(*rows, strict=True)
        ]

    small = await reduce(call, still_differs, time.monotonic() + REDUCE_S)
    return small if isinstance(small, Call) else call


def _manner(text: str) -> str:
    """`= ` for every value, else what was raised."""
    return RETURNED if text.startswith(RETURNED) else text


async def _asked(
    ctx: Context, task: Task, pool: Sequence[Judged], call: Call, pair: tuple[int, int]
) -> Question | None:
    """The question, with everyone who takes a side; None where the difference did not last."""
    texts = [row[0] for row in await _rows(ctx, task, pool, [call])]
    a, b = (texts[index] for index in pair)
    if not _is_question(a, b):
        return None
    return Question(
        call=call,
        source=source_of(call),
        outputs=(a.removeprefix(RETURNED), b.removeprefix(RETURNED)),
        sides=(_indices(texts, a), _indices(texts, b)),
    )


def _indices(texts: Sequence[str], wanted: str) -> tuple[int, ...]:
    return tuple(i for i, text in enumerate(texts) if text == wanted)


async def _rows(
    ctx: Context, task: Task, pool: Sequence[Judged], calls: Sequence[Call]
) -> list[list[str]]:
    programs = [runnable(task, one.candidate) for one in pool]
    return await behaviours_on(ctx.sandbox, programs, calls, group=ctx.group)


# --- the votes -----------------------------------------------------------------------------------


async def _voted(ctx: Context, text: str, question: Question) -> Ruling:
    """Half of the votes see the outputs in the other order; a judge by place convinces nobody."""
    is_swapped = [vote % 2 == 1 for vote in range(2 * N_EACH)]
    requests = [
        _request(ctx, text, question, vote, swapped) for vote, swapped in enumerate(is_swapped)
    ]
    answers = await ask(ctx, STAGE, requests)
    votes = [
        _side(strings_in(answer, "right"), swapped)
        for answer, swapped in zip(answers, is_swapped, strict=False)
    ]
    votes += [None] * (len(requests) - len(votes))
    return Ruling(question=question, votes=tuple(votes), side=_elected(votes))


def _request(ctx: Context, text: str, question: Question, vote: int, swapped: bool) -> Request:
    first, second = question.outputs[::-1] if swapped else question.outputs
    return Request(
        messages=user(
            render(
                "distinguish",
                source=text.rstrip(),
                call=question.source,
                first=first,
                second=second,
            )
        ),
        seed=ctx.settings.seed * 1000 + 800 + vote,
        max_tokens=min(ctx.settings.max_tokens, 32),
        sampling=Sampling(temperature=0.7) if vote > 1 else Sampling(),
        json_schema=SCHEMA,
    )


def _side(said: Sequence[str], swapped: bool) -> int | None:
    place = {"A": 0, "B": 1}.get(said[0]) if len(said) == 1 else None
    return None if place is None else place ^ swapped


def _elected(votes: Sequence[int | None]) -> int | None:
    """The side with more than half of all votes in either order."""
    for side in (0, 1):
        if all(2 * list(order).count(side) > N_EACH for order in (votes[::2], votes[1::2])):
            return side
    return None

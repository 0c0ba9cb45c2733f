"""Which candidate is submitted, how sure we are, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.events import StageEnded
from pipeline.core.task import SMALL_EDITS, Judged, Question, Task
from pipeline.core.worth import pays
from pipeline.select.agreement import Agreement, agreement
from pipeline.select.calibrated import Odds, weigh
from pipeline.select.compare import compare
from pipeline.select.distinguish import distinguish, question_of
from pipeline.select.generator import generated_stdins
from pipeline.select.self_evidence import Own, own_evidence
from sandbox.api import Verdict

ENOUGH_INPUTS = 10
"""Made inputs on which an answer and a small edit must do the same to be one idea."""
Rank = tuple[bool, bool, int, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Choice:
    best: Judged | None
    probability: float | None = None
    """Calibrated P(correct); None where nothing could be weighed."""
    is_own_odds: bool = True
    """Calibrated on this very model, and not across others."""
    reasons: tuple[str, ...] = ()
    own: tuple[Verdict, ...] = ()
    """Of the best one on self-tests."""
    question: Question | None = None
    survivors: tuple[Judged, ...] = ()
    """What the sides of the question point into."""


async def choose(ctx: Context, task: Task, board: Board) -> Choice:
    """Trust in order: visible tests, agreement on generated inputs, posterior, lens, logprob.

    Without visible tests the posterior comes before agreement, which is a part of it.
    Unknown is never best: a missing logprob sorts last, inputs that cannot be made decide nothing.
    """
    if not board.judged:
        return Choice(best=None)
    pool = board.judged
    able = [one for one in pool if one.passes or not task.visible]
    survivors = [one for one in able if one.is_harmless] or able
    odds = _lens(ctx, survivors or pool)
    samples = [one for one in pool if one.candidate.origin not in SMALL_EDITS]
    more = await generated_stdins(ctx, task, samples)
    compared = await compare(ctx, task, [*samples, *survivors], more)
    weighed = weigh(ctx, task, samples, compared)
    chances = weighed.chances
    ranks = {id(one): _rank(one, chances, odds) for one in pool}
    if not ctx.settings.agreement or len(survivors) < 2:
        choice = Choice(best=max(pool, key=lambda one: ranks[id(one)], default=None))
    else:
        seen = compared.behaviours(survivors)
        agreed = agreement(ctx, survivors, seen, {} if task.visible else chances)
        own = await own_evidence(ctx, task, agreed)
        agreed = agreed.plus(own.nats)
        question = await _question(ctx, task, agreed)
        if question and _judges(ctx):
            agreed = agreed.ruled(await distinguish(ctx, task, question))
        choice = Choice(
            best=max((survivors[i] for i in agreed.winner), key=lambda one: ranks[id(one)]),
            reasons=(
                *_own_reasons(own, agreed.winner),
                *agreed.reasons("candidates that pass" if task.visible else "candidates"),
            ),
            own=own.verdicts.get(agreed.winner, ()),
            question=question if ctx.settings.ask else None,
            survivors=agreed.pool,
        )
        choice = _with_odds(choice, weighed)
        return replace(choice, best=_confirmed(board, agreed) or choice.best)
    return _with_odds(choice, weighed)


def _with_odds(choice: Choice, weighed: Odds) -> Choice:
    chance = weighed.chances.get(id(choice.best))
    return replace(choice, probability=chance, is_own_odds=weighed.is_own)


async def _question(ctx: Context, task: Task, agreed: Agreement) -> Question | None:
    """Where the two strongest behaviours differ, if anyone is there to say which is right."""
    if ctx.stopping or not (ctx.settings.ask or _judges(ctx)):
        return None
    return await question_of(ctx, task, agreed.pool, agreed.seen, agreed.groups)


def _confirmed(board: Board, agreed: Agreement) -> Judged | None:
    """The small edit of the winners, where an independent answer does the same on enough inputs:
    it leaves more of the function as it was.
    """
    winners = [agreed.pool[i] for i in agreed.winner]
    if len(agreed.seen.inputs) < ENOUGH_INPUTS:
        return None
    pairs = ((edit, answer) for edit in winners for answer in winners)
    return next((board.confirm(edit) for edit, by in pairs if edit.is_confirmed_by(by)), None)


def _own_reasons(own: Own, winner: tuple[int, ...]) -> Iterator[str]:
    if verdicts := own.verdicts.get(winner):
        yield f"passes {sum(v.passed for v in verdicts)} of {len(verdicts)} self-made tests"
    if broken := own.broken.get(winner):
        yield f"breaks what all examples keep: {', '.join(broken)}"


def _judges(ctx: Context) -> bool:
    return ctx.settings.judge and pays(ctx.model.info, "judge")


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


async def is_proved(ctx: Context, task: Task, board: Board) -> bool:
    """One passes everything and nothing speaks against it: enough to stop.

    Before the model was asked, small edits are enough only where all that pass behave alike.
    """
    if not board.has_proof:
        return False
    passing = board.passing
    was_asked = any(one.candidate.origin not in SMALL_EDITS for one in board.judged)
    if was_asked or len(passing) < 2 or not ctx.settings.agreement:
        return True
    return len((await compare(ctx, task, passing)).behaviours(passing).clusters()) == 1


def _rank(judged: Judged, chances: Mapping[int, float], odds: Mapping[int, float]) -> Rank:
    logprob = judged.candidate.mean_logprob
    return (
        judged.passes,
        not judged.breaks and judged.is_harmless,
        judged.n_passed,
        chances.get(id(judged), 0.0),
        odds.get(id(judged), 0.0),
        float("-inf") if logprob is None else logprob,
    )

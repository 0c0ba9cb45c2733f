"""The end of a job: choose, give it a status that the evidence carries, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.account.contradictions import contradictions
from pipeline.account.side_effects import behaviour_changes
from pipeline.account.status import status_of_judged
from pipeline.account.told_calls import recorded_changes
from pipeline.account.told_tests import about_left_out, about_tests, counted
from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.task import FIRST_ASKED, SMALL_EDITS, Judged, Solution, Status, Task
from pipeline.core.wording import many, printable
from pipeline.running.judge import first_failure
from pipeline.select.choose import Choice


async def conclude(ctx: Context, task: Task, board: Board, choice: Choice) -> Solution:
    """The Solution of what is on the board; never more than the evidence carries.

    The function as it stands is a candidate like any other: what passes no more is not offered.
    """
    if choice.best is None or not _is_better(choice.best, board.current):
        evidence = tuple(why_nothing(ctx, task, board))
        nothing = _solution(ctx, task, board, Status.NONE, Choice(best=None), evidence)
        return replace(nothing, is_right_already=bool(board.current and board.current.passes))
    status = status_of_judged(choice.best, choice.probability, ctx.settings.consistent_at)
    evidence = (
        *evidence_of(ctx, task, board, choice),
        *await recorded_changes(ctx, task, choice.best),
        *await side_effects(ctx, task, choice.best),
    )
    return _solution(ctx, task, board, status, choice, evidence)


def _is_better(best: Judged, current: Judged | None) -> bool:
    if best.breaks:
        return False
    return current is None or best.passes or best.n_passed > current.n_passed


def why_nothing(ctx: Context, task: Task, board: Board) -> Iterator[str]:
    """Why nothing is offered, what was tried, and what to do."""
    if board.current and board.current.passes:
        yield _already(board.current)
        yield from about_left_out(task)
        return
    if board.obstacle:
        yield board.obstacle
        return
    broken = board.current.unjudged if board.current else None
    breaking = next((one for one in board.judged if one.breaks), None)
    best = max((one.n_passed for one in board.judged), default=0)
    if broken:
        yield f"the sandbox could not run the tests: {broken.detail}"
    elif breaking:
        yield f"what passes its tests breaks {breaking.breaks}"
    elif board.current and board.judged:
        yield (
            f"nothing better than what is there, which passes {board.current.n_passed} of "
            f"{board.current.n_visible}: the best that was tried passes {best}"
        )
    elif not board.end:
        yield "the model gave no function that can be read, and no small edit helps"
    yield from map(str, contradictions(task))
    if board.current and (failure := first_failure(board.current)):
        yield f"fails: {failure.detail}"
    yield from about_end(ctx, board)
    yield from about_left_out(task)
    if board.judged:
        yield f"tried {many(len(board.judged), 'candidate')} in {', '.join(board.stages)}"


def about_end(ctx: Context, board: Board) -> Iterator[str]:
    """What ended the search early, and what would let it go on."""
    if board.end:
        yield board.end
    elif ctx.stopping:
        yield "stopped before the search was over"
    elif ctx.tokens_left <= 0:
        yield f"the budget of {ctx.settings.token_budget} tokens is used up"


async def side_effects(ctx: Context, task: Task, best: Judged | None) -> tuple[str, ...]:
    """What the chosen repair changes beyond the failing examples; nothing for a stub."""
    if best is None or task.is_stub:
        return ()
    made = best.candidate
    return await behaviour_changes(ctx, task, task.statement, made.code, imports=made.imports)


BORROWED = ", by the odds of other models; `atlas model calibrate` fits this one's"


def evidence_of(ctx: Context, task: Task, board: Board, choice: Choice) -> tuple[str, ...]:
    """Plain sentences about the choice, strongest first."""
    best = choice.best
    lines = [f"new: it {what}" for what in (best.candidate.capabilities if best else ())]
    lines += map(str, contradictions(task))
    if not task.visible:
        lines.append("no doctest to check against: the status is at best `consistent`")
        lines += about_left_out(task)
    if choice.best:
        lines += about_visible(ctx, task, board.current, choice.best)
        doubt = choice.best.candidate.doubt or choice.best.why_no_proof
        if choice.best.passes and doubt:
            lines.append(f"not called verified: {doubt}")
        if choice.best.passes and board.kept_back and choice.best.candidate.origin in FIRST_ASKED:
            lines.append(f"holds for `{board.kept_back}` too, which the model was not shown")
        lines.append(about_origin(choice.best))
    if choice.probability is not None:
        whose = "" if choice.is_own_odds else BORROWED
        lines.append(f"estimated probability of being right: {choice.probability:.0%}{whose}")
    lines += choice.reasons
    lines += about_end(ctx, board)
    n_rejected = sum(1 for one in board.judged if one is not choice.best)
    if n_rejected:
        lines.append(f"{many(n_rejected, 'other candidate')} rejected")
    return tuple(lines)


def about_visible(ctx: Context, task: Task, current: Judged | None, best: Judged) -> list[str]:
    if not best.visible:
        return []
    if broken := best.unjudged:
        return [f"the sandbox could not run the tests: {broken.detail}"]
    where = f"{ctx.sandbox.kind} sandbox"
    lines = [f"passes {counted(best)}, run twice in the {where}"]
    if current:
        before = f"{current.n_passed} of {current.n_visible}"
        failure = first_failure(current)
        lines.append(f"before: {before}" + (f" ({failure.detail})" if failure else ""))
    lines += about_tests(task, best)
    if task.loading.where:
        lines.append(f"run as {task.loading.where}")
    if task.loading.why_cut:
        lines.append(f"run with the part of the module that it needs: {task.loading.why_cut}")
    failure = first_failure(best)
    return [*lines, f"still fails: {failure.detail}"] if failure else lines


def about_origin(best: Judged) -> str:
    made = best.candidate
    how = (
        f", {made.plan}"
        if made.origin in SMALL_EDITS
        else f", plan: {made.plan}"
        if made.plan
        else ""
    )
    if made.is_confirmed:
        how += "; an independent answer of the model does the same"
    framing = f", framing: {made.perturbation}" if made.perturbation else ""
    return f"made by {made.origin}{how}{framing}"


def _already(current: Judged) -> str:
    return f"the function already passes {counted(current)}; nothing to change"


def _solution(
    ctx: Context,
    task: Task,
    board: Board,
    status: Status,
    choice: Choice,
    evidence: tuple[str, ...],
) -> Solution:
    return Solution(
        task_id=task.task_id,
        status=status,
        chosen=replace(choice.best, own=choice.own) if choice.best else None,
        probability=choice.probability,
        evidence=tuple(map(printable, evidence)),
        obstacle=board.obstacle,
        rejected=tuple(one for one in board.judged if one is not choice.best),
        stages=tuple(board.stages),
        seed=ctx.settings.seed,
        ledger=ctx.ledger,
        question=choice.question,
        survivors=choice.survivors,
    )

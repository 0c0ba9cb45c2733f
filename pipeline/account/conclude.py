"""The end of a job: choose, give it a status that the evidence carries, and say why."""

from __future__ import annotations

from dataclasses import replace

from pipeline.account.contradictions import contradictions
from pipeline.account.side_effects import behaviour_changes
from pipeline.account.status import status_of_judged
from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.task import Judged, Solution, Status, Task
from pipeline.running.judge import first_failure
from pipeline.select.choose import Choice, choose
from sandbox.api import BROKEN_MACHINERY


async def conclude(ctx: Context, task: Task, board: Board) -> Solution:
    """The Solution of what is on the board; never more than the evidence carries."""
    if board.current and board.current.passes:
        return _solution(
            ctx, task, board, Status.NONE, Choice(best=None), (_already(board.current),)
        )
    if board.obstacle:
        return _solution(ctx, task, board, Status.NONE, Choice(best=None), (board.obstacle,))
    choice = await choose(ctx, task, board.judged)
    status = status_of_judged(choice.best, choice.probability, ctx.settings.consistent_at)
    evidence = (*evidence_of(ctx, task, board, choice), *await side_effects(ctx, task, choice.best))
    return _solution(ctx, task, board, status, choice, evidence)


async def side_effects(ctx: Context, task: Task, best: Judged | None) -> tuple[str, ...]:
    """What the chosen repair changes beyond the failing examples; nothing for a stub."""
    if best is None or task.is_stub:
        return ()
    made = best.candidate
    return await behaviour_changes(ctx, task, task.statement, made.code, imports=made.imports)


def evidence_of(ctx: Context, task: Task, board: Board, choice: Choice) -> tuple[str, ...]:
    """Plain sentences about the choice, strongest first."""
    lines = [str(found) for found in contradictions(task)]
    if not task.visible:
        lines.append("no doctest to check against: the status is at best `consistent`")
    if choice.best:
        lines += about_visible(ctx, board.current, choice.best)
        if choice.best.passes and choice.best.candidate.doubt:
            lines.append(f"not called verified: {choice.best.candidate.doubt}")
        lines.append(about_origin(choice.best))
    if choice.probability is not None:
        lines.append(f"estimated probability of being right: {choice.probability:.0%}")
    lines += choice.reasons
    n_rejected = sum(1 for one in board.judged if one is not choice.best)
    if n_rejected:
        lines.append(f"{n_rejected} other candidates were rejected")
    return tuple(lines)


def about_visible(ctx: Context, current: Judged | None, best: Judged) -> list[str]:
    if not best.visible:
        return []
    broken = [v for v in best.visible if v.observation.outcome in BROKEN_MACHINERY]
    if broken:
        return [f"the sandbox could not run the tests: {broken[0].detail}"]
    where = f"{ctx.sandbox.kind} sandbox"
    lines = [f"passes {best.n_passed} of {best.n_visible} examples, run twice in the {where}"]
    if current and best.passes:
        before = f"{current.n_passed} of {current.n_visible}"
        failure = first_failure(current)
        lines.append(f"before: {before}" + (f" ({failure.detail})" if failure else ""))
    failure = first_failure(best)
    return [*lines, f"still fails: {failure.detail}"] if failure else lines


def about_origin(best: Judged) -> str:
    made = best.candidate
    how = (
        f", {made.plan}"
        if made.origin in ("mechanical", "mend")
        else f", plan: {made.plan}"
        if made.plan
        else ""
    )
    framing = f", framing: {made.perturbation}" if made.perturbation else ""
    return f"made by {made.origin}{how}{framing}"


def _already(current: Judged) -> str:
    return f"the function already passes its {current.n_visible} examples; nothing to change"


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
        evidence=evidence,
        obstacle=board.obstacle,
        rejected=tuple(one for one in board.judged if one is not choice.best),
        stages=tuple(board.stages),
        seed=ctx.settings.seed,
        ledger=ctx.ledger,
        question=choice.question,
        survivors=choice.survivors,
    )

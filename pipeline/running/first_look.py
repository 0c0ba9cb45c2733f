"""What there is before anything is changed: does it run here, and what does it already pass?"""

from __future__ import annotations

from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.task import Candidate, Origin, Task
from pipeline.running.judge import first_failure, judge_all
from pipeline.running.lacking import lacking
from pipeline.source.kept_back import with_one_kept_back

NOTHING_WRONG = (
    "no example and no test says what the function should do: nothing to repair; give it a doctest"
)


async def look(ctx: Context, task: Task, board: Board) -> Task:
    """Judge the function as it stands, and say on the board why nothing could be judged here.

    A stub is known to fail. Costs no token. Gives the task as it is told to a model.
    """
    board.obstacle = task.loading.obstacle
    if board.obstacle:
        return task
    if not task.is_stub and task.visible:
        current = Candidate(code=task.statement, origin=Origin.CURRENT)
        (board.current,) = await judge_all(ctx, task, Origin.CURRENT, [current])
    elif not task.is_stub:
        board.end = NOTHING_WRONG
    if not board.is_settled and (absent := await lacking(ctx, task, board.current)):
        where = task.loading.environment
        mend = f"; install what is missing in {where}" if where else ""
        board.obstacle = (
            f"cannot be judged here: the sandbox has not {', '.join(absent)}, which the function "
            f"or its examples import{mend}"
        )
    if not ctx.settings.keep_back:
        return task
    failure = first_failure(board.current) if board.current else None
    told, board.kept_back = with_one_kept_back(task, failure)
    return told

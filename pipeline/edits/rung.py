"""Mechanical repair as stages of the engine: patches become candidates."""

from __future__ import annotations

from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.events import Progress
from pipeline.core.task import Candidate, Task
from pipeline.edits.mechanical import repair_mechanically

MOST_PATCHES = 3
MENDED = "a small edit of a wrong answer, which is wrong too often to be proved by examples alone"
"""4 of 9 were right on nano's own failures (`benchmarks/repair_vs_resample.py`)."""


async def mechanical(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """The best few plausible patches of the function as it stands, found without the model."""
    ctx.emit(Progress(message="mechanical: trying small edits"))
    return await _patched(ctx, task, task.statement, "mechanical", None)


async def mend(ctx: Context, task: Task, board: Board) -> tuple[Candidate, ...]:
    """The same for the candidate that came nearest: often one constant or name is wrong."""
    if not task.visible or not board.judged:
        return ()
    nearest = max(range(len(board.judged)), key=lambda i: board.judged[i].n_passed)
    ctx.emit(Progress(message="mend: trying small edits of the nearest candidate"))
    code = board.judged[nearest].candidate.code
    return await _patched(ctx, task, code, "mend", nearest)


async def _patched(
    ctx: Context, task: Task, code: str, origin: str, parent: int | None
) -> tuple[Candidate, ...]:
    patches = await repair_mechanically(
        ctx.sandbox,
        task,
        code=code,
        deadline_s=ctx.settings.mechanical_s,
        max_patches=MOST_PATCHES,
        jobs_group=ctx.group,
    )
    return tuple(
        Candidate(
            code=patch.code,
            origin=origin,
            plan="; ".join(patch.edits),
            parent=parent,
            doubt=patch.doubt or (MENDED if parent is not None else ""),
        )
        for patch in patches
    )

"""Mechanical repair as stages of the engine: patches become candidates."""

from __future__ import annotations

from pipeline.core.board import Board, Rounds
from pipeline.core.context import Context
from pipeline.core.events import Progress, StageStarted
from pipeline.core.task import Candidate, Origin, Task
from pipeline.edits.fixer import fixes
from pipeline.edits.mechanical import repair_mechanically

MOST_PATCHES = 3
TESTS_TAKE = 3.0
"""Times the CPU seconds where the project's tests judge: a version takes 20 ms and not one."""
MENDED = "a small edit of a wrong answer, which is wrong too often to be proved by examples alone"
"""4 of 9 were right on nano's own failures (`benchmarks/repair_vs_resample.py`)."""


async def mechanical(ctx: Context, task: Task, _board: Board) -> Rounds:
    """The best few plausible patches of the function as it stands, found without the model."""
    if not ctx.settings.mechanical or task.is_stub:
        return
    ctx.emit(StageStarted(stage=Origin.MECHANICAL))
    ctx.emit(Progress(message="mechanical: trying small edits"))
    yield await patched(ctx, task)


async def mend(ctx: Context, task: Task, board: Board) -> Rounds:
    """The same for the candidate that came nearest: often one constant or name is wrong."""
    if not ctx.settings.mechanical or not task.visible or not board.judged:
        return
    ctx.emit(StageStarted(stage=Origin.MEND))
    if plain := fixed(task, board):
        yield plain
    ctx.emit(Progress(message="mend: trying small edits of the nearest candidate"))
    yield await mended(ctx, task, board)


async def patched(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    return await _patched(ctx, task, task.statement, Origin.MECHANICAL, None)


def fixed(task: Task, board: Board) -> tuple[Candidate, ...]:
    """The nearest candidate with its plain faults put right; () where it has none."""
    nearest = _nearest(board)
    return tuple(
        Candidate(code=code, origin=Origin.MEND, plan=what, parent=nearest)
        for code, what in fixes(task, board.judged[nearest].candidate.code)
    )


def _nearest(board: Board) -> int:
    return max(range(len(board.judged)), key=lambda i: board.judged[i].n_passed)


async def mended(ctx: Context, task: Task, board: Board) -> tuple[Candidate, ...]:
    """Small edits of the candidate that passes most."""
    nearest = _nearest(board)
    code = board.judged[nearest].candidate.code
    return await _patched(ctx, task, code, Origin.MEND, nearest)


async def _patched(
    ctx: Context, task: Task, code: str, origin: Origin, parent: int | None
) -> tuple[Candidate, ...]:
    patches = await repair_mechanically(
        ctx.sandbox,
        task,
        code=code,
        n_runs=ctx.settings.mechanical_runs,
        cpu_s=ctx.settings.mechanical_cpu_s * (TESTS_TAKE if _by_tests(task) else 1.0),
        deadline_s=ctx.settings.timeout_s / 2 if _by_tests(task) else None,
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


def _by_tests(task: Task) -> bool:
    return bool(task.tested and task.tested.counted)

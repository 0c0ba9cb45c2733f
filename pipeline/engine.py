"""The pipeline on one page: probe, generate, select, repair; stop at the first proof."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from pipeline.account.conclude import conclude
from pipeline.core.board import Board
from pipeline.core.context import Context
from pipeline.core.events import StageEnded, StageStarted
from pipeline.core.stop import until_stopped
from pipeline.core.task import Candidate, Judged, Solution, Task
from pipeline.edits.rung import mechanical, mend
from pipeline.generate.candidates import generate, probe
from pipeline.repair.prcot import learned, repair
from pipeline.running.judge import judge_all
from pipeline.running.lacking import lacking
from pipeline.running.remembered import remembering
from pipeline.select.choose import undecided

Rung = Callable[[], Awaitable[Sequence[Candidate]]]


async def solve(ctx: Context, task: Task) -> Solution:
    """Turn a task into a Solution with its evidence.

    A time limit, an empty budget and a stop end the climb and keep the best so far.
    Raises only for broken machinery (ModelError, SandboxError) and when it is cancelled.
    """
    ctx, board, began = remembering(ctx), Board(), time.monotonic()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ctx.settings.timeout_s):
            await until_stopped(ctx, climb(ctx, task, board))
    learned(ctx, board)
    # The choice may ask the model once more, in what is left of the time.
    ctx.ledger.wall_s = time.monotonic() - began
    solution = await conclude(ctx, task, board)
    ctx.ledger.wall_s = time.monotonic() - began
    return solution


async def climb(ctx: Context, task: Task, board: Board) -> None:
    """Each rung runs only when those before it left nothing proved; the cheapest come first."""
    settings = ctx.settings
    await judge_current(ctx, task, board)
    if board.current and board.current.passes:
        return
    if absent := await lacking(ctx, task, board.current):
        board.obstacle = (
            f"cannot be judged here: the sandbox has not {', '.join(absent)}, which the function "
            "or its examples import"
        )
        return
    rungs: list[tuple[str, bool, Rung]] = [
        ("mechanical", settings.mechanical and not task.is_stub, partial(mechanical, ctx, task)),
        ("probe", settings.probe, partial(probe, ctx, task)),
        ("generate", True, partial(generate, ctx, task)),
        ("mend", settings.mechanical, partial(mend, ctx, task, board)),
    ]
    for name, wanted, rung in rungs:
        if wanted and await run(ctx, task, board, name, rung):
            return
    for round_ in range(settings.repair_rounds if settings.repair else 0):
        if await run(ctx, task, board, "repair", partial(repair, ctx, task, board, round_)):
            return


async def run(ctx: Context, task: Task, board: Board, name: str, rung: Rung) -> bool:
    """Make candidates, judge the new ones, report what the stage did; True when one is proved."""
    ctx.emit(StageStarted(stage=name))
    made = await rung()
    n_new = board.add(await judge_all(ctx, task, name, made)) if made else 0
    if made:
        board.stages.append(name)
    best = board.nearest
    score = f", best passes {best.n_passed} of {best.n_visible}" if best and task.visible else ""
    detail = f"{len(made)} candidates, {n_new} new{score}" if made else "made no candidate"
    ctx.emit(StageEnded(stage=name, acted=bool(made), detail=detail))
    if name == "mechanical":
        return board.has_proof and not await undecided(ctx, task, board.passing)
    return board.has_proof


async def judge_current(ctx: Context, task: Task, board: Board) -> Judged | None:
    """What the function does before anything is changed; a stub is known to fail."""
    if task.is_stub or not task.visible:
        return None
    current = Candidate(code=task.statement, origin="current")
    (board.current,) = await judge_all(ctx, task, "current", [current])
    return board.current

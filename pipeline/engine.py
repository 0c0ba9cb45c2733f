"""The pipeline on one page: probe, generate, select, repair; stop at the first proof."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

from pipeline.account.conclude import conclude
from pipeline.core.board import Board, Rung
from pipeline.core.context import Context
from pipeline.core.events import StageEnded
from pipeline.core.stop import until_stopped
from pipeline.core.task import Solution, Task
from pipeline.edits.rungs import mechanical, mend
from pipeline.generate.candidates import generate, probe
from pipeline.repair.prcot import learned, repair
from pipeline.running.first_look import look
from pipeline.running.judge import judge_all
from pipeline.running.remembered import remembering
from pipeline.select.choose import choose, is_proved

RUNGS = (mechanical, probe, generate, mend, repair)
"""Each is `(ctx, task, board)` and gives candidates, once or in rounds; the cheapest come first."""


async def solve(ctx: Context, task: Task) -> Solution:
    """Turn a task into a Solution with its evidence.

    A time limit, an empty budget and a stop end the climb and keep the best so far.
    Raises only for broken machinery (ModelError, SandboxError) and when it is cancelled.
    """
    ctx, board, began = remembering(ctx), Board(), time.monotonic()
    try:
        async with asyncio.timeout(ctx.settings.timeout_s):
            await until_stopped(ctx, climb(ctx, task, board))
    except TimeoutError:
        board.end = f"the time limit of {ctx.settings.timeout_s:g} s was reached"
    learned(ctx, board)
    # The choice may ask the model once more, in what is left of the time.
    ctx.ledger.wall_s = time.monotonic() - began
    choice = await choose(ctx, task, board)
    solution = await conclude(ctx, task, board, choice)
    ctx.ledger.wall_s = time.monotonic() - began
    return solution


async def climb(ctx: Context, task: Task, board: Board) -> None:
    """Look at what is there, then rung by rung until something is proved."""
    task = await look(ctx, task, board)
    for rung in RUNGS:
        if board.is_settled or await step(ctx, task, board, rung):
            return


async def step(ctx: Context, task: Task, board: Board, rung: Rung) -> bool:
    """Judge what a rung makes, report what it did; True when something is proved."""
    async with aclosing(rung(ctx, task, board)) as rounds:
        async for made in rounds:
            board.add(rung.__name__, await judge_all(ctx, task, rung.__name__, made))
            ctx.emit(StageEnded(stage=rung.__name__, acted=bool(made), detail=board.news))
            if await is_proved(ctx, task, board):
                return True
    return False

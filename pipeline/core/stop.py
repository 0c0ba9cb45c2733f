"""Work that ends early when someone asks to stop and keep the best so far."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TypeVar

from pipeline.core.context import Context
from pipeline.core.events import StageEnded
from pipeline.models.api import ModelError

T = TypeVar("T")


def time_left(ctx: Context) -> float:
    """Seconds of the job's time limit that the choice may still use."""
    return ctx.settings.timeout_s - ctx.ledger.wall_s


async def until_stopped(ctx: Context, work: Coroutine[None, None, T]) -> T | None:
    """What the work gives; None, with the work cancelled, when a stop comes first."""
    working = asyncio.create_task(work)
    stop = asyncio.create_task((ctx.keep_best or asyncio.Event()).wait())
    try:
        await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    return None if working.cancelled() else working.result()


async def if_possible(
    ctx: Context, stage: str, work: Callable[[], Coroutine[None, None, T]]
) -> T | None:
    """What work gives that a finished job can do without.

    None, and said as the end of the stage, when it is stopped, out of time, or the model fails:
    the best candidate so far is there and is not to be lost.
    """
    why = "stopped" if ctx.stopping else "no time is left" if time_left(ctx) <= 0 else ""
    if not why:
        try:
            async with asyncio.timeout(time_left(ctx)):
                made = await until_stopped(ctx, work())
            if made is not None:
                return made
            why = "stopped"
        except TimeoutError:
            why = "the time was over"
        except ModelError as exc:
            why = str(exc)
    ctx.emit(StageEnded(stage=stage, acted=False, detail=why))
    return None

"""Work that ends early when someone asks to stop and keep the best so far."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TypeVar

from pipeline.context import Context

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

"""The door to the other thread: what goes through it arrives where it belongs, and ends."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest

from atlas_lsp.orders import Emit, Opened, Ordered
from atlas_lsp.settings import ServerSettings
from atlas_lsp.solver import PipelineSolver
from pipeline.core.events import Event, Progress
from pipeline.syntax.text import Document

TEXT = Document(text="")


@dataclass(frozen=True, kw_only=True)
class Waits(Ordered):
    """Says that it began, waits until it is told to stop, and gives the thread it ran on."""

    seen: list[str] = field(default_factory=list)

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> int:
        emit(Progress(message="began"))
        try:
            await keep_best.wait()
        finally:
            self.seen.append("ended")
        return threading.get_ident()


async def check(end: str) -> tuple[Waits, list[int], asyncio.Task[int]]:
    """The order, the threads that its events were told on, and the task that awaited it."""
    solver, threads, began = PipelineSolver(), [], asyncio.Event()

    def emit(event: Event) -> None:
        threads.append(threading.get_ident())
        began.set()

    order = Waits(document=TEXT, settings=ServerSettings(), emit=emit)
    try:
        task = asyncio.create_task(solver.run(order))
        await began.wait()
        if end == "stop":
            order.keep_best.set()
        else:
            task.cancel()
        await asyncio.wait({task})
    finally:
        await solver.close()
        await solver.close()
    return order, threads, task


async def test_work_is_done_elsewhere_and_its_events_are_told_here():
    order, threads, task = await check("stop")
    assert task.result() != threading.get_ident()
    assert threads == [threading.get_ident()]
    assert order.seen == ["ended"]


async def test_cancelling_the_await_ends_the_work_before_it_returns():
    order, _, task = await check("cancel")
    assert task.cancelled()
    assert order.seen == ["ended"]


async def test_what_breaks_over_there_is_raised_here():
    @dataclass(frozen=True, kw_only=True)
    class Breaks(Ordered):
        async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> None:
            raise OSError("no room")

    solver = PipelineSolver()
    with pytest.raises(OSError, match="no room"):
        await solver.run(Breaks(document=TEXT, settings=ServerSettings()))
    await solver.close()

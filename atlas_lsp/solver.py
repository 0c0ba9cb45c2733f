"""The core as the server sees it, and the real one: a thread of its own with a loop of its own.

Imports of llama.cpp, parsing and small edits take the loop for up to seconds; the client must not
feel that, so none of it runs on the client's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol, TypeVar

from atlas_lsp.orders import Emit, Order
from atlas_lsp.settings import ServerSettings
from sandbox.api import SandboxUnavailable

if TYPE_CHECKING:
    from pipeline.core.events import Event
    from pipeline.wiring import Runtime

T = TypeVar("T")
CLOSE_WITHIN_S = 5.0


class Solver(Protocol):
    """Long work, awaited on the client's loop and done elsewhere; cancelling the await ends it."""

    async def run(self, order: Order[T]) -> T:
        """Raises SourceError, ModelError or SandboxError with one line for the user."""
        ...

    async def close(self) -> None:
        """Leave no model, container, thread; may be called twice, and work can begin again."""
        ...


class PipelineSolver:
    """The real pipeline; model and sandbox are opened by the first job and closed when idle."""

    def __init__(self) -> None:
        self._thread = LoopThread()
        self._machinery = _Machinery()
        self._n_running = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def run(self, order: Order[T]) -> T:
        emit, keep_best = _on_this_loop(order.emit), asyncio.Event()
        forwarding = asyncio.create_task(self._forward(order.keep_best, keep_best))
        self._n_running += 1
        if self._idle:
            self._idle.cancel()
        try:
            return await self._thread.run(lambda: self._machinery.run(order, emit, keep_best))
        finally:
            forwarding.cancel()
            self._n_running -= 1
            if not self._n_running:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(order.settings.idle_unload, self._unload)

    async def close(self) -> None:
        if self._idle:
            self._idle.cancel()
        if self._thread.is_running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await self._thread.run(self._machinery.close)
            self._thread.stop()

    async def _forward(self, here: asyncio.Event, there: asyncio.Event) -> None:
        await here.wait()
        self._thread.call(there.set)

    def _unload(self) -> None:
        if not self._n_running:
            self._closing = asyncio.create_task(self._thread.run(self._machinery.close))


def _on_this_loop(emit: Emit) -> Emit:
    """An `emit` for the other thread; what comes after the end of this loop is dropped."""
    home = asyncio.get_running_loop()

    def emit_here(event: Event) -> None:
        with contextlib.suppress(RuntimeError):
            home.call_soon_threadsafe(emit, event)

    return emit_here


class _Machinery:
    """The one model and the one sandbox; lives on the other thread's loop only."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._lock: asyncio.Lock | None = None
        self._runtime: tuple[tuple[str, str, str], Runtime] | None = None

    async def run(self, order: Order[T], emit: Emit, keep_best: asyncio.Event) -> T:
        """After a loss the next order starts anew: an engine that is back may lack the image."""
        try:
            return await order.run(self.opened, emit, keep_best)
        except SandboxUnavailable:
            async with self._turn():
                await self.close()
            raise

    def _turn(self) -> asyncio.Lock:
        """Opening and closing, one at a time; made here because it belongs to that loop."""
        self._lock = self._lock or asyncio.Lock()
        return self._lock

    async def opened(self, settings: ServerSettings) -> Runtime:
        """Opened anew when another model or sandbox is asked for."""
        from pipeline.wiring import runtime

        wanted = (settings.model, settings.sandbox, settings.container_runtime)
        async with self._turn():
            if self._runtime and self._runtime[0] != wanted:
                await self.close()
            if self._runtime is None:
                opening = runtime(
                    model=settings.model,
                    sandbox=settings.sandbox,
                    container_runtime=settings.container_runtime,
                )
                self._runtime = (wanted, await self._stack.enter_async_context(opening))
            return self._runtime[1]

    async def close(self) -> None:
        self._runtime = None
        await self._stack.aclose()


class LoopThread:
    """Runs coroutines on an event loop in a thread of its own, started by the first one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._loop is not None

    async def run(self, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """Await `work()` done over there; cancelling the await cancels it and waits for its end."""
        loop = self._started()
        done: Future[T] = Future()
        task: list[asyncio.Task[T]] = []

        def begin() -> None:
            task.append(loop.create_task(work()))
            task[0].add_done_callback(lambda one: _copy(one, done))

        loop.call_soon_threadsafe(begin)
        outcome = asyncio.wrap_future(done)
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            loop.call_soon_threadsafe(lambda: task[0].cancel())
            await asyncio.wait({outcome}, timeout=CLOSE_WITHIN_S)
            if outcome.done() and not outcome.cancelled():
                outcome.exception()
            raise

    def call(self, function: Callable[[], object]) -> None:
        """Call it soon over there; nothing happens when nothing runs there."""
        if self._loop:
            self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """End the thread; what still runs there is abandoned with the process."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop and thread:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=0.5)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon: a step that hangs in C must not keep the process alive.
            self._thread = threading.Thread(target=_serve, args=(self._loop,), daemon=True)
            self._thread.start()
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _copy(task: asyncio.Task[T], done: Future[T]) -> None:
    if task.cancelled():
        done.cancel()
        done.set_running_or_notify_cancel()
    elif exc := task.exception():
        done.set_exception(exc)
    else:
        done.set_result(task.result())

"""The core as the server sees it, and the real one: a thread of its own with a loop of its own.

Imports of llama.cpp, parsing and small edits take the loop for up to seconds; the client must not
feel that, so none of it runs on the client's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from atlas_lsp.settings import ServerSettings
from pipeline.source.text import Document

if TYPE_CHECKING:
    from pipeline.core.events import Event
    from pipeline.core.task import Judged
    from pipeline.job import JobResult
    from pipeline.source.locate import FunctionSite
    from pipeline.testgen.testgen import TestProposal
    from pipeline.wiring import Runtime
    from sandbox.api import Verdict

T = TypeVar("T")
CLOSE_WITHIN_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a job is to do: the function `name` of this very text."""

    document: Document
    name: str
    settings: ServerSettings
    emit: Callable[[Event], None] = field(repr=False)
    """Called on the caller's loop."""
    keep_best: asyncio.Event = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """Generated tests, and the text and function that they were made for."""

    document: Document
    site: FunctionSite
    proposal: TestProposal


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the examples of one function showed."""

    name: str
    source_hash: str
    first_line: int
    """0-based line of the function in the text that was checked."""
    verdicts: tuple[Verdict, ...]

    @property
    def n_passed(self) -> int:
        return sum(v.passed_examples for v in self.verdicts)

    @property
    def n_examples(self) -> int:
        return sum(v.n_examples for v in self.verdicts)

    @property
    def failures(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.is_evidence and not v.passed)


class Solver(Protocol):
    """Long work, awaited on the client's loop and done elsewhere; cancelling the await ends it."""

    async def solve(self, order: Order) -> JobResult:
        """Raises SourceError, ModelError or SandboxError with one line for the user."""
        ...

    async def propose(self, order: Order) -> Proposed:
        """Tests for the function; raises as `solve` does."""
        ...

    async def verify(
        self, document: Document, result: JobResult, settings: ServerSettings
    ) -> Judged | None:
        """Run the visible tests on the chosen candidate in another text of its file.

        None when it would be the very program that was proved, so that nothing had to run.
        """
        ...

    async def check(
        self, document: Document, names: Sequence[str], settings: ServerSettings
    ) -> tuple[Checked, ...]:
        """Run the examples of the functions as they stand; those without examples are left out."""
        ...

    async def close(self) -> None:
        """Leave no model, container, thread; may be called twice, and work can begin again."""
        ...


class PipelineSolver:
    """The real pipeline; model and sandbox are opened by the first job and closed when idle."""

    def __init__(self) -> None:
        self._engine = LoopThread()
        self._state = _Engine()
        self._n_running = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def solve(self, order: Order) -> JobResult:
        emit, keep_best = _on_this_loop(order.emit), asyncio.Event()

        async def forward() -> None:
            await order.keep_best.wait()
            self._engine.call(keep_best.set)

        stopping = asyncio.create_task(forward())
        try:
            return await self._run(
                lambda: self._state.solve(order, emit, keep_best), order.settings
            )
        finally:
            stopping.cancel()

    async def propose(self, order: Order) -> Proposed:
        emit = _on_this_loop(order.emit)
        return await self._run(lambda: self._state.propose(order, emit), order.settings)

    async def verify(
        self, document: Document, result: JobResult, settings: ServerSettings
    ) -> Judged | None:
        return await self._run(lambda: self._state.verify(document, result, settings), settings)

    async def check(
        self, document: Document, names: Sequence[str], settings: ServerSettings
    ) -> tuple[Checked, ...]:
        return await self._run(lambda: self._state.check(document, names, settings), settings)

    async def close(self) -> None:
        if self._idle:
            self._idle.cancel()
        if self._engine.is_running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await self._engine.run(self._state.close)
            self._engine.stop()

    async def _run(
        self, work: Callable[[], Coroutine[None, None, T]], settings: ServerSettings
    ) -> T:
        self._n_running += 1
        if self._idle:
            self._idle.cancel()
        try:
            return await self._engine.run(work)
        finally:
            self._n_running -= 1
            if not self._n_running:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(settings.idle_unload, self._unload)

    def _unload(self) -> None:
        if not self._n_running:
            self._closing = asyncio.create_task(self._engine.run(self._state.close))


def _on_this_loop(emit: Callable[[Event], None]) -> Callable[[Event], None]:
    """An `emit` for the other thread; what comes after the end of this loop is dropped."""
    home = asyncio.get_running_loop()

    def emit_here(event: Event) -> None:
        with contextlib.suppress(RuntimeError):
            home.call_soon_threadsafe(emit, event)

    return emit_here


class _Engine:
    """Lives on the engine's loop only."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._lock: asyncio.Lock | None = None
        self._opened: tuple[tuple[str, str], Runtime] | None = None

    async def solve(
        self, order: Order, emit: Callable[[Event], None], keep_best: asyncio.Event
    ) -> JobResult:
        from pipeline.core.context import Settings
        from pipeline.job import run_job
        from pipeline.source.locate import find_function

        site = find_function(order.document, order.name)
        up = await self._runtime(order.settings)
        asked = order.settings
        settings = Settings(k=asked.k, seed=asked.seed, timeout_s=asked.timeout, ask=True)
        return await run_job(up, order.document, site, settings, emit=emit, keep_best=keep_best)

    async def propose(self, order: Order, emit: Callable[[Event], None]) -> Proposed:
        from pipeline.core.context import Settings
        from pipeline.job import propose_tests
        from pipeline.source.locate import find_function

        site = find_function(order.document, order.name)
        up = await self._runtime(order.settings)
        asked = order.settings
        settings = Settings(k=asked.k, seed=asked.seed, timeout_s=asked.timeout)
        proposal = await propose_tests(
            up, order.document, site, style=asked.tests, emit=emit, settings=settings
        )
        return Proposed(document=order.document, site=site, proposal=proposal)

    async def verify(
        self, document: Document, result: JobResult, settings: ServerSettings
    ) -> Judged | None:
        from pipeline.core.context import Settings
        from pipeline.running.judge import judge_all
        from pipeline.source.locate import find_function
        from pipeline.source.task import task_from_file

        chosen = result.solution.chosen
        task = task_from_file(document, find_function(document, result.site.name))
        was = result.task
        if chosen is None or (task.before, task.after, task.tests) == (
            was.before,
            was.after,
            was.tests,
        ):
            return None
        up = await self._runtime(settings)
        ctx = up.context(Settings(), group=task.task_id)
        (judged,) = await judge_all(ctx, task, "verify", [chosen.candidate])
        return judged

    async def check(
        self, document: Document, names: Sequence[str], settings: ServerSettings
    ) -> tuple[Checked, ...]:
        from pipeline.running.lacking import absent
        from pipeline.source.locate import functions
        from pipeline.source.task import task_from_file
        from sandbox.verdicts import run_tests

        sites = [s for s in functions(document) if s.name in names and not s.is_stub]
        tasks = [(site, task_from_file(document, site)) for site in sites if not site.is_overload]
        runnable = [(site, task) for site, task in tasks if task.visible]
        if not runnable:
            return ()
        box = (await self._runtime(settings)).sandbox
        group = f"check:{document.path}"
        found = []
        for site, task in runnable:
            program = task.program(task.statement)
            verdicts = await run_tests(box, program, task.tests, group=group)
            if not all(v.passed for v in verdicts) and await absent(box, task, group=group):
                continue
            found.append(
                Checked(
                    name=site.name,
                    source_hash=site.source_hash,
                    first_line=site.first_line,
                    verdicts=verdicts,
                )
            )
        return tuple(found)

    async def close(self) -> None:
        self._opened = None
        await self._stack.aclose()

    async def _runtime(self, settings: ServerSettings) -> Runtime:
        """The one runtime; opened anew when another model or sandbox is asked for."""
        from pipeline.wiring import runtime

        wanted = (settings.model, settings.sandbox)
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if self._opened and self._opened[0] != wanted:
                await self.close()
            if self._opened is None:
                opening = runtime(model=settings.model, sandbox=settings.sandbox)
                self._opened = (wanted, await self._stack.enter_async_context(opening))
            return self._opened[1]


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

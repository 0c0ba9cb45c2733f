"""Warm workers and a fair queue in front of them; threads inside, asyncio outside.

Each lane is a thread that owns its workers (one per hash seed in use) and runs one test at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from sandbox import codec
from sandbox.api import (
    PROOF_SEED,
    Batch,
    Expression,
    Job,
    Observation,
    Outcome,
    SandboxUnavailable,
    World,
)
from sandbox.channel import Channel, WorkerDied
from sandbox.observe import n_frames, not_run, observation, pack, sandbox_error, understand
from sandbox.wire import Reason, Reply
from sandbox.world import WorldRefused, check_python, pack_world, taken

_PING_EVERY_S = 8.0
_RECYCLE_AFTER = 2000
_MAX_AGE_S = 600.0
_WORKERS_PER_LANE = 4
_CANCEL_PATIENCE_S = 1.0


_HARMLESS = Job(code="", form=Expression(source="1"))


class Worker(Protocol):
    """A started worker, in a container or not."""

    channel: Channel
    isolation: tuple[str, ...]
    python: str
    """Its version."""
    site: str
    """Where it finds a project's installed packages."""

    def close(self) -> None:
        """Leave no process; may be called from another thread, and twice."""
        ...


OpenWorker = Callable[[int, World | None], Worker]
"""Start a worker with a hash seed, for a project or for none; raises SandboxUnavailable, WorkerDied
or WorldRefused.
"""
_Key = tuple[int, str, str]
"""Which worker can run a job: the hash seed, the packages of its world, who has it for himself."""


def _key_of(job: Job) -> _Key:
    return job.hash_seed, job.world.site_key if job.world else "", job.fresh


class WorldDied(WorkerDied):
    """The worker ended while it took a project in."""


class Ticket:
    """One call of `run`: its jobs, and what became of them."""

    def __init__(self, jobs: Sequence[Job], group: str, on_done: Callable[[], None]) -> None:
        self.jobs = tuple(jobs)
        self.group = group
        self.pending = deque(range(len(jobs)))
        self.results: list[Observation | None] = [None] * len(jobs)
        self.n_open = len(jobs)
        self.lane: _Lane | None = None
        """Who has the fresh worker that its jobs share."""
        self.cancelled = False
        self._on_done = on_done

    def is_for(self, lane: _Lane) -> bool:
        """Whether that lane can take the next of the jobs that wait."""
        return bool(self.pending) and self.lane in (None, lane)

    def take(self, lane: _Lane) -> int:
        index = self.pending.popleft()
        if self.jobs[index].fresh:
            self.lane = lane
        return index

    def settle(self, index: int, result: Observation) -> None:
        """Called with the pool's lock held."""
        self.results[index] = result
        self.n_open -= 1
        if self.n_open == 0:
            self._on_done()


class WorkerPool:
    """Lanes, and the queue of tickets by group."""

    def __init__(self, n_lanes: int, open_worker: OpenWorker, *, reconnect_s: float = 30.0) -> None:
        self._n_lanes = n_lanes
        self._open_worker = open_worker
        self.reconnect_s = reconnect_s
        self._changed = threading.Condition()
        self._groups: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._lanes: list[_Lane] = []
        self._closing = False
        self.down_since: float | None = None
        """When no lane could open a worker any more; the lanes wait for the engine together."""
        self.nursery = _Nursery(open_worker)

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._lanes[0].isolation if self._lanes else ()

    def start(self) -> None:
        """Start all lanes; raises SandboxUnavailable when the first worker of any does not come
        up.
        """
        self._lanes = [_Lane(self, self._open_worker) for _ in range(self._n_lanes)]
        for lane in self._lanes:
            lane.start()
        for lane in self._lanes:
            lane.ready.wait()
        broken = [lane.start_error for lane in self._lanes if lane.start_error]
        if broken:
            self.close()
            raise _unavailable(broken[0]) from broken[0]

    async def run(self, jobs: Sequence[Job], group: str) -> tuple[Observation, ...]:
        """The observations in order; kills what runs when cancelled."""
        if not jobs:
            return ()
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        ticket = Ticket(jobs, group, lambda: _wake(loop, done))
        self._submit(ticket)
        try:
            await done.wait()
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.to_thread(self._cancel, ticket))
            raise
        return tuple(result or not_run("lost") for result in ticket.results)

    def _submit(self, ticket: Ticket) -> None:
        with self._changed:
            if self._closing:
                raise SandboxUnavailable("the sandbox is closed")
            self._groups.setdefault(ticket.group, deque()).append(ticket)
            self._changed.notify_all()

    def _cancel(self, ticket: Ticket) -> None:
        """Drop what waits, kill what runs, and return when no lane works on it."""
        with self._changed:
            ticket.cancelled = True
            ticket.pending.clear()
            lanes = [lane for lane in self._lanes if lane.ticket is ticket]
        for lane in lanes:
            lane.cancel(ticket)
        with self._changed:
            self._changed.wait_for(
                lambda: not any(lane.ticket is ticket for lane in lanes), _CANCEL_PATIENCE_S
            )
        for lane in lanes:
            if lane.ticket is ticket:
                lane.break_worker(ticket)

    def next(self, lane: _Lane, timeout_s: float) -> tuple[Ticket, int] | None:
        """The lane's next job, groups in turn; None after the time-out or at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._has_work(lane), timeout_s)
            if self._closing:
                return None
            return self._pick(lane)

    def _has_work(self, lane: _Lane) -> bool:
        waiting = (t for tickets in self._groups.values() for t in tickets)
        return any(self._suits(t, lane) for t in waiting)

    def _suits(self, ticket: Ticket, lane: _Lane) -> bool:
        """Whether the lane should take its next job; not where another that is free has imported
        the project's packages, which takes longer than most jobs.
        """
        if not ticket.is_for(lane):
            return False
        job = ticket.jobs[ticket.pending[0]]
        if job.world is None or lane.has_worker(_key_of(job)):
            return True
        others = (other for other in self._lanes if other is not lane and other.is_free)
        return not any(other.has_worker(_key_of(job)) for other in others)

    def _pick(self, lane: _Lane) -> tuple[Ticket, int] | None:
        for group in tuple(self._groups):
            tickets = self._groups[group]
            while tickets and not tickets[0].pending:
                tickets.popleft()
            if not tickets:
                del self._groups[group]
                continue
            ticket = next((t for t in tickets if self._suits(t, lane)), None)
            if ticket is not None:
                self._groups.move_to_end(group)
                return ticket, ticket.take(lane)
        return None

    def settle(self, ticket: Ticket, index: int, result: Observation) -> None:
        with self._changed:
            ticket.settle(index, result)

    def released(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def lane_ended(self, ended: _Lane) -> None:
        """Without any lane nothing that waits would ever run."""
        with self._changed:
            for ticket in [t for tickets in self._groups.values() for t in tickets]:
                ticket.lane = None if ticket.lane is ended else ticket.lane
        if self._closing or any(lane.is_alive() for lane in self._lanes if lane is not ended):
            return
        with self._changed:
            self._drop_pending("the sandbox has failed; see the log")

    def _drop_pending(self, why: str) -> None:
        for ticket in [t for tickets in self._groups.values() for t in tickets]:
            while ticket.pending:
                ticket.settle(ticket.pending.popleft(), not_run(why))
        self._groups.clear()

    @property
    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """End all lanes and their workers; open jobs become NOT_RUN."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for lane in self._lanes:
            lane.break_worker(lane.ticket)
        for lane in self._lanes:
            lane.join()
        self.nursery.close()
        with self._changed:
            self._drop_pending("the sandbox was closed")


def _wake(loop: asyncio.AbstractEventLoop, done: asyncio.Event) -> None:
    """Tell the waiting task; its loop may be gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(done.set)


class _Lane(threading.Thread):
    """One test at a time, in a worker of the asked hash seed."""

    def __init__(self, pool: WorkerPool, open_worker: OpenWorker) -> None:
        super().__init__(daemon=True, name="sandbox-lane")
        self._pool = pool
        self._open_worker = open_worker
        self._workers: OrderedDict[_Key, _Counted] = OrderedDict()
        self._fragile: set[str] = set()
        """Packages whose import ended a worker; each test imports them itself."""
        self._running: _Counted | None = None
        self.ready = threading.Event()
        self.start_error: Exception | None = None
        self.ticket: Ticket | None = None
        self.isolation: tuple[str, ...] = ()

    def run(self) -> None:
        self.start_error = WorkerDied("a fault of the sandbox itself; please report it")
        try:
            self._start()
        finally:
            self.ready.set()
        if self.start_error is not None:
            return
        try:
            while not self._pool.is_closing:
                self._turn()
        finally:
            for worker in self._workers.values():
                worker.worker.close()
            self._pool.lane_ended(self)

    def _start(self) -> None:
        """The first worker; what ends early is tried once more, as a run is."""
        for _attempt in range(2):
            try:
                self._open((0, "", ""), None)
            except (SandboxUnavailable, WorkerDied) as exc:
                self.start_error = exc
            else:
                self.start_error = None
                return

    def has_worker(self, key: _Key) -> bool:
        return key in self._workers

    @property
    def is_free(self) -> bool:
        """Whether it will ask for a job at once."""
        ticket = self.ticket
        return self.is_alive() and (ticket is None or not ticket.n_open)

    def _turn(self) -> None:
        found = self._pool.next(self, _PING_EVERY_S)
        self._keep_warm()
        if found is None:
            return
        self.ticket, index = found
        result = sandbox_error("a fault of the sandbox itself; please report it")
        try:
            result = self._observe(self.ticket, self.ticket.jobs[index])
        finally:
            self._pool.settle(self.ticket, index, result)
            self.ticket = None
            self._pool.released()

    def _keep_warm(self) -> None:
        """Renew the lease of workers that were not asked for a while; forget those that are
        gone.
        """
        now = time.monotonic()
        for key, counted in tuple(self._workers.items()):
            if now - counted.asked_at < _PING_EVERY_S:
                continue
            try:
                counted.worker.channel.ping()
                counted.asked_at = now
            except WorkerDied:
                self._retire(key)

    def _observe(self, ticket: Ticket, job: Job) -> Observation:
        """Run it; after a death of the worker once more, in a fresh one."""
        result, n_deaths = not_run("cancelled"), 0
        for _attempt in range(2):
            if ticket.cancelled or self._pool.is_closing:
                return result
            try:
                result = self._attempt(ticket, job)
            except codec.CodecError as exc:
                return not_run(f"an argument cannot travel: {exc}")
            except (SandboxUnavailable, WorldRefused) as exc:
                return not_run(str(exc))
            except WorkerDied as exc:
                self._retire(_key_of(job))
                # The project's packages ended it, before the program was sent.
                n_deaths += not isinstance(exc, WorldDied)
                result = sandbox_error(str(exc))
            if result.outcome is not Outcome.SANDBOX_ERROR:
                return result
        return self._blamed(ticket, job, result) if n_deaths == 2 else result

    def _attempt(self, ticket: Ticket, job: Job) -> Observation:
        if isinstance(job.form, Batch):
            return self._batch(ticket, job, job.form)
        reply = self._run(ticket, job, skip=0)
        return self._marked(observation(job, understand(job, reply, n_frames(job.form))))

    def _blamed(self, ticket: Ticket, job: Job, last: Observation) -> Observation:
        """Two workers died under one program: its doing, if a harmless one then does well."""
        if ticket.cancelled or self._pool.is_closing:
            return last
        try:
            control = self._attempt(ticket, replace(_HARMLESS, hash_seed=job.hash_seed))
        except SandboxUnavailable as exc:
            return not_run(str(exc))
        except WorkerDied as exc:
            self._retire(_key_of(job))
            return sandbox_error(str(exc))
        if control.outcome is not Outcome.RETURNED:
            return last
        crash = Observation(
            outcome=Outcome.CRASH,
            detail=f"the sandbox's worker died twice under this program: {last.detail}",
        )
        parts = (crash,) * len(job.form.parts) if isinstance(job.form, Batch) else ()
        return self._marked(replace(crash, parts=parts))

    def _marked(self, result: Observation) -> Observation:
        return replace(result, isolation=self.isolation)

    def _batch(self, ticket: Ticket, job: Job, form: Batch) -> Observation:
        """All parts; what follows a part that died is run again in a fresh process."""
        parts: list[Observation] = []
        total = Observation(outcome=Outcome.RETURNED)
        while len(parts) < len(form.parts) and not ticket.cancelled:
            n_left = len(form.parts) - len(parts)
            seen = understand(job, self._run(ticket, job, skip=len(parts)), n_left)
            frames = seen.frames[:n_left]
            if seen.load_failed:
                frames = frames[:1] * n_left
            parts.extend(frames)
            whole = observation(job, seen)
            total = _sum(total, whole)
            if seen.load_failed:
                total = replace(total, outcome=whole.outcome, exception=whole.exception)
            is_shared = seen.trouble is Outcome.OUTPUT_LIMIT and frames
            if seen.trouble is not None and len(frames) < n_left and not is_shared:
                parts.append(Observation(outcome=seen.trouble, detail=seen.detail))
        if len(parts) < len(form.parts):
            return not_run("cancelled")
        parts = [self._marked(part) for part in parts]
        return self._marked(replace(total, parts=tuple(parts)))

    def _run(self, ticket: Ticket, job: Job, *, skip: int) -> Reply:
        packed = pack(job, skip=skip)
        counted = self._worker(job)
        self._running = counted
        try:
            if ticket.cancelled:
                raise WorkerDied("cancelled")
            if job.world is not None:
                self._settle(counted, job.world)
            reply = counted.worker.channel.run(packed)
        finally:
            self._running = None
        counted.n_runs += 1
        counted.asked_at = time.monotonic()
        if not reply.clean or reply.reason is Reason.FORK or counted.is_worn:
            self._retire(_key_of(job))
        return reply

    def _settle(self, counted: _Counted, world: World) -> None:
        """Have the worker lay the project out, unless it lies there already."""
        if counted.world_key == world.key:
            return
        check_python(world, counted.worker.python)
        is_fragile = world.site_key in self._fragile
        packed = pack_world(world, counted.worker.site, preload=not is_fragile)
        try:
            taken(counted.worker.channel.settle(packed))
        except WorkerDied as exc:
            if is_fragile:
                raise WorldRefused(f"the worker ended while it took the project in: {exc}") from exc
            self._fragile.add(world.site_key)
            raise WorldDied(str(exc)) from exc
        counted.world_key = world.key

    def _worker(self, job: Job) -> _Counted:
        """A living worker of this kind; waits for the engine to come back, but not for ever."""
        key = _key_of(job)
        counted = self._workers.get(key)
        if counted is not None and counted.worker.channel.is_alive():
            self._workers.move_to_end(key)
            return counted
        self._retire(key)
        wait_s = 0.1
        while True:
            try:
                counted = self._open(key, job.world)
            except (SandboxUnavailable, WorkerDied) as exc:
                down_since = self._pool.down_since = self._pool.down_since or time.monotonic()
                is_late = time.monotonic() + wait_s - down_since > self._pool.reconnect_s
                if is_late or self._pool.is_closing or self._is_cancelled():
                    raise _unavailable(exc) from exc
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, 2.0)
            else:
                self._pool.down_since = None
                return counted

    def _is_cancelled(self) -> bool:
        return self.ticket is not None and self.ticket.cancelled

    def _open(self, key: _Key, world: World | None) -> _Counted:
        while len(self._workers) >= _WORKERS_PER_LANE:
            self._retire(next(iter(self._workers)))
        seed, _site, fresh = key
        worker = self._pool.nursery.take(seed) if fresh and world is None else None
        counted = _Counted(worker or self._open_worker(seed, world))
        self._workers[key] = counted
        self.isolation = counted.worker.isolation
        if not fresh and world is None:
            self._use(key, counted)
        return counted

    def _use(self, key: _Key, counted: _Counted) -> None:
        """What is proved once in a used worker and once in a fresh one must not be fresh twice."""
        try:
            counted.worker.channel.run(pack(_HARMLESS))
        except WorkerDied:
            self._retire(key)
            raise

    def _retire(self, key: _Key) -> None:
        counted = self._workers.pop(key, None)
        if counted is not None:
            counted.worker.close()

    def cancel(self, ticket: Ticket) -> None:
        running = self._running
        if running is not None and self.ticket is ticket:
            try:
                running.worker.channel.cancel()
            except WorkerDied:
                return

    def break_worker(self, ticket: Ticket | None) -> None:
        """End the running worker; the lane notices and goes on without it."""
        running = self._running
        if running is not None and self.ticket is ticket:
            running.worker.channel.abort()


class _Nursery(threading.Thread):
    """From the first proof on: opens the next fresh worker ahead, so that a proof need not wait."""

    def __init__(self, open_worker: OpenWorker) -> None:
        super().__init__(daemon=True, name="sandbox-nursery")
        self._open_worker = open_worker
        self._changed = threading.Condition()
        self._ready: Worker | None = None
        self._closing = False

    def take(self, seed: int) -> Worker | None:
        """The one that is ready, if it has this seed and lives; work on the next begins."""
        if seed != PROOF_SEED:
            return None
        with self._changed:
            taken, self._ready = self._ready, None
            if self.ident is None and not self._closing:
                self.start()
            self._changed.notify_all()
        if taken is not None and not taken.channel.is_alive():
            taken.close()
            return None
        return taken

    def run(self) -> None:
        wait_s = 0.0
        while self._waited(wait_s):
            held = self._hold()
            wait_s = _PING_EVERY_S
            try:
                if held is None:
                    held = self._open_worker(PROOF_SEED, None)
                else:
                    held.channel.ping()
            except (SandboxUnavailable, WorkerDied):
                if held is not None:
                    held.close()
                continue
            with self._changed:
                self._ready = held

    def _waited(self, wait_s: float) -> bool:
        """Whether to go on: one was taken, or is to be kept warm; False at the end."""
        with self._changed:
            had_one = self._ready is not None
            self._changed.wait_for(
                lambda: self._closing or (had_one and self._ready is None), wait_s
            )
            return not self._closing

    def _hold(self) -> Worker | None:
        """Out of reach of the lanes, because one thread alone may speak to a worker."""
        with self._changed:
            held, self._ready = self._ready, None
            return held

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self.ident is not None:
            self.join()
        if self._ready is not None:
            self._ready.close()


class _Counted:
    """A worker and how worn it is."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.n_runs = 0
        self.world_key = ""
        self.opened_at = self.asked_at = time.monotonic()

    @property
    def is_worn(self) -> bool:
        is_old = time.monotonic() - self.opened_at > _MAX_AGE_S
        return self.n_runs >= _RECYCLE_AFTER or is_old


def _sum(total: Observation, more: Observation) -> Observation:
    return replace(
        total,
        stdout=total.stdout + more.stdout,
        stderr=total.stderr + more.stderr,
        cpu_s=total.cpu_s + more.cpu_s,
        wall_s=total.wall_s + more.wall_s,
        max_rss_kb=max(total.max_rss_kb, more.max_rss_kb),
    )


def _unavailable(exc: Exception) -> SandboxUnavailable:
    if isinstance(exc, SandboxUnavailable):
        return exc
    return SandboxUnavailable(
        f"the sandbox does not come up: {exc}; `atlas doctor` looks for the cause"
    )

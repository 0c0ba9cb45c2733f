"""The one table of jobs: started, queued, superseded, stopped; none outlives the server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Key = tuple[str, str]
"""Document URI and qualified function name."""
MsgId = int | str


@dataclass(kw_only=True, eq=False)
class ServerJob:
    job_id: str
    key: Key
    verb: str
    request_id: MsgId | None = None
    """The request that started it, so that cancelling that request cancels this."""
    token: str = ""
    """The token of its progress."""
    message: str = "waiting"
    """What it did last, for a client that asks."""
    keep_best: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task:
            self.task.cancel()


Work = Callable[[ServerJob], Coroutine[None, None, None]]


class JobTable:
    """At most one job per function, `n_at_once` in all; the rest wait, first come first."""

    def __init__(self, n_at_once: int = 1) -> None:
        self._jobs: dict[str, ServerJob] = {}
        self._turn = asyncio.Semaphore(n_at_once)
        self._waiting: list[ServerJob] = []
        self._ids = itertools.count(1)
        self._closed = False

    def start(
        self, key: Key, verb: str, work: Work, *, request_id: MsgId | None = None
    ) -> ServerJob:
        """Begin beside the caller; an older job on the same function is cancelled first."""
        for older in self.all:
            if older.key == key:
                older.cancel()
        job = ServerJob(job_id=f"job-{next(self._ids)}", key=key, verb=verb, request_id=request_id)
        self._jobs[job.job_id] = job
        job.task = asyncio.create_task(work(job), name=job.job_id)
        job.task.add_done_callback(lambda _: self._jobs.pop(job.job_id, None))
        if self._closed:
            job.cancel()
        return job

    @asynccontextmanager
    async def turn(self, job: ServerJob) -> AsyncIterator[None]:
        """Hold one of the places; `n_before` says how many go first until then."""
        self._waiting.append(job)
        try:
            await self._turn.acquire()
        finally:
            self._waiting.remove(job)
        try:
            yield
        finally:
            self._turn.release()

    def n_before(self, job: ServerJob) -> int:
        """How many must end or begin before this one begins."""
        if job not in self._waiting:
            return 0
        running = len(self._jobs) - len(self._waiting)
        return self._waiting.index(job) + running

    @property
    def waiting(self) -> tuple[ServerJob, ...]:
        return tuple(self._waiting)

    @property
    def all(self) -> tuple[ServerJob, ...]:
        return tuple(self._jobs.values())

    def named(self, job_id: str) -> tuple[ServerJob, ...]:
        """The job of that id; all of them for an empty one."""
        return tuple(job for job in self.all if job_id in ("", job.job_id))

    def on(self, key: Key) -> ServerJob | None:
        """The newest job on a function, unless it is being cancelled."""
        found = [j for j in self.all if j.key == key and j.task and not j.task.cancelling()]
        return found[-1] if found else None

    def cancel_where(self, *, request_id: MsgId | None = None, token: object = None) -> bool:
        """Cancel the job that this request started or this progress belongs to."""
        found = [
            job
            for job in self.all
            if (request_id is not None and job.request_id == request_id)
            or (token and job.token == token)
        ]
        for job in found:
            job.cancel()
        return bool(found)

    async def close(self) -> None:
        """Cancel every job and wait until each has cleaned up; none can start after."""
        self._closed = True
        tasks = [job.task for job in self.all if job.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""The one table of jobs: started, queued, superseded, stopped; nothing outlives the server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

Key = tuple[str, str]
"""Document URI and qualified function name."""


@dataclass(kw_only=True)
class Job:
    job_id: str
    key: Key
    verb: str
    keep_best: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task:
            self.task.cancel()


class JobTable:
    """At most one job per function, `n_at_once` in all; the rest wait their turn."""

    def __init__(self, n_at_once: int = 1) -> None:
        self._jobs: dict[str, Job] = {}
        self._turn = asyncio.Semaphore(n_at_once)
        self._ids = itertools.count(1)

    def start(
        self,
        key: Key,
        verb: str,
        work: Callable[[Job, asyncio.Semaphore], Coroutine[None, None, None]],
    ) -> Job:
        """Begin beside the caller; an older job on the same function is cancelled first."""
        for older in [job for job in self._jobs.values() if job.key == key]:
            older.cancel()
        job = Job(job_id=f"job-{next(self._ids)}", key=key, verb=verb)
        self._jobs[job.job_id] = job
        job.task = asyncio.create_task(work(job, self._turn), name=job.job_id)
        job.task.add_done_callback(lambda _: self._jobs.pop(job.job_id, None))
        return job

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def on(self, key: Key) -> Job | None:
        return next((job for job in self._jobs.values() if job.key == key), None)

    @property
    def all(self) -> tuple[Job, ...]:
        return tuple(self._jobs.values())

    async def close(self) -> None:
        """Cancel every job and wait until each has cleaned up."""
        tasks: list[Awaitable[None]] = [job.task for job in self.all if job.task]
        for job in self.all:
            job.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

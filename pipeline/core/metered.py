"""A sandbox that charges what it runs to a ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipeline.core.inside import world_of
from pipeline.core.ledger import Ledger
from sandbox.api import Batch, Job, Observation, Sandbox, World


class MeteredSandbox:
    """The same Protocol; counts one run per job, and one per part of a batch."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger) -> None:
        self._sandbox = sandbox
        self._ledger = ledger

    @property
    def kind(self) -> str:
        return self._sandbox.kind

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._sandbox.isolation

    @property
    def world(self) -> World | None:
        return world_of(self._sandbox)

    async def start(self) -> None:
        await self._sandbox.start()

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        began = time.monotonic()
        try:
            return await self._sandbox.run(jobs, group=group)
        finally:
            self._ledger.sandbox_s += time.monotonic() - began
            self._ledger.sandbox_runs += sum(_n_runs(job) for job in jobs)

    async def aclose(self) -> None:
        await self._sandbox.aclose()


def _n_runs(job: Job) -> int:
    return len(job.form.parts) if isinstance(job.form, Batch) else 1

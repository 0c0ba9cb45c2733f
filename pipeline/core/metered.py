"""A sandbox that charges what it runs to a ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipeline.core.ledger import Ledger
from pipeline.core.wrapped import Wrapped
from sandbox.api import Batch, Job, Observation, Sandbox


class MeteredSandbox(Wrapped):
    """Counts one run per job, and one per part of a batch."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger) -> None:
        super().__init__(sandbox)
        self._ledger = ledger

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        began = time.monotonic()
        try:
            return await self._sandbox.run(jobs, group=group)
        finally:
            self._ledger.sandbox_s += time.monotonic() - began
            self._ledger.sandbox_runs += sum(_n_runs(job) for job in jobs)


def _n_runs(job: Job) -> int:
    return len(job.form.parts) if isinstance(job.form, Batch) else 1

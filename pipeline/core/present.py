"""A sandbox whose failures are told from its absence: nothing is judged without one."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.wrapped import Wrapped
from sandbox.api import (
    BROKEN_MACHINERY,
    Expression,
    Job,
    Observation,
    Outcome,
    SandboxUnavailable,
)

_ALIVE = Job(code="", form=Expression(source="1 + 1"))


class Present(Wrapped):
    """Where machinery broke, a trivial job is run: if that fails too the sandbox is gone, and a job
    that went on would write candidates that nobody can judge.
    """

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        """As the wrapped one. Raises SandboxUnavailable, with what broke, when it is gone."""
        seen = await self._sandbox.run(jobs, group=group)
        broken = [one for one in seen if one.outcome in BROKEN_MACHINERY]
        if broken and not await self._is_alive():
            raise SandboxUnavailable(f"the sandbox is gone: {broken[0].detail}")
        return seen

    async def _is_alive(self) -> bool:
        (seen,) = await self._sandbox.run([_ALIVE], group="is it there")
        return seen.outcome is Outcome.RETURNED

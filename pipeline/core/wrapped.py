"""A sandbox around another one: whoever changes what runs keeps all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sandbox.api import Job, Observation, Sandbox, World


class Wrapped:
    """The Protocol of the sandbox that it holds, handed on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

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
        return await self._sandbox.run(jobs, group=group)

    async def aclose(self) -> None:
        await self._sandbox.aclose()


@runtime_checkable
class Placed(Protocol):
    """A sandbox that has a world, or wraps one that may have."""

    @property
    def world(self) -> World | None: ...


def world_of(sandbox: object) -> World | None:
    """The world that a sandbox's jobs run in; None where there is none."""
    return sandbox.world if isinstance(sandbox, Placed) else None

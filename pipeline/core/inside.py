"""A sandbox that runs every job in the world of one project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from pipeline.core.task import Loading
from sandbox.api import Job, Observation, Sandbox, World


class InWorld:
    """The same Protocol; a job that names no world of its own gets this one.

    Loading the module comes on top of what a job may take.
    """

    def __init__(self, sandbox: Sandbox, world: World, load_cpu_s: float = 0.0) -> None:
        self._sandbox = sandbox
        self._load_cpu_s = load_cpu_s
        self.world = world

    @property
    def kind(self) -> str:
        return self._sandbox.kind

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._sandbox.isolation

    async def start(self) -> None:
        await self._sandbox.start()

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return await self._sandbox.run([self._placed(job) for job in jobs], group=group)

    def _placed(self, job: Job) -> Job:
        limits, more_s = job.limits, 2 * self._load_cpu_s
        if more_s:
            wall_s = limits.wall_s and limits.wall_s + 4 * more_s
            limits = replace(limits, cpu_s=limits.cpu_s + more_s, wall_s=wall_s)
        return replace(job, world=job.world or self.world, limits=limits)

    async def aclose(self) -> None:
        await self._sandbox.aclose()


@runtime_checkable
class Placed(Protocol):
    """A sandbox that has a world, or wraps one that may have."""

    @property
    def world(self) -> World | None: ...


def inside(sandbox: Sandbox, loading: Loading) -> Sandbox:
    """The sandbox with every job in the world of a module; itself where there is none."""
    world = loading.world
    return sandbox if world is None else InWorld(sandbox, world, loading.cpu_s)


def world_of(sandbox: object) -> World | None:
    """The world that a sandbox's jobs run in; None where there is none."""
    return sandbox.world if isinstance(sandbox, Placed) else None


DRIVER = "_atlas_driver"
"""Name of the module that tries other modules; no project has one."""


def driver_world(world: World) -> World:
    """The same project for code that imports the edited module, as it lies in `files`, instead of
    being it.
    """
    return replace(world, module=DRIVER, path=f"{DRIVER}.py", roots=(*world.roots, ""))

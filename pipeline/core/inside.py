"""A sandbox that runs every job in the world of one project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.task import Loading
from pipeline.core.wrapped import Wrapped
from sandbox.api import Job, Observation, Sandbox, World


class InWorld(Wrapped):
    """A job that names no world of its own gets this one.

    Loading the module comes on top of what a job may take.
    """

    def __init__(self, sandbox: Sandbox, world: World, load_cpu_s: float = 0.0) -> None:
        super().__init__(sandbox)
        self._load_cpu_s = load_cpu_s
        self._world = world

    @property
    def world(self) -> World:
        return self._world

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return await self._sandbox.run([self._placed(job) for job in jobs], group=group)

    def _placed(self, job: Job) -> Job:
        limits, more_s = job.limits, 2 * self._load_cpu_s
        if more_s:
            wall_s = limits.wall_s and limits.wall_s + 4 * more_s
            limits = replace(limits, cpu_s=limits.cpu_s + more_s, wall_s=wall_s)
        return replace(job, world=job.world or self._world, limits=limits)


def inside(sandbox: Sandbox, loading: Loading) -> Sandbox:
    """The sandbox with every job in the world of a module; itself where there is none."""
    world = loading.world
    return sandbox if world is None else InWorld(sandbox, world, loading.cpu_s)


DRIVER = "_atlas_driver"
"""Name of the module that tries other modules; no project has one."""


def driver_world(world: World) -> World:
    """The same project for code that imports the edited module, as it lies in `files`, instead of
    being it.
    """
    return replace(world, module=DRIVER, path=f"{DRIVER}.py", roots=(*world.roots, ""))

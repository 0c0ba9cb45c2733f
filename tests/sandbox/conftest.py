"""Started sandboxes of both kinds, and one way to run code in them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from sandbox import open_sandbox
from sandbox.api import Job, Observation, Sandbox, World


@pytest.fixture(scope="session")
def docker_box() -> Iterator[Sandbox]:
    yield from _started("docker")


@pytest.fixture(scope="session")
def local_box() -> Iterator[Sandbox]:
    yield from _started("unsafe-local")


EVERY = [pytest.param("docker_box", marks=pytest.mark.docker), "local_box"]


@pytest.fixture(params=EVERY)
def each_box(request: pytest.FixtureRequest) -> Sandbox:
    """Every Sandbox."""
    box: Sandbox = request.getfixturevalue(request.param)
    return box


@pytest.fixture(params=["alone", "in-a-project"])
def any_box(each_box: Sandbox, request: pytest.FixtureRequest) -> Sandbox:
    """The contract suite runs against every Sandbox, with a project's world and without."""
    return InProject(each_box) if request.param == "in-a-project" else each_box


class InProject:
    """A Sandbox whose every job is the module `solution` of a small project."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.kind = box.kind
        self.isolation = box.isolation
        files = {"sibling.py": b"import solution\n", "data.txt": b"x"}
        self._world = World(module="solution", path="solution.py", files=files)

    async def start(self) -> None:
        await self._box.start()

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return await self._box.run([replace(j, world=self._world) for j in jobs], group=group)

    async def aclose(self) -> None:
        await self._box.aclose()


def _started(kind: str) -> Iterator[Sandbox]:
    box = open_sandbox(kind, workers=2)  # type: ignore[arg-type]
    asyncio.run(box.start())
    yield box
    asyncio.run(box.aclose())


def our_containers() -> set[str]:
    """Ids of all containers of ours, of whatever process."""
    command = ["docker", "ps", "-aq", "--no-trunc", "--filter", "label=org.atlas.sandbox"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

"""Started sandboxes of both kinds, and one way to run code in them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator

import pytest

from sandbox import open_sandbox
from sandbox.api import Sandbox


@pytest.fixture(scope="session")
def docker_box() -> Iterator[Sandbox]:
    yield from _started("docker")


@pytest.fixture(scope="session")
def local_box() -> Iterator[Sandbox]:
    yield from _started("unsafe-local")


@pytest.fixture(params=[pytest.param("docker_box", marks=pytest.mark.docker), "local_box"])
def each_box(request: pytest.FixtureRequest) -> Sandbox:
    """The contract suite runs against every Sandbox."""
    box: Sandbox = request.getfixturevalue(request.param)
    return box


def _started(kind: str) -> Iterator[Sandbox]:
    box = open_sandbox(kind, workers=2)  # type: ignore[arg-type]
    asyncio.run(box.start())
    yield box
    asyncio.run(box.aclose())


def our_containers() -> set[str]:
    """Ids of all containers of ours, of whatever process."""
    command = ["docker", "ps", "-aq", "--no-trunc", "--filter", "label=org.atlas.sandbox"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

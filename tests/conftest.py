"""Fixtures that every part shares: one sandbox for the session, on Docker where it answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox import open_sandbox
from sandbox.api import Sandbox


def docker_answers() -> bool:
    try:
        done = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


ROOT = Path(__file__).parents[1]
HAS_DOCKER = docker_answers()

# A shell that starts pytest in the background makes it, and all its children, deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if HAS_DOCKER:
        return
    skip = pytest.mark.skip(reason="no Docker engine answers here; .ci/docker starts one")
    for item in items:
        if "docker" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is learned from, or left in, the cache and settings of whoever runs the tests."""
    ours = [name for name in os.environ if name.startswith("ATLAS_")]
    before = {name: os.environ.pop(name) for name in ours}
    folder = tmp_path_factory.mktemp("user")
    own = {"ATLAS_CACHE": str(folder), "ATLAS_CONFIG": str(folder / "settings.toml")}
    os.environ.update(own)
    yield
    for name in own:
        del os.environ[name]
    os.environ.update(before)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def box() -> AsyncIterator[Sandbox]:
    """A started sandbox: Docker where it answers, else the same worker without isolation.

    Only for code that stands in this repository's tests.
    """
    sandbox = open_sandbox("docker" if HAS_DOCKER else "unsafe-local", workers=2)
    await sandbox.start()
    yield sandbox
    await sandbox.aclose()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with what is installed here: nothing is fetched."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, capture_output=True, cwd=ROOT, check=True).stdout.split(b"\0")
    for name in (os.fsdecode(name) for name in names if name):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "editors/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "-q", "-w", str(out), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def wheels(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ours and those of all that it needs, in the versions that are installed here."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "-w", str(folder), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the wheels of what we need cannot be had: {done.stderr.strip()[-200:]}")
    return folder

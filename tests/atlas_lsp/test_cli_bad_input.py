"""Bad input and broken surroundings: one line, the right exit code, nothing written."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.atlas_lsp.test_cli import ATLAS, ROOT, atlas, check_fails, containers_of
from tests.hopeless import HOPELESS

Die = Callable[[], Awaitable[None]]

STUB = 'def is_even(n):\n    """Is n even?\n\n    >>> is_even(4)\n    True\n    """\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "module.py"
    path.write_text(text)
    return path


@pytest.mark.docker
def test_a_context_that_is_too_small_names_both_sizes(tmp_path: Path):
    path = write(tmp_path, STUB.replace("Is n even?", "word " * 9000))
    check_fails(3, "9", "context of 2048", "shorten", words=("solve", f"{path}::is_even"))


@pytest.mark.docker
def test_without_doctests_the_status_is_never_verified(tmp_path: Path):
    path = write(tmp_path, 'def is_even(n):\n    """Is n even?"""\n')
    before = path.read_bytes()
    done = atlas("solve", f"{path}::is_even", "--json")
    report = json.loads(done.stdout)
    assert report["status"] in ("consistent", "unverified")
    assert report["tests"]["visible"] == {"passed": 0, "total": 0}
    assert any("no doctest" in line for line in report["evidence"])
    assert done.returncode == (0 if report["status"] == "consistent" else 1)
    assert path.read_bytes() == before


@pytest.mark.docker
def test_a_doctest_that_cannot_run_is_named_and_nothing_is_written(tmp_path: Path):
    path = write(tmp_path, STUB.replace("is_even(4)", "is_even(4"))
    before = path.read_bytes()
    done = atlas("solve", f"{path}::is_even", "--apply")
    assert done.returncode == 3
    assert "`is_even(4` is no Python" in done.stderr
    assert "not written" in done.stderr
    assert path.read_bytes() == before


@pytest.mark.docker
def test_a_full_disk_leaves_the_file_and_shows_the_diff(tmp_path: Path):
    path = write(tmp_path, STUB + "\n\n" + "# filler\n" * 4000)
    before = path.read_bytes()
    room = len(before) // 2
    done = subprocess.run(
        [*ATLAS, "solve", f"{path}::is_even", "--apply"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("atlas: ")
    assert "File too large" in done.stderr
    assert done.stdout.startswith("--- ")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["module.py"]


@pytest.mark.docker
async def test_an_engine_that_dies_in_the_middle_is_one_line(tmp_path: Path):
    path = write(tmp_path, HOPELESS)
    before = path.read_bytes()
    async with engine_behind(tmp_path / "docker.sock") as (env, die):
        process = await asyncio.create_subprocess_exec(
            *[*ATLAS, "solve", f"{path}::f", "--k", "8", "--timeout", "120"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=ROOT,
        )
        assert await soon(lambda: bool(containers_of(process.pid)))
        await die()
        out, said = await asyncio.wait_for(process.communicate(), 60)
    lines = said.decode().strip().splitlines()
    assert process.returncode == 3, lines
    assert len(lines) == 1
    assert "the Docker engine" in lines[0]
    assert out == b""
    assert path.read_bytes() == before
    assert await soon(lambda: not containers_of(process.pid))


async def soon(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        await asyncio.sleep(0.1)
    return False


@asynccontextmanager
async def engine_behind(
    socket: Path,
) -> AsyncIterator[tuple[dict[str, str], Die]]:
    """The real engine behind a socket of our own, and a way to cut it off."""
    real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    writers: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(real)
        writers.extend((writer, far_writer))
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    server = await asyncio.start_unix_server(connect, socket)

    async def die() -> None:
        server.close()
        for writer in writers:
            writer.transport.abort()

    try:
        yield os.environ | {"DOCKER_HOST": f"unix://{socket}"}, die
    finally:
        await die()

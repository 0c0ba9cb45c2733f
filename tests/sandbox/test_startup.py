"""A start that breaks is begun again once, and what is named at last is the true cause."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import open_sandbox
from sandbox.api import Call, Job, SandboxUnavailable
from sandbox.docker_sandbox import DockerSandbox

pytestmark = [
    pytest.mark.docker,
    # docker-py leaves the socket of a broken connection to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Here, where it is expected, and not under another test."""
    yield
    gc.collect()


ONE = Job(code="def f(): return 1", form=Call(entry="f"))


class Breaking:
    """The real engine, but the first `n_broken` requests with `word` in their first line break."""

    def __init__(self, path: Path, word: bytes, n_broken: int, *, dies: bool = False) -> None:
        self.path = path
        self._word, self.n_left, self._dies = word, n_broken, dies
        real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self._real = real.removeprefix("unix://")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(self._real)
            back = threading.Thread(target=carry, args=(far, near), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := near.recv(1 << 16):
                    if self._word in data.partition(b"\r\n")[0] and self.n_left > 0:
                        self._break()
                        near.shutdown(socket.SHUT_RDWR)
                        break
                    far.sendall(data)
            with contextlib.suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            back.join()

    def _break(self) -> None:
        self.n_left -= 1
        if self._dies:
            self.path.unlink(missing_ok=True)


def carry(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def breaking(path: Path, word: bytes, n_broken: int, *, dies: bool = False) -> Iterator[Breaking]:
    engine = Breaking(path, word, n_broken, dies=dies)
    try:
        yield engine
    finally:
        engine.close()


async def started(engine: Breaking) -> tuple[object, tuple[str, ...]]:
    box = DockerSandbox(workers=1, environ={"DOCKER_HOST": f"unix://{engine.path}"})
    try:
        await box.start()
        (seen,) = await box.run([ONE])
        return seen.value, seen.isolation
    finally:
        await box.aclose()


WORDS = [b"/containers/json", b"/images/", b"/containers/create", b"/start", b"/attach"]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.decode())
async def test_what_breaks_once_is_begun_again_and_costs_no_guarantee(tmp_path: Path, word: bytes):
    with breaking(tmp_path / "d.sock", word, 1) as engine:
        value, isolation = await started(engine)
        assert engine.n_left == 0
    assert value == 1
    assert not [said for said in isolation if said.startswith("without:") and "sysctl" in said]
    assert {"ipc-sysctls", "net-sysctls"} <= set(isolation)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.decode())
async def test_an_engine_that_dies_meanwhile_is_the_cause_that_is_named(
    tmp_path: Path, word: bytes
):
    with (
        breaking(tmp_path / "d.sock", word, 1000, dies=True) as engine,
        pytest.raises(SandboxUnavailable) as caught,
    ):
        await started(engine)
    assert "the Docker engine went away" in str(caught.value)
    assert "no Docker socket" in str(caught.value)
    assert "sandbox build" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_an_engine_that_always_breaks_off_is_no_missing_image(tmp_path: Path):
    with (
        breaking(tmp_path / "d.sock", b"/containers/create", 1000) as engine,
        pytest.raises(SandboxUnavailable) as caught,
    ):
        await started(engine)
    assert "stopped answering" in str(caught.value)
    assert "sandbox build" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("tcp://127.0.0.1:1", "connection refused"),
        ("http://nowhere.invalid:2375", "name"),
        ("tcp://", "Invalid bind address"),
        ("tcp://127.0.0.1:99999", "Port out of range"),
        ("http://[::1", "Docker engine"),
    ],
)
def test_a_wrong_address_takes_one_line_without_the_librarys_own_words(url: str, words: str):
    with pytest.raises(SandboxUnavailable) as caught:
        asyncio.run(open_sandbox("docker", environ={"DOCKER_HOST": url}).start())
    text = str(caught.value)
    assert url in text
    assert words in text
    assert "DOCKER_HOST" in text
    assert len(text) < 160
    assert not [
        word for word in ("Pool", "HTTPConnection", "Max retries", "urllib3") if word in text
    ]


async def test_a_container_runtime_is_used_and_said():
    box = open_sandbox("docker", workers=1, runtime="runc")
    await box.start()
    try:
        (seen,) = await box.run([ONE])
    finally:
        await box.aclose()
    assert seen.value == 1
    assert "runtime:runc" in seen.isolation


def test_a_container_runtime_that_the_engine_lacks_is_named():
    with pytest.raises(SandboxUnavailable) as caught:
        asyncio.run(open_sandbox("docker", workers=1, runtime="no-such").start())
    assert "no-such" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_the_command_line_takes_a_container_runtime(tmp_path: Path):
    module = tmp_path / "m.py"
    module.write_text('def f(n):\n    """Double.\n\n    >>> f(2)\n    4\n    """\n    return n\n')
    atlas = [sys.executable, "-m", "atlas_lsp.start", "repair", f"{module}::f"]
    done = subprocess.run(
        [*atlas, "--container-runtime", "no-such"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "is the container runtime no-such set up" in done.stderr
    assert "Traceback" not in done.stderr

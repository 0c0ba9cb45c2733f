"""What an engine cannot do is dropped aloud: in the log, and in every result's guarantees."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.api import Call, Job, Outcome
from sandbox.container import unmet
from sandbox.docker_sandbox import DockerSandbox
from tests.relay import carry

REFUSAL = b'{"message": "sysctl \\"kernel.sem\\" is not allowed here"}'


class Filter:
    """The real engine behind a socket that refuses to create containers with sysctls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_refused = 0
        real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self._real = real.removeprefix("unix://")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

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
            self._requests(near, far)
            back.join()

    def _requests(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(1 << 16):
                if b"/containers/create" in data.partition(b"\r\n")[0]:
                    data = whole_request(near, data)
                    if b"kernel.sem" in data:
                        self.n_refused += 1
                        near.sendall(refusal())
                        continue
                far.sendall(data)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)


def whole_request(near: socket.socket, data: bytes) -> bytes:
    while b"\r\n\r\n" not in data:
        data += near.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().splitlines()
    n = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    while len(body) < n:
        body += near.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def refusal() -> bytes:
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(REFUSAL)}\r\n"
    return (head + "Content-Type: application/json\r\n\r\n").encode() + REFUSAL


@pytest.fixture
def strict_engine(tmp_path: Path) -> Iterator[Filter]:
    engine = Filter(tmp_path / "docker.sock")
    yield engine
    engine.close()


@pytest.mark.docker
@pytest.mark.asyncio
async def test_a_refused_option_is_left_out_logged_and_named_in_each_result(
    strict_engine: Filter, caplog: pytest.LogCaptureFixture
):
    environ = os.environ | {"DOCKER_HOST": f"unix://{strict_engine.path}"}
    box = DockerSandbox(workers=1, environ=environ)
    try:
        with caplog.at_level(logging.WARNING):
            await box.start()
        (seen,) = await box.run([Job(code="def f(): return 3", form=Call(entry="f"))])
    finally:
        await box.aclose()
    assert (seen.outcome, seen.value) == (Outcome.RETURNED, 3)
    assert strict_engine.n_refused >= 1
    assert "without:ipc-sysctls" in seen.isolation
    assert "ipc-sysctls" not in seen.isolation
    assert {"inode-limit", "cpu-limit", "no-network"} <= set(seen.isolation)
    assert any("ipc-sysctls" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("warning", "names"),
    [
        (
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted."
            " Memory limited without swap.",
            ("memory-limit",),
        ),
        ("Your kernel does not support pids limit capabilities. Limit discarded.", ("pids-limit",)),
        ("Your kernel does not support CPU cfs quota. Quota discarded.", ("cpu-limit",)),
        ("Something new.", ("Something new.",)),
    ],
)
def test_what_an_engine_warns_of_is_no_guarantee(warning: str, names: tuple[str, ...]):
    assert unmet([warning, warning]) == names

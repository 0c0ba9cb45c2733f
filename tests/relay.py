"""A socket in front of the real Docker engine, which a test can take away and bring back."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class Relay:
    """The real engine behind a socket that can be taken away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self._real = real.removeprefix("unix://")
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.url = f"unix://{path}"

    def begin(self) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self._path))
        self._server.listen()
        self._start(self._accept, self._server)

    def end(self) -> None:
        """No new connection, and those there are end in the middle of what they carry."""
        self._path.unlink(missing_ok=True)
        for one in (self._server, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        while self._threads:
            self._threads.pop().join()
        self._open.clear()

    def _start(self, what: Callable[..., None], *args: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=what, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _accept(self, server: socket.socket) -> None:
        with server, contextlib.suppress(OSError):
            while True:
                near, _ = server.accept()
                self._start(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(self._real)
            self._open += (near, far)
            back = self._start(carry, far, near)
            carry(near, far)
            back.join()


@contextlib.contextmanager
def relay() -> Iterator[Relay]:
    """One that stands; in a folder of a short name, as a socket's path has to be."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        one = Relay(Path(short) / "engine.sock")
        one.begin()
        try:
            yield one
        finally:
            one.end()


def carry(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)

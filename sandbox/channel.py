"""The host's end of one worker: requests out, replies in, over a socket or pipes. Blocking; used
by one thread.

`cancel` and `abort` may be called from another thread.
"""

from __future__ import annotations

import os
import secrets
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sandbox import codec
from sandbox.observe import Packed
from sandbox.wire import (
    NONCE_BYTES,
    REPLY_HEAD_BYTES,
    Ask,
    Reply,
    Say,
    WireError,
    WireRequest,
    join_reply,
    unpack_reply_head,
)


class WorkerDied(Exception):
    """The worker is gone, silent or talks nonsense; it says nothing about the program that ran."""


class Stream(Protocol):
    """Bytes to and from a worker."""

    def send(self, data: bytes) -> None: ...

    def receive(self, deadline: float) -> bytes:
        """Some bytes, empty at the end; raises TimeoutError at the monotonic `deadline`."""
        ...

    def is_quiet(self) -> bool:
        """Nothing to be read and not at its end."""
        ...

    def abort(self) -> None:
        """Make a reader in another thread see the end, soon."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Hello:
    python: str
    isolation: tuple[str, ...]


class Channel:
    """Speaks the protocol over one stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._buffer = bytearray()
        self._last_id = 0
        self._sending = threading.Lock()

    def greet(self, timeout_s: float) -> Hello:
        """Raises WorkerDied when no worker of this protocol answers."""
        self._send(self._nonce)
        reply = self._reply(Say.HELLO, time.monotonic() + timeout_s, 0)
        try:
            said = codec.decode(reply.result)
        except codec.CodecError as exc:
            raise WorkerDied("the worker's greeting cannot be read") from exc
        match said:
            case {"python": str(python), "isolation": tuple(words)}:
                return Hello(python=python, isolation=tuple(str(word) for word in words))
        raise WorkerDied("the worker's greeting is not of this version")

    def run(self, packed: Packed) -> Reply:
        """Send and await one run. Raises WorkerDied."""
        return self._exchange(packed, Say.DONE)

    def settle(self, packed: Packed) -> Reply:
        """Send a world and await that the worker has taken it in. Raises WorkerDied."""
        return self._exchange(packed, Say.WORLD)

    def _exchange(self, packed: Packed, say: Say) -> Reply:
        request_id = self.next_id()
        request = replace(packed.request, nonce=self._nonce, request_id=request_id)
        self._send(request.pack() + packed.payload)
        return self._reply(say, time.monotonic() + packed.deadline_s, request_id)

    def next_id(self) -> int:
        self._last_id = (self._last_id + 1) & 0xFFFFFFFF
        return self._last_id

    def ping(self, timeout_s: float = 5.0) -> None:
        request = WireRequest(ask=Ask.PING, nonce=self._nonce, request_id=self.next_id())
        self._send(request.pack())
        self._reply(Say.PONG, time.monotonic() + timeout_s, request.request_id)

    def cancel(self) -> None:
        """Have the run under way killed; the run's reply still comes. Nothing happens between
        runs.
        """
        request = WireRequest(ask=Ask.CANCEL, nonce=self._nonce, request_id=self._last_id)
        self._send(request.pack())

    def is_alive(self) -> bool:
        """Whether the worker can take a request, as far as can be seen without asking."""
        return not self._buffer and self._stream.is_quiet()

    def abort(self) -> None:
        """End the connection from another thread; the owner still has to close it."""
        self._stream.abort()

    def close(self) -> None:
        self._stream.close()

    def _send(self, data: bytes) -> None:
        try:
            with self._sending:
                self._stream.send(data)
        except (OSError, ValueError) as exc:
            raise WorkerDied(f"the worker takes no request: {exc}") from exc

    def _reply(self, say: Say, deadline: float, request_id: int) -> Reply:
        try:
            head = unpack_reply_head(self._take(REPLY_HEAD_BYTES, deadline))
            reply = join_reply(head, self._take(head.n_bytes, deadline))
        except WireError as exc:
            raise WorkerDied(f"the worker talks nonsense: {exc}") from exc
        if reply.nonce != self._nonce or reply.say is not say or reply.request_id != request_id:
            raise WorkerDied("the worker answered another question")
        return reply

    def _take(self, n: int, deadline: float) -> bytes:
        while len(self._buffer) < n:
            try:
                piece = self._stream.receive(deadline)
            except TimeoutError as exc:
                raise WorkerDied("the worker did not answer in time") from exc
            except (OSError, ValueError) as exc:
                raise WorkerDied(f"the connection to the worker broke: {exc}") from exc
            if not piece:
                raise WorkerDied("the worker ended")
            self._buffer += piece
        taken = bytes(self._buffer[:n])
        del self._buffer[:n]
        return taken


class PipeStream:
    """Two file descriptors, which this object owns."""

    def __init__(self, write_fd: int, read_fd: int, kill: Callable[[], None]) -> None:
        """`kill` ends the process at the other end and reaps it; it may be called twice."""
        self._write_fd, self._read_fd = write_fd, read_fd
        self._kill = kill
        self._closed = False

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._write_fd, rest) :]

    def receive(self, deadline: float) -> bytes:
        if not _readable(self._read_fd, max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        return os.read(self._read_fd, 1 << 16)

    def is_quiet(self) -> bool:
        return not self._closed and not _readable(self._read_fd, 0)

    def abort(self) -> None:
        self._kill()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            os.close(self._write_fd)
            self._kill()
            os.close(self._read_fd)


def _readable(fd: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))

"""Frames on pipes and sockets: reads and writes never block the loop and need no thread.

Junk between frames is skipped; a body that is no JSON is answered with an error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import stat
import sys
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Protocol

log = logging.getLogger(__name__)
LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE)
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 1 << 28


class Reader(Protocol):
    def readline(self) -> Awaitable[bytes]: ...

    def readexactly(self, n: int, /) -> Awaitable[bytes]: ...


class Writer(Protocol):
    def write(self, data: bytes, /) -> None: ...

    def close(self) -> None: ...


async def read_frames(reader: Reader, receive: Callable[[object], None]) -> None:
    """Hand each message to `receive` until the input ends."""
    while (body := await _body(reader)) is not None:
        try:
            message: object = json.loads(body)
        except (ValueError, RecursionError) as exc:
            log.warning("a body of %d bytes is no JSON: %s", len(body), exc)
            message = None
        receive(message)


async def _body(reader: Reader) -> bytes | None:
    """The next frame's body; None at the end of the input."""
    length: int | None = None
    try:
        while line := await reader.readline():
            if found := LENGTH.match(line.strip()):
                length = int(found[1])
            elif not line.strip() and length is not None:
                if length <= MAX_BODY_BYTES:
                    return await reader.readexactly(length)
                log.error("a frame of %d bytes is too long; the connection ends", length)
                return None
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as exc:
        log.info("the input ended inside a frame: %s", exc)
    return None


async def stdio(protocol_out: BinaryIO) -> tuple[Reader, Writer]:
    """Our ends of the client's pipes; plain blocking files only where there is no pipe."""
    loop = asyncio.get_running_loop()
    reader: Reader = _FileReader(sys.stdin.buffer)
    if _is_stream(0):
        stream = asyncio.StreamReader(limit=MAX_HEADER_BYTES)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin.buffer)
        reader = stream
    if not _is_stream(protocol_out.fileno()):
        return reader, _FileWriter(protocol_out)
    transport, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, protocol_out)
    return reader, asyncio.StreamWriter(transport, flow, None, loop)


async def flushed(writer: Writer, within_s: float = 0.5) -> None:
    """Let what was written go out, if the client still reads."""
    if isinstance(writer, asyncio.StreamWriter):
        deadline = asyncio.get_running_loop().time() + within_s
        while writer.transport.get_write_buffer_size() and not writer.transport.is_closing():
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.005)


def protocol_stdout() -> BinaryIO:
    """The real stdout, for the protocol alone; whatever else prints goes to stderr from now on."""
    protocol = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


def _is_stream(fd: int) -> bool:
    if sys.platform == "win32":
        return False
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _FileReader:
    """Reads in the default executor, one call at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def readline(self) -> bytes:
        return await asyncio.to_thread(self._file.readline)

    async def readexactly(self, n: int, /) -> bytes:
        data = await asyncio.to_thread(self._file.read, n)
        if len(data) < n:
            raise asyncio.IncompleteReadError(data, n)
        return data


class _FileWriter:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes, /) -> None:
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        self._file.close()

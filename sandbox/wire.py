"""The frames between host and worker, for both ends; standard library only.

Host to worker: 8 bytes of nonce once, then a fixed head and a body per request.
Worker to host: a fixed head and three byte strings (results, stdout, stderr) per reply.
The worker reads heads only; the body is read by the forked child, so that no later test finds it
in memory.
One request is under way at a time; a CANCEL head may follow it.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from enum import IntEnum

PROTOCOL = 1
IN, OUT = 0, 1
"""The worker's descriptors for requests and replies."""
NONCE_BYTES = 8
MAX_STARVED = 10
"""The clock's limit grows by the time that a test waited for a CPU, up to this factor."""
MAX_REPLY_BYTES = 256 << 20
_REQUEST_MAGIC = b"aQ"
_REPLY_MAGIC = b"aR"
_REQUEST = struct.Struct("!2sBB8s10I")
_REPLY = struct.Struct("!2sBB8sI4BQQIIIII")
FRAME = struct.Struct("!I")
"""Length in front of each result that a child writes."""


class WireError(ValueError):
    """Bytes that are not our protocol: the other side is broken or was replaced."""


class Ask(IntEnum):
    RUN = 1
    PING = 2
    CANCEL = 3
    WORLD = 4
    """The body is a project's world, for the worker itself; trusted, as no test is."""


class Say(IntEnum):
    HELLO = 0
    DONE = 1
    PONG = 2
    WORLD = 3


class Reason(IntEnum):
    """Why the worker ended a run itself."""

    NONE = 0
    CPU = 1
    WALL = 2
    OUTPUT = 3
    RESULT = 4
    CANCELLED = 5
    FORK = 6


@dataclass(frozen=True, kw_only=True)
class WireRequest:
    ask: Ask
    nonce: bytes
    request_id: int = 0
    body_bytes: int = 0
    test_bytes: int = 0
    """Second body, for the test process of TestCode; 0 means there is none."""
    cpu_ms: int = 0
    wall_ms: int = 0
    memory_mb: int = 0
    output_bytes: int = 0
    result_bytes: int = 0
    n_frames: int = 1
    """Results that the child may write."""
    renew: int = 0
    """1: each complete result renews the CPU and wall limits (Batch)."""

    def pack(self) -> bytes:
        return _REQUEST.pack(
            *(_REQUEST_MAGIC, PROTOCOL, self.ask, self.nonce, self.request_id),
            *(self.body_bytes, self.test_bytes, self.cpu_ms, self.wall_ms, self.memory_mb),
            *(self.output_bytes, self.result_bytes, self.n_frames, self.renew),
        )

    @classmethod
    def unpack(cls, data: bytes) -> WireRequest:
        magic, protocol, ask, nonce, *numbers = _REQUEST.unpack(data)
        if magic != _REQUEST_MAGIC or protocol != PROTOCOL or ask not in tuple(Ask):
            raise WireError("not a request of this protocol")
        names = ("request_id", "body_bytes", "test_bytes", "cpu_ms", "wall_ms", "memory_mb")
        more = ("output_bytes", "result_bytes", "n_frames", "renew")
        return cls(ask=Ask(ask), nonce=nonce, **dict(zip(names + more, numbers, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Reply:
    say: Say
    nonce: bytes
    request_id: int = 0
    reason: Reason = Reason.NONE
    clean: bool = True
    """Nothing of the test was left behind; otherwise the worker is to be retired."""
    signal: int = 0
    exit_code: int = 0
    cpu_us: int = 0
    wall_us: int = 0
    max_rss_kb: int = 0
    oom_kills: int = 0
    result: bytes = b""
    stdout: bytes = b""
    stderr: bytes = b""

    def pack(self) -> bytes:
        head = _REPLY.pack(
            *(_REPLY_MAGIC, PROTOCOL, self.say, self.nonce, self.request_id, self.reason),
            *(self.clean, self.signal, self.exit_code, self.cpu_us, self.wall_us),
            *(self.max_rss_kb, self.oom_kills),
            *(len(self.result), len(self.stdout), len(self.stderr)),
        )
        return b"".join((head, self.result, self.stdout, self.stderr))


REQUEST_BYTES = _REQUEST.size
REPLY_HEAD_BYTES = _REPLY.size


@dataclass(frozen=True, kw_only=True)
class ReplyHead:
    reply: Reply
    """Without its byte strings."""
    lengths: tuple[int, int, int]

    @property
    def n_bytes(self) -> int:
        return sum(self.lengths)


def unpack_reply_head(data: bytes) -> ReplyHead:
    """Raises WireError for anything that is not the head of a reply, or announces too much."""
    if len(data) != REPLY_HEAD_BYTES:
        raise WireError("a reply head of the wrong length")
    (magic, protocol, say, nonce, request_id, reason, clean, signal, exit_code, *rest) = (
        _REPLY.unpack(data)
    )
    cpu_us, wall_us, max_rss_kb, oom_kills, *lengths = rest
    if magic != _REPLY_MAGIC or protocol != PROTOCOL:
        raise WireError("not a reply of this protocol")
    if say not in tuple(Say) or reason not in tuple(Reason) or sum(lengths) > MAX_REPLY_BYTES:
        raise WireError("a reply with impossible fields")
    reply = Reply(
        say=Say(say),
        nonce=nonce,
        request_id=request_id,
        reason=Reason(reason),
        clean=bool(clean),
        signal=signal,
        exit_code=exit_code,
        cpu_us=cpu_us,
        wall_us=wall_us,
        max_rss_kb=max_rss_kb,
        oom_kills=oom_kills,
    )
    return ReplyHead(reply=reply, lengths=(lengths[0], lengths[1], lengths[2]))


def join_reply(head: ReplyHead, payload: bytes) -> Reply:
    """The reply with its byte strings; `payload` has `head.n_bytes` bytes."""
    a, b, _c = head.lengths
    fields = {**head.reply.__dict__}
    fields.update(result=payload[:a], stdout=payload[a : a + b], stderr=payload[a + b :])
    return Reply(**fields)


def split_frames(data: bytes) -> tuple[tuple[bytes, ...], int]:
    """The complete length-prefixed results in `data`, and how many bytes follow them."""
    frames: list[bytes] = []
    at = 0
    while len(data) - at >= FRAME.size:
        (n,) = FRAME.unpack_from(data, at)
        if n > len(data) - at - FRAME.size:
            break
        frames.append(data[at + FRAME.size : at + FRAME.size + n])
        at += FRAME.size + n
    return tuple(frames), len(data) - at


def read_head() -> WireRequest | None:
    """The next head; None when the host is gone or talks nonsense."""
    data = read_exact(REQUEST_BYTES)
    try:
        return WireRequest.unpack(data) if data else None
    except WireError:
        return None


def read_exact(n: int, fd: int = IN) -> bytes:
    """Exactly n bytes, or none when the stream ends before."""
    data = bytearray()
    while len(data) < n:
        piece = os.read(fd, min(n - len(data), 1 << 20))
        if not piece:
            return b""
        data += piece
    return bytes(data)

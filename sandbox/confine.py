"""What a fresh child does before a test's code runs in it: streams, limits, another user. Standard
library only.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # typeshed has none
import _thread
import contextlib
import ctypes
import fcntl
import gc
import io
import os
import resource
import struct
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sandbox import child, landlock
from sandbox.cgroup import Counter
from sandbox.guise import Title
from sandbox.landlock import Fence
from sandbox.wire import FRAME, WireRequest

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """How this worker confines its tests."""

    local: bool
    uid: int | None
    """Uid of tests; the test process of TestCode has the next one. None keeps the worker's own."""
    lease_s: float
    cpu: Counter | None
    oom: Counter | None
    tmp: Path
    shm: Path | None = None
    """Where shared memory lies, if tests have some of their own."""
    fence: Fence | None = None
    title: Title | None = None


def prctl(option: int, value: int) -> bool:
    return int(_libc.prctl(option, value, 0, 0, 0)) == 0


@contextlib.contextmanager
def as_owner(uid: int | None) -> Iterator[None]:
    """What is made inside belongs to `uid`."""
    if uid is None:
        yield
        return
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def in_child(run: Callable[[], None]) -> None:
    """Run and leave the process for good, whatever happens."""
    code = 70
    try:
        run()
        code = 0
    finally:
        os._exit(code)


def redirect(
    writes: tuple[int, ...], extra: tuple[int, ...], kept: tuple[int, ...]
) -> tuple[int, ...]:
    """0 is empty, 1 and 2 are the test's pipes, 3 takes results, 4 may be the other process.

    Those in `kept` come behind; gives their new numbers. Everything else is closed.
    """
    sources = [os.open(os.devnull, os.O_RDONLY), writes[1], writes[2], writes[0], *extra, *kept]
    high = [_above(fd, 32) for fd in sources]
    for number, fd in enumerate(high):
        os.dup2(fd, number, inheritable=number < 3)
    os.closerange(len(high), 1024)
    return tuple(range(len(high) - len(kept), len(high)))


def _above(fd: int, least: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)


class Terms(NamedTuple):
    """What the worker tells a child of its test, and nothing more: each page that a child touches
    is copied.
    """

    body_bytes: int
    result_bytes: int
    cpu_s: int
    data_bytes: int

    def pack(self) -> bytes:
        return _TERMS.pack(*self)

    @classmethod
    def unpack(cls, data: bytes) -> Terms:
        return cls(*_TERMS.unpack(data))


_TERMS = struct.Struct("!3IQ")
TERMS_BYTES = _TERMS.size


def terms_of(request: WireRequest, body_bytes: int) -> Terms:
    """For a child that has what the worker has now."""
    # The supervisor ends a test; this is for the case that it cannot. The kernel counts whole ticks
    # here, where a busy virtual machine got only a part of each.
    cpu_s = 2 * (request.cpu_ms // 1000) + 2
    if request.renew:
        cpu_s *= request.n_frames
    data_bytes = ((request.memory_mb + 48) << 20) + _own_data()
    return Terms(body_bytes, request.result_bytes, cpu_s, data_bytes)


def limit(terms: Terms) -> None:
    data = terms.data_bytes
    limits = {
        resource.RLIMIT_AS: 2 * data + (512 << 20),
        resource.RLIMIT_CPU: terms.cpu_s,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_FSIZE: 64 << 20,
    }
    for kind, value in limits.items():
        _soft, hard = resource.getrlimit(kind)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = data + _FOR_STACKS if hard == resource.RLIM_INFINITY else min(data + _FOR_STACKS, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (min(data, most), most))


_FOR_STACKS = 320 << 20
"""What stacks of threads may take besides, untouched for the most part."""


def give_room_for_stacks() -> None:
    """Let `threading.stack_size` also raise what a test may map; for those who recurse deeply."""
    real = _thread.stack_size

    def stack_size(size: int = 0, /) -> int:
        """Return the thread stack size used when creating new threads, and set it."""
        before = real(size)
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if size > 1 << 20 and soft != resource.RLIM_INFINITY:
            more = soft + size + (8 << 20)
            raised = more if hard == resource.RLIM_INFINITY else min(more, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (max(soft, raised), hard))
        return before

    _thread.stack_size = stack_size
    if "threading" in sys.modules:
        sys.modules["threading"].__dict__["stack_size"] = stack_size


def _own_data() -> int:
    """Bytes that were there before the test: what a project's packages take is not its doing."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_bytes().split()[5]) * resource.getpagesize()
    return 0


def enclose(setting: Confinement, fence: int) -> None:
    """Be the first that the kernel ends when memory runs out, and open no more than a test may.

    `fence` is the descriptor of this child's own; negative where there is none.
    """
    if setting.local:
        return
    with contextlib.suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)
    if setting.title is not None:
        setting.title.of_a_program()
    if fence >= 0:
        landlock.enter(fence)


def drop(setting: Confinement, offset: int) -> None:
    """Become the test's own user."""
    if setting.local:
        return
    if setting.uid is not None:
        uid = setting.uid + offset
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        prctl(PR_SET_DUMPABLE, 1)


def _text_out(fd: int, errors: str) -> io.TextIOWrapper:
    raw = io.BufferedWriter(io.FileIO(fd, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", errors=errors, line_buffering=fd == 2)


def _text_in() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")


def prepare_streams() -> None:
    """Make in the worker, once, the stream objects that each child finds over its own 0, 1 and
    2.
    """
    sys.stdin, sys.stdout, sys.stderr = (
        *(_text_in(), _text_out(1, "strict"), _text_out(2, "backslashreplace")),
    )
    sys.__dict__.update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)
    sys.argv = [child.identity.filename]
    sys.modules["__main__"] = types.ModuleType("__main__")


def restore_python() -> None:
    """Signals and collector as a fresh start has them."""
    # What `signal` has around it makes enumerations of both, on pages that nothing else touches.
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    gc.enable()


def split_stdin(body: bytes) -> tuple[bytes, bytes]:
    """The job and its standard input, which follow each other behind one length."""
    (n,) = FRAME.unpack_from(body)
    return body[FRAME.size : FRAME.size + n], body[FRAME.size + n :]


def give_stdin(data: bytes) -> None:
    """A file in memory as standard input: it can be read, seeked and opened again."""
    if not data:
        return
    fd = os.memfd_create("stdin")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    os.dup2(fd, 0)
    os.close(fd)
    sys.stdin = _text_in()
    sys.__dict__.update(__stdin__=sys.stdin)

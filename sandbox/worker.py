"""The process inside the sandbox: reads heads, forks once per test, watches, kills, reports. Standard library only.

In a container it is PID 1 with uid 0 and three capabilities; a test runs under another uid.
As `--local` it is a plain child of the host and confines next to nothing.
It never reads a request's body and never decodes a result, so that one test finds nothing of another here.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import child, codec, processes
from sandbox.wire import (
    FRAME,
    NONCE_BYTES,
    REQUEST_BYTES,
    Ask,
    Reason,
    Reply,
    Request,
    Say,
    WireError,
)

IN, OUT = 0, 1
_PRELOADED = (
    *("array", "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "typing", "time", "threading", "atexit"),
)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How this worker confines its tests."""

    local: bool
    uid: int | None
    """Uid of tests; the test process of TestCode has the next one. None keeps the worker's own."""
    lease_s: float
    oom_file: Path | None
    tmp: Path


def main() -> None:
    setting = _setting()
    nonce = _read(NONCE_BYTES)
    guarantees = _harden(setting)
    _warm()
    hello = codec.encode({"python": sys.version.split()[0], "isolation": guarantees})
    _say(Reply(say=Say.HELLO, nonce=nonce, result=hello))
    while (request := _next_request(setting)) is not None:
        _serve(setting, request)


def _setting() -> Setting:
    parser = argparse.ArgumentParser()
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--lease", type=float, default=30.0)
    parser.add_argument("--tmp", type=Path, default=Path("/tmp"))
    args = parser.parse_args()
    uid = args.uid if os.geteuid() == 0 and not args.local else None
    oom_file = None if args.local else _oom_file()
    return Setting(local=args.local, uid=uid, lease_s=args.lease, oom_file=oom_file, tmp=args.tmp)


def _oom_file() -> Path | None:
    for name in ("memory.events", "memory/memory.oom_control"):
        path = Path("/sys/fs/cgroup") / name
        if path.exists():
            return path
    return None


# --- becoming ready ------------------------------------------------------------------------------------


def _harden(setting: Setting) -> tuple[str, ...]:
    """Make the worker itself hard to reach; the guarantees that this gives, one word each."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if setting.local:
        return ("fork-per-test", "rlimits")
    _prctl(_PR_SET_DUMPABLE, 0)
    own_uid = ("separate-uid",) if setting.uid is not None else ()
    return ("fork-per-test", "rlimits", "pid1", *own_uid)


def _prctl(option: int, value: int) -> bool:
    return int(_libc.prctl(option, value, 0, 0, 0)) == 0


def _warm() -> None:
    """Import what tests import, compile once, freeze the heap: a fork then copies little."""
    for name in _PRELOADED:
        __import__(name)
    compile("def f(x):\n    return [y + 1 for y in x]\n", child.FILENAME, "exec")
    child.evaluate("z = 1\nz", {})
    codec.decode(codec.encode({"a": (1.0, "b", [None, True])}))
    for name in [n for n in sys.modules if n == "sandbox" or n.startswith("sandbox.")]:
        del sys.modules[name]
    own = _first_environment.get("PYTHONPATH")
    if own in sys.path:
        sys.path.remove(own)
    os.environ.clear()
    os.environ.update(_environment())
    gc.collect()
    gc.freeze()
    gc.disable()


_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "LANG")
_first_environment = dict(os.environ)


def _environment() -> dict[str, str]:
    kept = {name: _first_environment[name] for name in _KEPT if name in _first_environment}
    return {"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1", **kept}


# --- talking to the host ---------------------------------------------------------------------------------


def _next_request(setting: Setting) -> Request | None:
    """The next run; answers pings; None when the host is gone or silent for longer than the lease."""
    while True:
        poll = select.poll()
        poll.register(IN, select.POLLIN)
        if not poll.poll(setting.lease_s * 1000):
            return None
        request = _head()
        if request is None or request.ask is Ask.RUN:
            return request
        if request.ask is Ask.PING:
            _say(Reply(say=Say.PONG, nonce=request.nonce, request_id=request.request_id))


def _head() -> Request | None:
    data = _read(REQUEST_BYTES)
    try:
        return Request.unpack(data) if data else None
    except WireError:
        return None


def _read(n: int) -> bytes:
    """Exactly n bytes of standard input, or none at its end."""
    data = bytearray()
    while len(data) < n:
        piece = os.read(IN, n - len(data))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def _say(reply: Reply) -> None:
    data = memoryview(reply.pack())
    while data:
        data = data[os.write(OUT, data) :]


# --- one test ----------------------------------------------------------------------------------------------


def _serve(setting: Setting, request: Request) -> None:
    """Run one test and report; leaves no process of it, and no file, or says that it is not clean."""
    oom_before = _oom_kills(setting)
    run = _Run(setting, request)
    try:
        started = run.start()
        if started:
            run.watch()
    finally:
        run.kill()
    clean = _sweep(setting, run.directory)
    if run.host_is_gone or not (started or run.reason is Reason.FORK):
        sys.exit(0)
    _say(replace(run.reply(oom_kills=_oom_kills(setting) - oom_before), clean=clean))
    if not started:
        sys.exit(0)


def _oom_kills(setting: Setting) -> int:
    if setting.oom_file is None:
        return 0
    with contextlib.suppress(OSError):
        for line in setting.oom_file.read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


class _Run:
    """The processes and pipes of one test."""

    def __init__(self, setting: Setting, request: Request) -> None:
        self.setting = setting
        self.request = request
        self.reason = Reason.NONE
        self.host_is_gone = False
        self.directory = setting.tmp
        self.pids: list[int] = []
        self._kept: dict[int, bytearray] = {}
        self._caps: dict[int, tuple[int, Reason]] = {}
        self._ends: list[int] = []
        self._status: dict[int, int] = {}
        self._cpu_s = 0.0
        self._max_rss_kb = 0
        self._started = time.monotonic()
        self._renewed_wall = self._started
        self._renewed_cpu = 0.0
        self._look_at = self._started + self._soonest_s(request.cpu_ms / 1000)
        self._frames_seen = 0
        self._frames_at = 0

    def start(self) -> bool:
        """Fork; False when that failed or the body did not arrive."""
        if self.setting.local:
            self.directory = Path(tempfile.mkdtemp(prefix="atlas-test-"))
        self._fds = self._pipes()
        try:
            if self.request.test_bytes:
                return self._start_pair()
            return self._fork(self._candidate, self.request.body_bytes, ())
        finally:
            for fd in self._fds.writes:
                os.close(fd)

    def _pipes(self) -> _Fds:
        """Pipes that belong to the test's uid, so that it may open /dev/stdout again."""
        with _as_owner(self.setting.uid):
            pairs = [os.pipe() for _ in range(3)]
        result, out, err = (read for read, _write in pairs)
        request = self.request
        n = request.n_frames
        self._caps = {
            result: ((request.result_bytes + 1024) * min(n, 4) + n * 64, Reason.RESULT),
            out: (request.output_bytes, Reason.OUTPUT),
            err: (request.output_bytes, Reason.OUTPUT),
        }
        self._kept = {fd: bytearray() for fd in self._caps}
        self._ends = [result, out, err]
        for fd in self._ends:
            os.set_blocking(fd, False)
        return _Fds(reads=tuple(self._ends), writes=tuple(write for _read, write in pairs))

    def _start_pair(self) -> bool:
        """The candidate's process first, then the test's, joined by a socket; the test leads."""
        import socket

        ours, theirs = socket.socketpair()
        with ours, theirs:
            return self._fork(
                self._served_candidate, self.request.body_bytes, (theirs.fileno(),)
            ) and self._fork(self._test, self.request.test_bytes, (ours.fileno(),))

    def _fork(self, run: Callable[[bytes], None], n_bytes: int, extra: tuple[int, ...]) -> bool:
        read, write = os.pipe()
        offset = len(self.pids)
        try:
            pid = os.fork()
        except OSError:
            self.reason = Reason.FORK
            return False
        if pid == 0:
            os.close(read)
            _in_child(lambda: self._become_test(run, n_bytes, write, (extra, offset)))
        os.close(write)
        self.pids.append(pid)
        arrived = os.read(read, 1)
        os.close(read)
        return bool(arrived)

    def _become_test(
        self,
        run: Callable[[bytes], None],
        n_bytes: int,
        arrived: int,
        rest: tuple[tuple[int, ...], int],
    ) -> None:
        """In the child: take the body, give up everything else, run."""
        extra, offset = rest
        if self.setting.local:
            os.setsid()
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        body = _read(n_bytes)
        arrived = _redirect(self._fds.writes, extra, arrived)
        os.chdir(self.directory)
        _limit(self.request)
        _drop(self.setting, offset)
        _restore_python()
        os.write(arrived, b"1")
        os.close(arrived)
        run(body)

    def _candidate(self, body: bytes) -> None:
        body, stdin = _split_stdin(body)
        _give_stdin(stdin)
        child.run_candidate(body, self.request.result_bytes)

    def _served_candidate(self, body: bytes) -> None:
        os.close(child.RESULT_FD)
        child.serve_calls(_split_stdin(body)[0])

    def _test(self, body: bytes) -> None:
        _prctl(_PR_SET_DUMPABLE, 0)
        child.run_test(_split_stdin(body)[0], self.request.result_bytes)

    # watching

    def watch(self) -> None:
        """Until the leader has ended or a limit is reached."""
        leader = os.pidfd_open(self.pids[-1])
        poll = select.poll()
        for fd in (*self._ends, leader, IN):
            poll.register(fd, select.POLLIN)
        try:
            while self.reason is Reason.NONE and not self.host_is_gone:
                events = dict(poll.poll(self._patience_s() * 1000))
                for fd in [fd for fd in self._ends if fd in events]:
                    if not self._drain(fd):
                        poll.unregister(fd)
                if IN in events:
                    self._heed(events[IN])
                if leader in events:
                    return
                self._check_time()
        finally:
            os.close(leader)

    def _heed(self, event: int) -> None:
        """A CANCEL, or the end of the host."""
        request = _head() if event & select.POLLIN else None
        if request is None:
            self.host_is_gone = True
        elif request.ask is Ask.CANCEL and request.request_id == self.request.request_id:
            self.reason = Reason.CANCELLED

    def _drain(self, fd: int) -> bool:
        """Take what is there, up to the cap; False at the end of the pipe."""
        kept = self._kept[fd]
        cap, reason = self._caps[fd]
        try:
            piece = os.read(fd, 1 << 16)
        except BlockingIOError:
            return True
        kept += piece[: max(0, cap - len(kept))]
        if len(kept) >= cap and len(piece) and self.reason is Reason.NONE:
            self.reason = reason
        if fd == self._ends[0]:
            self._count_frames(kept)
        return bool(piece)

    def _count_frames(self, kept: bytearray) -> None:
        """Renew the limits at each complete result of a batch, at most once per part."""
        while len(kept) - self._frames_at >= FRAME.size:
            (n,) = FRAME.unpack_from(kept, self._frames_at)
            if len(kept) - self._frames_at - FRAME.size < n:
                return
            self._frames_at += FRAME.size + n
            self._frames_seen += 1
            if self.request.renew and self._frames_seen <= self.request.n_frames:
                self._renewed_wall = time.monotonic()
                self._renewed_cpu = self._cpu_now()
                self._look_at = self._renewed_wall + self._soonest_s(self.request.cpu_ms / 1000)

    def _patience_s(self) -> float:
        return max(self._look_at - time.monotonic(), 0.001)

    def _soonest_s(self, cpu_left_s: float) -> float:
        """How long until a limit can be reached at the earliest."""
        wall_left_s = self.request.wall_ms / 1000 - (time.monotonic() - self._renewed_wall)
        return min(cpu_left_s / _N_CPUS, wall_left_s)

    def _check_time(self) -> None:
        """Read the clocks, but only when a limit can have been reached."""
        if self.reason is not Reason.NONE or time.monotonic() < self._look_at:
            return
        cpu_left_s = self.request.cpu_ms / 1000 - (self._cpu_now() - self._renewed_cpu)
        if cpu_left_s <= 0:
            self.reason = Reason.CPU
        elif self._soonest_s(cpu_left_s) <= 0:
            self.reason = Reason.WALL
        self._look_at = time.monotonic() + self._soonest_s(cpu_left_s)

    def _cpu_now(self) -> float:
        """CPU seconds of all processes of the test, living and reaped."""
        return self._cpu_s + sum(processes.cpu_s(pid) for pid in processes.descendants(os.getpid()))

    # ending

    def kill(self) -> None:
        """Kill and reap every process of the test, then read what is left in the pipes."""
        for _ in range(2000):
            _kill_all(self.setting.local)
            if not self._reap():
                break
        for fd in self._ends:
            for _ in range(1 << 12):
                before = len(self._kept[fd])
                if not self._drain(fd) or len(self._kept[fd]) == before:
                    break
            os.close(fd)
        self._ends = []

    def _reap(self) -> bool:
        """Reap what has ended; False when no child is left."""
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return False
        self._cpu_s += usage.ru_utime + usage.ru_stime
        self._max_rss_kb = max(self._max_rss_kb, usage.ru_maxrss)
        self._status[pid] = status
        return True

    def reply(self, *, oom_kills: int) -> Reply:
        result, out, err = self._kept.values()
        status = self._status.get(self.pids[-1], 0) if self.pids else 0
        return Reply(
            say=Say.DONE,
            nonce=self.request.nonce,
            request_id=self.request.request_id,
            reason=self.reason,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            cpu_us=int(self._cpu_s * 1e6),
            wall_us=int((time.monotonic() - self._started) * 1e6),
            max_rss_kb=self._max_rss_kb,
            oom_kills=max(0, oom_kills),
            result=bytes(result),
            stdout=bytes(out),
            stderr=bytes(err),
        )


@dataclass(frozen=True)
class _Fds:
    reads: tuple[int, ...]
    writes: tuple[int, ...]


_N_CPUS = os.cpu_count() or 1


@contextlib.contextmanager
def _as_owner(uid: int | None) -> Iterator[None]:
    if uid is None:
        yield
        return
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


# --- in the child --------------------------------------------------------------------------------------------


def _in_child(run: Callable[[], None]) -> None:
    """Run and leave the process for good, whatever happens."""
    code = 70
    try:
        run()
        code = 0
    finally:
        os._exit(code)


def _redirect(writes: tuple[int, ...], extra: tuple[int, ...], last: int) -> int:
    """0 is empty, 1 and 2 are the test's pipes, 3 takes results, 4 may be the other process.

    `last` is kept too, behind those; gives its new number. Everything else is closed.
    """
    sources = [os.open(os.devnull, os.O_RDONLY), writes[1], writes[2], writes[0], *extra, last]
    high = [_above(fd, 32) for fd in sources]
    for number, fd in enumerate(high):
        os.dup2(fd, number, inheritable=number < 3)
    os.closerange(len(high), 1024)
    return len(high) - 1


def _above(fd: int, least: int) -> int:
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)


def _limit(request: Request) -> None:
    data = (request.memory_mb + 48) << 20
    cpu_s = request.cpu_ms // 1000 + 2
    if request.renew:
        cpu_s *= request.n_frames
    limits = {
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_AS: 2 * data + (512 << 20),
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_FSIZE: 64 << 20,
    }
    for kind, value in limits.items():
        _soft, hard = resource.getrlimit(kind)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


def _drop(setting: Setting, offset: int) -> None:
    """Become the test's own user; be the first that the kernel ends when memory runs out."""
    if setting.local:
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    if setting.uid is not None:
        uid = setting.uid + offset
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        _prctl(_PR_SET_DUMPABLE, 1)


def _restore_python() -> None:
    """A Python as a fresh start gives it: streams, signals, collector, no trace of the worker."""
    import io
    import types

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout = _text_out(1, "strict")
    sys.stderr = _text_out(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    sys.argv = [child.FILENAME]
    sys.modules["__main__"] = types.ModuleType("__main__")
    gc.enable()


def _text_out(fd: int, errors: str) -> object:
    import io

    raw = io.BufferedWriter(io.FileIO(fd, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", errors=errors, line_buffering=fd == 2)


def _split_stdin(body: bytes) -> tuple[bytes, bytes]:
    """The job and its standard input, which follow each other behind one length."""
    (n,) = FRAME.unpack_from(body)
    return body[FRAME.size : FRAME.size + n], body[FRAME.size + n :]


def _give_stdin(data: bytes) -> None:
    """A file in memory as standard input: it can be read, seeked and opened again."""
    if not data:
        return
    fd = os.memfd_create("stdin")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    os.dup2(fd, 0)
    os.close(fd)


# --- processes and files of a test -----------------------------------------------------------------------------


def _kill_all(local: bool) -> None:
    if local:
        processes.kill(processes.descendants(os.getpid()))
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _sweep(setting: Setting, directory: Path) -> bool:
    """Remove the test's files; False when something could not be removed."""
    if setting.local:
        shutil.rmtree(directory, ignore_errors=True)
        return not directory.exists()
    if not os.listdir(directory):  # noqa: PTH208
        return True
    pid = os.fork()
    if pid == 0:
        _in_child(lambda: _remove_all(setting, directory))
    os.waitpid(pid, 0)
    return not os.listdir(directory)  # noqa: PTH208


def _remove_all(setting: Setting, directory: Path) -> None:
    """The janitor, under the test's own uid: it can do no more than the test could."""
    signal.alarm(5)
    for offset in (0, 1):
        if os.fork() == 0:
            _drop(setting, offset)
            for base, folders, _files in os.walk(directory):
                for name in folders:
                    with contextlib.suppress(OSError):
                        os.chmod(os.path.join(base, name), 0o700, follow_symlinks=False)  # noqa: PTH101, PTH118
            for entry in directory.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main()

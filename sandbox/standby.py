"""Children that are forked before their test is known, and wait for it. Standard library only.

A fork, and what a child prepares, take longer than a short test; between two tests nobody waits
for them.
A child is forked only when the test before has been killed and swept, so that no test meets it.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import remote
from sandbox.child import RESULT_FD
from sandbox.confine import (
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    TERMS_BYTES,
    Confinement,
    Terms,
    as_owner,
    drop,
    enclose,
    give_stdin,
    in_child,
    limit,
    prctl,
    redirect,
    restore_python,
    split_stdin,
    terms_of,
)
from sandbox.forms import run_candidate
from sandbox.wire import IN, WireRequest, read_exact

Act = Callable[[bytes, int], None]
"""What a child does with its body; a result has no more than so many bytes."""


@dataclass(frozen=True)
class Child:
    """A waiting child: it takes its terms from `go`, then its body from IN, and says
    `arrived`.
    """

    pid: int
    go: int
    arrived: int

    def send_off(self, terms: Terms) -> bool:
        """Give it its test; False when it has ended or the body did not come."""
        try:
            os.write(self.go, terms.pack())
            os.close(self.go)
            return bool(os.read(self.arrived, 1))
        except BrokenPipeError:
            return False
        finally:
            os.close(self.arrived)


class Standby:
    """The pipes and the folder of the next test, and the child that will run it."""

    def __init__(self, setting: Confinement) -> None:
        self._setting = setting
        self.directory = setting.tmp
        if setting.local:
            self.directory = Path(setting.tmp, os.urandom(6).hex())
        with as_owner(setting.uid):
            # The pipes belong to the test's user, so that it may open /dev/stdout again.
            pairs = [os.pipe() for _ in range(3)]
        self.reads = tuple(read for read, _write in pairs)
        """Results, stdout, stderr."""
        self._writes = tuple(write for _read, write in pairs)
        self._child = self._fork(_candidate)

    def start(self, request: WireRequest) -> tuple[list[int], bool]:
        """Send the test off; the children's pids, the leader last, and whether all have begun.

        Raises OSError when no process could be forked.
        """
        if self._setting.local:
            self.directory.mkdir(mode=0o700)
        try:
            if request.test_bytes:
                return self._start_pair(request)
            if self._child is None:
                raise OSError("no process for the test")
            return [self._child.pid], self._child.send_off(terms_of(request, request.body_bytes))
        finally:
            for fd in self._writes:
                os.close(fd)

    def drop(self) -> None:
        """End the waiting child, whose test will not come, and close what it waited with."""
        for fd in (*self.reads, *self._writes):
            os.close(fd)
        if self._child is not None:
            os.close(self._child.go)
            os.close(self._child.arrived)
            os.waitpid(self._child.pid, 0)

    def _start_pair(self, request: WireRequest) -> tuple[list[int], bool]:
        """The candidate's process first, then the test's, joined by a socket; the test leads."""
        if self._child is not None:
            os.close(self._child.go)
            os.close(self._child.arrived)
        ours, theirs = socket.socketpair()
        pids: list[int] = []
        with ours, theirs:
            for act, n_bytes, fd, offset in (
                (_served_candidate, request.body_bytes, theirs.fileno(), 0),
                (_test, request.test_bytes, ours.fileno(), 1),
            ):
                child = self._fork(act, (fd,), offset)
                if child is None:
                    raise OSError("no process for the test")
                pids.append(child.pid)
                if not child.send_off(terms_of(request, n_bytes)):
                    return pids, False
        return pids, True

    def _fork(self, act: Act, extra: tuple[int, ...] = (), offset: int = 0) -> Child | None:
        go, ours = os.pipe()
        arrived, theirs = os.pipe()
        fence = self._setting.fence.made() if self._setting.fence else -1
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            in_child(lambda: self._wait(act, extra, offset, (go, theirs), fence))
        if fence >= 0:
            os.close(fence)
        os.close(go)
        os.close(theirs)
        if pid < 0:
            os.close(ours)
            os.close(arrived)
            return None
        return Child(pid, ours, arrived)

    def _wait(
        self, act: Act, extra: tuple[int, ...], offset: int, pipes: tuple[int, int], fence: int
    ) -> None:
        """In the child: give up everything but three descriptors, await the test, run it."""
        if self._setting.local:
            os.setsid()
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        enclose(self._setting, fence)
        inbox, go, arrived = redirect(self._writes, extra, (IN, *pipes))
        drop(self._setting, offset)
        restore_python()
        told = read_exact(TERMS_BYTES, go)
        if not told:
            return
        terms = Terms.unpack(told)
        body = read_exact(terms.body_bytes, inbox)
        os.write(arrived, b"1"[: bool(body)])
        for fd in (inbox, go, arrived):
            os.close(fd)
        os.chdir(self.directory)
        limit(terms)
        act(body, terms.result_bytes)


def _candidate(body: bytes, result_bytes: int) -> None:
    job, stdin = split_stdin(body)
    give_stdin(stdin)
    run_candidate(job, result_bytes)


def _served_candidate(body: bytes, _result_bytes: int) -> None:
    os.close(RESULT_FD)
    remote.serve_calls(split_stdin(body)[0])


def _test(body: bytes, result_bytes: int) -> None:
    prctl(PR_SET_DUMPABLE, 0)
    remote.run_test(split_stdin(body)[0], result_bytes)

"""One test, as the worker sees it: start, watch, kill, report.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from sandbox import processes
from sandbox.confine import Confinement
from sandbox.standby import Standby
from sandbox.wire import (
    FRAME,
    IN,
    MAX_STARVED,
    Ask,
    Reason,
    Reply,
    Say,
    WireRequest,
    read_head,
)

_N_CPUS = os.cpu_count() or 1


class Run:
    """The processes and pipes of one test."""

    def __init__(self, setting: Confinement, request: WireRequest, standby: Standby) -> None:
        self.setting = setting
        self.request = request
        self._standby = standby
        self.reason = Reason.NONE
        self.host_is_gone = False
        self.pids: list[int] = []
        result, out, err = standby.reads
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
        self._status: dict[int, int] = {}
        self._cpu_s = 0.0
        self._max_rss_kb = 0
        self._started = time.monotonic()
        self._cpu_before = self._cgroup_s()
        self._renewed_wall = self._started
        self._renewed_cpu = 0.0
        self._spared_s = 0.0
        self._spared_s_max = (MAX_STARVED - 1) * request.wall_ms / 1000
        self._starved_before = 0.0
        self._look_at = self._started + self._soonest_s(request.cpu_ms / 1000)
        self._frames_seen = 0
        self._frames_at = 0

    def start(self) -> bool:
        """Send the test off; False when there was no process for it or its body did not arrive."""
        try:
            self.pids, has_begun = self._standby.start(self.request)
        except OSError:
            self.reason = Reason.FORK
            return False
        return has_begun

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
        request = read_head() if event & select.POLLIN else None
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
                self._starved_before += self._spared_s
                self._spared_s = 0.0
                self._look_at = self._renewed_wall + self._soonest_s(self.request.cpu_ms / 1000)

    def _patience_s(self) -> float:
        return max(self._look_at - time.monotonic(), 0.001)

    def _is_starved(self) -> bool:
        """Whether the test, ready to run, had to wait for a CPU for so long that it may go on.

        A busy machine must not turn a slow verdict into another one; sleepers gain nothing.
        """
        pids = processes.descendants(os.getpid())
        waited_s = max(map(processes.starved_s, pids), default=0.0) - self._starved_before
        # The kernel counts a wait when it is over; one that goes on shows as a state.
        waits_now = any(processes.state(pid) == "R" for pid in pids)
        spared_s = min(max(waited_s, self._spared_s + 0.1 * waits_now), self._spared_s_max)
        if spared_s <= self._spared_s + 0.01:
            return False
        self._spared_s = spared_s
        return True

    def _soonest_s(self, cpu_left_s: float) -> float:
        """How long until a limit can be reached at the earliest."""
        used_s = time.monotonic() - self._renewed_wall - self._spared_s
        wall_left_s = self.request.wall_ms / 1000 - used_s
        return min(cpu_left_s / _N_CPUS, wall_left_s)

    def _check_time(self) -> None:
        """Read the clocks, but only when a limit can have been reached."""
        if self.reason is not Reason.NONE or time.monotonic() < self._look_at:
            return
        cpu_left_s = self.request.cpu_ms / 1000 - (self._cpu_now() - self._renewed_cpu)
        if cpu_left_s <= 0:
            self.reason = Reason.CPU
        elif self._soonest_s(cpu_left_s) <= 0 and not self._is_starved():
            self.reason = Reason.WALL
        self._look_at = time.monotonic() + self._soonest_s(cpu_left_s)

    def _cpu_now(self) -> float:
        """CPU seconds of all processes of the test, living and reaped; by cgroup also those that
        nobody reaped.
        """
        if self.setting.cpu is not None:
            return self._cgroup_s() - self._cpu_before
        return self._cpu_s + sum(processes.cpu_s(pid) for pid in processes.descendants(os.getpid()))

    def _cgroup_s(self) -> float:
        """What the container has used, without this worker; 0 where nothing counts it."""
        return self.setting.cpu.read() - time.process_time() if self.setting.cpu else 0.0

    def kill(self) -> None:
        """Kill and reap every process of the test, then read what is left in the pipes."""
        for _ in range(2000):
            _kill_all(self.setting.local)
            if not self._reap():
                break
        self._cpu_s = max(self._cpu_s, self._cpu_now())
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


def _kill_all(local: bool) -> None:
    if local:
        processes.kill(processes.descendants(os.getpid()))
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)

"""Process trees as /proc shows them, for both ends; standard library only, Linux only."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def descendants(pid: int) -> list[int]:
    """All living processes below `pid`; orphans count where `pid` adopts them (a subreaper, PID
    1).
    """
    found: list[int] = []
    front = _children(pid)
    while front:
        found += front
        front = [grandchild for child in front for grandchild in _children(child)]
    return found


def _children(pid: int) -> list[int]:
    folder = f"/proc/{pid}/task"
    try:
        tasks = os.listdir(folder)  # noqa: PTH208 - read between tests, so it has to be quick
        lists = [Path(folder, task, "children").read_bytes() for task in tasks]
    except OSError:
        return []
    return [int(text) for text in b" ".join(lists).split()]


def cpu_s(pid: int) -> float:
    """CPU seconds of the process and of its reaped children, in steps of 10 ms; 0 when it is
    gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return sum(int(n) for n in fields[11:15]) / _TICKS_PER_S


def starved_s(pid: int) -> float:
    """Seconds that the process's most held-up thread was ready to run and did not get a CPU."""
    folder = f"/proc/{pid}/task"
    try:
        tasks = os.listdir(folder)  # noqa: PTH208 - see _children
        waits = [int(Path(folder, task, "schedstat").read_bytes().split()[1]) for task in tasks]
    except (OSError, IndexError):
        return 0.0
    return max(waits, default=0) / 1e9


def state(pid: int) -> str:
    """One letter: R runs or wants to, S and D sleep, T is stopped, Z has ended, X is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, UnicodeDecodeError):
        return "X"


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """End `pid`, which adopts orphans, and all below it; it is stopped first, so that nothing
    slips away.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGSTOP)
    for _ in range(200):
        living = [child for child in descendants(pid) if state(child) not in "ZX"]
        if not living:
            break
        kill(living)
    kill([pid])


def start_time(pid: int) -> str | None:
    """When the process began, in ticks since boot; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return None

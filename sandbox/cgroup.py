"""What the kernel counted for this container as a whole, v1 or v2; standard library only.

Processes that nobody reaps are in these counts, and nothing that a test does takes them out.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_CPU = ("cpuacct/cpuacct.usage", "cpu,cpuacct/cpuacct.usage", "cpu.stat")
_OOM = ("memory/memory.oom_control", "memory.events")


@dataclass(frozen=True)
class Counter:
    """One file of a cgroup, kept open: later nobody may be able to open it."""

    fd: int
    key: bytes
    """The line's name; empty where the file is one number."""
    per_unit: float

    def read(self) -> float:
        """The count; 0 where the file does not say it."""
        with contextlib.suppress(OSError, ValueError):
            for line in os.pread(self.fd, 4096, 0).splitlines():
                name, _, number = line.rpartition(b" ")
                if name == self.key:
                    return int(number) * self.per_unit
        return 0.0


def cpu_clock(root: Path = ROOT) -> Counter | None:
    """CPU seconds of all processes of the container, living, reaped or lost."""
    fd, name = _opened(root, _CPU)
    if name == "cpu.stat":
        return Counter(fd, b"usage_usec", 1e-6)
    return Counter(fd, b"", 1e-9) if name else None


def oom_kills(root: Path = ROOT) -> Counter | None:
    """How many processes the kernel has ended because memory ran out."""
    fd, name = _opened(root, _OOM)
    return Counter(fd, b"oom_kill", 1) if name else None


def _opened(root: Path, names: tuple[str, ...]) -> tuple[int, str]:
    for name in names:
        with contextlib.suppress(OSError):
            return os.open(root / name, os.O_RDONLY | os.O_CLOEXEC), name
    return -1, ""

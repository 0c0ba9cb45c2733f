"""What this machine has, for whoever chooses a model; what cannot be found out is None."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
GB = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Machine:
    cores: int
    memory: int | None
    """Bytes that a process of ours may have in all."""
    gpu_memory: int | None
    """Bytes of the largest card that `nvidia-smi` knows."""
    system: str
    python: str

    @property
    def room(self) -> int:
        """Bytes for a model: of the card where there is one, else most of the memory."""
        return self.gpu_memory or round((self.memory or 4 * GB) * 0.75)

    def __str__(self) -> str:
        memory = f"{self.memory / GB:.0f} GB" if self.memory else "an unknown amount"
        card = f"a card with {self.gpu_memory / GB:.0f} GB" if self.gpu_memory else "no card"
        return (
            f"{self.system}, Python {self.python}, {self.cores} cores, {memory} of memory, {card}"
        )


def look() -> Machine:
    """This machine as it is now."""
    return Machine(
        cores=cores(),
        memory=memory(CGROUP_LIMITS),
        gpu_memory=gpu_memory(),
        system=platform.system(),
        python=platform.python_version(),
    )


def cores() -> int:
    """Those that this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory(limits: tuple[Path, ...]) -> int | None:
    """What the hardware has and the container allows, the smaller one."""
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):
        found = []
    for path in limits:
        try:
            found.append(int(path.read_text().strip()))
        except (OSError, ValueError):
            continue
    return min(found, default=None)


def gpu_memory() -> int | None:
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return max(int(line) for line in done.stdout.split()) * 1024 * 1024
    except (OSError, subprocess.SubprocessError, ValueError):
        return None

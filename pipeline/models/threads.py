"""How many threads a model gets, and how they wait for each other on a busy machine."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

WAITING = {"GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1"}
"""By the names of GNU's and of LLVM's OpenMP library; read when the library is loaded.

Threads meet at barriers hundreds of times per token, and wait there by spinning. Beside another
process that spins as well, a step of a 1.5B model took 192 ms where it takes 28 alone; with short
spinning 63, and 27 alone (two cores, GNU's library; LLVM's was not measured).
"""
CPUS = Path("/sys/devices/system/cpu")
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def spin_less(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set for this process, before numpy or llama_cpp is imported, what the user has not set."""
    for name, value in WAITING.items():
        environment.setdefault(name, value)


def n_cores(cpus: Path = CPUS, quota: Path = QUOTA) -> int:
    """Physical cores that this process may use: siblings of one core count once.

    Two threads on one core share its arithmetic, which is what a model is bound by.
    """
    allowed = _allowed()
    cores = {_core_of(cpu, cpus) for cpu in allowed}
    return max(1, min(len(cores), _within(quota) or len(cores)))


def _allowed() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _core_of(cpu: int, cpus: Path) -> str:
    try:
        return (cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text("ascii")
    except OSError:
        return str(cpu)


def _within(quota: Path) -> int:
    """Whole cores that a container is allowed; 0 where nothing is said."""
    try:
        allowed, period = quota.read_text("ascii").split()
        return 0 if allowed == "max" else -(-int(allowed) // int(period))
    except (OSError, ValueError):
        return 0

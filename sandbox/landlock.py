"""Files that a test's own process may open, bound by Landlock. Standard library only.

Reading is left out under /proc for other processes and under /sys/fs, where the container's
counters tell how old and how used it is; writing is left out wherever no test has to write.
Names and lists of folders stay visible, and a kernel without Landlock bounds nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1
_WRITE, _READ = 1 << 1, 1 << 2
_libc = ctypes.CDLL(None, use_errno=True)

_OF_PROC = (
    *("cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "stat", "swaps"),
    *("sys", "uptime", "version", "vmstat"),
)


class Fence:
    """What may be opened; made once, entered by each child for good."""

    def __init__(self) -> None:
        self._rules = [
            *((fd, _READ) for fd in _opened(_readable())),
            *((fd, _READ | _WRITE) for fd in _opened(["/tmp", "/dev", "/project"])),
        ]
        """Descriptors of places, and what is allowed beneath them."""

    def enter(self) -> bool:
        """Bind this process and all that it will start; needs no_new_privs. False where the
        kernel cannot.
        """
        handled = ctypes.create_string_buffer(struct.pack("=Q", _READ | _WRITE), 8)
        ruleset = int(_libc.syscall(_CREATE, handled, ctypes.c_size_t(8), 0))
        if ruleset < 0:
            return False
        try:
            for fd, access in self._rules:
                _allow(ruleset, fd, access)
            for fd in _opened(["/proc/self"]):
                _allow(ruleset, fd, _READ)
                os.close(fd)
            return int(_libc.syscall(_RESTRICT, ruleset, 0)) == 0
        finally:
            os.close(ruleset)


def is_available() -> bool:
    """Whether this kernel and the filter around us let a process bind itself."""
    return int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)) >= 1


def _allow(ruleset: int, fd: int, access: int) -> None:
    rule = struct.pack("=Qi", access, fd)
    _libc.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)


def _readable() -> list[str]:
    """Everything at the top but /proc and /sys, and the parts of those that tell nothing of us."""
    top = [f"/{name}" for name in sorted(os.listdir("/")) if name not in ("proc", "sys")]  # noqa: PTH208
    of_sys = [f"/sys/{name}" for name in sorted(os.listdir("/sys")) if name != "fs"]  # noqa: PTH208
    return [*top, *of_sys, *(f"/proc/{name}" for name in _OF_PROC)]


def _opened(paths: list[str]) -> list[int]:
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
    return found

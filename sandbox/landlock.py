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
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1
_WRITE, _READ = 1 << 1, 1 << 2
_libc = ctypes.CDLL(None, use_errno=True)

_OF_PROC = (
    *("cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "stat", "swaps"),
    *("sys", "uptime", "version", "vmstat"),
)
_OF_SYS = ("devices", "kernel", "module")
"""The others beside `fs` are folders of links into these."""


class Fence:
    """What may be opened; each child gets one of its own, made by the worker as far as it can be:
    every page that a child touches is copied.
    """

    def __init__(self) -> None:
        self._rules = [
            *(_rule(fd, _READ) for fd in _opened(_readable())),
            *(_rule(fd, _READ | _WRITE) for fd in _opened(["/tmp", "/dev", "/project"])),
        ]

    def made(self) -> int:
        """The descriptor of a fence for one child; negative where the kernel refuses."""
        ruleset = int(_libc.syscall(_CREATE, _HANDLED, _SIZE, 0))
        for rule in self._rules if ruleset >= 0 else ():
            _libc.syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
        return ruleset


def enter(ruleset: int) -> bool:
    """Bind this process, which may read its own part of /proc besides, and all that it will start;
    needs no_new_privs. False where the kernel cannot.
    """
    own = os.open("/proc/self", os.O_PATH | os.O_CLOEXEC)
    _libc.syscall(_ADD, ruleset, _PATH_BENEATH, _rule(own, _READ), 0)
    os.close(own)
    return int(_libc.syscall(_RESTRICT, ruleset, 0)) == 0


def is_available() -> bool:
    """Whether this kernel and the filter around us let a process bind itself."""
    return int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)) >= 1


def _rule(fd: int, access: int) -> ctypes.Array[ctypes.c_char]:
    """A `struct landlock_path_beneath_attr`."""
    data = struct.pack("=Qi", access, fd)
    return ctypes.create_string_buffer(data, len(data))


_HANDLED = ctypes.create_string_buffer(struct.pack("=Q", _READ | _WRITE), 8)
_SIZE = ctypes.c_size_t(8)


def _readable() -> list[str]:
    """Everything at the top but /proc and /sys, and the parts of those that tell nothing of us.

    Each rule is copied for each child, so none is made for links and for empty folders.
    """
    names = [name for name in sorted(os.listdir("/")) if name not in ("proc", "sys")]  # noqa: PTH208
    top = [f"/{name}" for name in names if _holds_something(Path("/", name))]
    inside = (*(f"/sys/{name}" for name in _OF_SYS), *(f"/proc/{name}" for name in _OF_PROC))
    return [*top, *inside]


def _holds_something(place: Path) -> bool:
    if place.is_symlink():
        return False
    try:
        return not place.is_dir() or any(place.iterdir())
    except OSError:
        return True


def _opened(paths: list[str]) -> list[int]:
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
    return found

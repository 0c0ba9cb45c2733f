"""What tells a test that it is in a sandbox, and how used that is, made to look ordinary.

Standard library only. It hides no overlay mount, no /.dockerenv and no system call filter: who
looks for a container finds one, but not whether it is fresh.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
import time
from pathlib import Path

_FIRST_PIDS = range(1_000, 6_000)
_AGES_S = range(20 * 3600, 40 * 86_400)
_AT_ONCE = 40
_SMALL_STACK = 16 << 10
_PR_SET_NAME = 15
_libc = ctypes.CDLL(None, use_errno=True)


def use_up_pids() -> None:
    """Start and end threads until the next process gets a number that says nothing."""
    attributes = ctypes.create_string_buffer(64)
    _libc.pthread_attr_init(attributes)
    _libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(_SMALL_STACK))
    start = ctypes.cast(_libc.getppid, ctypes.c_void_p)
    threads = (ctypes.c_ulong * _AT_ONCE)()
    places = [ctypes.byref(threads, 8 * i) for i in range(_AT_ONCE)]
    left = random.SystemRandom().choice(_FIRST_PIDS)
    while left > 0:
        made = [
            i for i, p in enumerate(places) if not _libc.pthread_create(p, attributes, start, 0)
        ]
        for i in made:
            _libc.pthread_join(ctypes.c_ulong(threads[i]), None)
        if not made:
            return
        left -= len(made)


class Title:
    """The name and the command line of this process, as others see them."""

    def __init__(self) -> None:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        self._start, self._end = int(fields[45]), int(fields[46])

    def set(self, name: str, line: str) -> None:
        """The line is cut to the room that the first one took."""
        room = self._end - self._start
        if room > 1:
            text = line.encode()[: room - 2].ljust(room - 1, b"\0")
            # A last byte that is not zero tells the kernel that the title was rewritten.
            ctypes.memmove(self._start, text + b" ", room)
        _libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def look_like_a_program(title: Title) -> None:
    """In a child: a Python that was started with the module's file."""
    title.set("python3", "python3 solution.py")
    sys.orig_argv = ["python3", "solution.py"]


class Ages:
    """Folders that look as old as those of a machine that has run for a while."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        now, draw = time.time(), random.SystemRandom()
        self._of = {folder: now - draw.choice(_AGES_S) for folder in folders}

    def restore(self) -> None:
        for folder, when in self._of.items():
            with contextlib.suppress(OSError):
                os.utime(folder, (when, when))

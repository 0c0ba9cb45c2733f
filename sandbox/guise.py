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

_FIRST_PIDS = range(1_000, 2_600)
"""A thread for each at every worker's start; a thousand runs of a used one hide in them."""
_AGES_S = range(20 * 3600, 40 * 86_400)
_AT_ONCE = 40
_SMALL_STACK = 16 << 10
_TRIES = 500
"""A second in all: a busy machine is slow to put ended threads away."""
_PR_SET_NAME = 15
_libc = ctypes.CDLL(None, use_errno=True)


def use_up_pids() -> None:
    """Start and end threads until the next process gets a number that says nothing.

    In a process of its own, because stacks of threads stay mapped, and each fork copies the maps.
    """
    pid = os.fork()
    if pid == 0:
        try:
            _start_threads()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _start_threads() -> None:
    attributes = ctypes.create_string_buffer(64)
    _libc.pthread_attr_init(attributes)
    _libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(_SMALL_STACK))
    start = ctypes.cast(_libc.getppid, ctypes.c_void_p)
    threads = (ctypes.c_ulong * _AT_ONCE)()
    places = [ctypes.byref(threads, 8 * i) for i in range(_AT_ONCE)]
    left = random.SystemRandom().choice(_FIRST_PIDS)
    tries = _TRIES
    while left > 0 and tries > 0:
        made = [
            i for i, p in enumerate(places) if not _libc.pthread_create(p, attributes, start, 0)
        ]
        for i in made:
            _libc.pthread_join(ctypes.c_ulong(threads[i]), None)
        left -= len(made)
        if not made:
            # A joined thread counts against the limit until the kernel has put it away.
            tries -= 1
            time.sleep(0.002)


class Title:
    """The name and the command line of this process, as others see them."""

    def __init__(self) -> None:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        room = (ctypes.c_char * (end - start)).from_address(start)
        self._room = memoryview(room).cast("B")
        self._of_a_program = self._filled("python3 solution.py")

    def _filled(self, line: str) -> bytes:
        """The line, cut to the room that the first one took."""
        n = len(self._room)
        # A last byte that is not zero tells the kernel that the title was rewritten.
        return line.encode()[: max(n - 2, 0)].ljust(n - 1, b"\0") + b" " if n > 1 else b" " * n

    def of_init(self) -> None:
        """This process as the first one of a machine; its children find the arguments of a Python
        that was started with the module's file.
        """
        self._set(b"init", self._filled("/sbin/init"))
        sys.orig_argv = ["python3", "solution.py"]

    def of_a_program(self) -> None:
        """In a child."""
        self._set(b"python3", self._of_a_program)

    def _set(self, name: bytes, line: bytes) -> None:
        self._room[:] = line
        _libc.prctl(_PR_SET_NAME, name, 0, 0, 0)


class Ages:
    """Folders that look as old as those of a machine that has run for a while."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        now, draw = time.time(), random.SystemRandom()
        self._of = {folder: now - draw.choice(_AGES_S) for folder in folders}

    def restore(self) -> None:
        for folder, when in self._of.items():
            with contextlib.suppress(OSError):
                os.utime(folder, (when, when))

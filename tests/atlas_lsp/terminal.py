"""A program on a terminal of its own, and somebody who types."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PAUSE_S = 0.05
PATIENCE_S = 300.0


class Terminal:
    """80 columns and 24 lines; what the program writes is read and kept in `shown`."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            env={**environ, "TERM": "xterm"},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = b""

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())
        self._read()

    def type_until(self, flag: Path, keys: str, n_more: int = 0) -> int:
        """Type the keys until the file is there, and `n_more` times; says how often."""
        n, last = 0, None
        while last is None or n < last:
            assert n < PATIENCE_S / PAUSE_S, self.shown[-2000:]
            self.type(keys)
            n += 1
            if last is None and flag.exists():
                last = n + n_more
        return n

    def wait_for(self, flag: Path) -> None:
        end = time.monotonic() + PATIENCE_S
        while not flag.exists():
            assert time.monotonic() < end, self.shown[-2000:]
            assert self.process.poll() is None, self.shown[-2000:]
            self._read()

    def wait(self) -> int:
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.shown[-2000:]
            self._read()
        return self.process.returncode

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read(self) -> None:
        """Take what comes within the time between two keys."""
        end = time.monotonic() + PAUSE_S
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._ours], [], [], left)
            try:
                self.shown += os.read(self._ours, 1 << 16) if ready else b""
            except OSError:
                # The program has ended: its side of the terminal is closed.
                return

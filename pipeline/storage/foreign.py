"""Files that others wrote: regular ones of a sane size, or an OSError; never a wait, never a flood.

A repository may hold a pipe, a link to `/dev/zero`, or a file as large as the disk, under any name
that is read from it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES = 4 << 20
"""Nobody writes a larger source or setting by hand, and parsing so much takes about a second."""


class Unreadable(OSError):
    """The text is one line, with the path."""


def foreign_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Raises Unreadable for what is no regular file or too large, OSError for what is not there."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable(f"{path} is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > most_bytes:
        size = f"{most_bytes >> 20} MiB" if most_bytes >= 1 << 20 else f"{most_bytes >> 10} kB"
        raise Unreadable(f"{path} is larger than {size}")
    return data


def foreign_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """As UTF-8, with a mark for what is none, and `\\n` at the end of lines. Raises as above."""
    text = foreign_bytes(path, most_bytes).decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")

"""What stays closed to honest programs, and how their failures look; said where one fails.

A hint beside the failure, never a verdict: a program can raise any text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sandbox.api import ExceptionSeen


@dataclass(frozen=True, kw_only=True)
class Closed:
    what: str
    """As a sentence's end: `the sandbox has ...`."""
    looks: re.Pattern[str]
    """Of `Type: message` as the program raised it."""


def _closed(what: str, looks: str) -> Closed:
    return Closed(what=what, looks=re.compile(looks))


CLOSED = (
    _closed(
        "no network but its own loopback",
        r"Network is unreachable|Name or service not known|nodename nor servname"
        r"|failure in name resolution|No address associated with hostname",
    ),
    _closed(
        "no sockets but unix, TCP and UDP", r"Address family not supported|Errno 97\b|Errno 93\b"
    ),
    _closed("nothing to write to but /tmp, /dev/shm and the home folder", r"Read-only file system"),
    _closed("16 MB in /tmp and 16 MB of shared memory", r"No space left on device"),
    _closed("64 MB for one file at the most", r"File too large"),
    _closed("256 open files at the most", r"Too many open files"),
    _closed(
        "64 processes and threads at the most",
        r"can't start new thread|(?:BlockingIOError|OSError).*Resource temporarily unavailable",
    ),
    _closed("no programs but Python and sh", r"FileNotFoundError: .*No such file .*: '[\w-]+'$"),
    _closed(
        "nothing that can be run from where it can be written", r"PermissionError: .*'/tmp/[^']*'$"
    ),
    _closed("no such system call for tests", r"Operation not permitted|Function not implemented"),
    _closed(
        "no look at other processes and at its own counters",
        r"PermissionError: .*'/(?:proc|sys/fs)/[^']*'$",
    ),
)


def hint(exception: ExceptionSeen, isolation: Collection[str]) -> str:
    """`the sandbox has ...` where the failure looks like it; empty otherwise, and without walls."""
    if "container" not in isolation:
        return ""
    text = f"{exception.type}: {exception.message}"[:2000]
    found = next((one for one in CLOSED if one.looks.search(text)), None)
    return f"the sandbox has {found.what}" if found else ""

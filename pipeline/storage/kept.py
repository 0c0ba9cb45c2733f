"""Files of the cache: whole and as they were written, or not there; never a reason to fail."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

MAX_BYTES = 1 << 26
"""No file of ours is larger; what is, is not read."""
_N_DIGEST = 32


def read_kept(path: Path) -> bytes | None:
    """What `keep` wrote; None where there is nothing, or not ours, or any bit is another."""
    try:
        about = path.stat()
        is_ours = not hasattr(os, "getuid") or about.st_uid == os.getuid()
        if not is_ours or not stat.S_ISREG(about.st_mode) or about.st_size > MAX_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    digest, payload = data[:_N_DIGEST], data[_N_DIGEST:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def keep(path: Path, payload: bytes) -> bool:
    """Write it in one step, for this user alone; False where that cannot be done."""
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        Path(name).replace(path)
    except OSError:
        if name:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)
        return False
    return True

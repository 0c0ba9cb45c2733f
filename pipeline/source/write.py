"""Write a file that was worked on: whole or not at all, and as much the same file as before."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path


class FileChanged(Exception):
    """The file is not the one that was solved; nothing was written."""


class WriteProtected(OSError):
    """Nobody may write the file; nothing was written."""


def write_if_unchanged(path: Path, expected: bytes, new: bytes) -> None:
    """Replace the file's bytes if it still holds `expected`; its mode, owner, hard links and
    extended attributes stay.

    Raises FileChanged, WriteProtected, or OSError (a full disk leaves the file as it was).
    """
    target = path.resolve()
    before = target.stat()
    if not before.st_mode & 0o222 or not os.access(target, os.W_OK):
        mode = stat.filemode(before.st_mode)
        raise WriteProtected(0, f"it is write-protected ({mode}); `chmod u+w` it first", str(path))
    if target.read_bytes() != expected:
        raise FileChanged(f"{path} changed while it was being solved; run again, or use the diff")
    temporary = _written_beside(target, new)
    try:
        if before.st_nlink == 1 and _made_like(temporary, target, before):
            temporary.replace(target)
        else:
            _write_in_place(target, expected, new)
    finally:
        temporary.unlink(missing_ok=True)


def _written_beside(target: Path, data: bytes) -> Path:
    """A file of that content in the same folder."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _made_like(file: Path, model: Path, before: os.stat_result) -> bool:
    """Give it the owner, the mode and the extended attributes; False where that is not allowed."""
    try:
        now = file.stat()
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            os.chown(file, before.st_uid, before.st_gid)
        if hasattr(os, "listxattr"):
            for name in os.listxattr(model):
                os.setxattr(file, name, os.getxattr(model, name))
        file.chmod(before.st_mode & 0o7777)
    except OSError:
        return False
    return True


def _write_in_place(target: Path, old: bytes, new: bytes) -> None:
    """The same file with other bytes; what goes wrong is taken back."""
    try:
        _overwrite(target, new)
    except OSError:
        with contextlib.suppress(OSError):
            _overwrite(target, old)
        raise


def _overwrite(target: Path, data: bytes) -> None:
    with target.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())

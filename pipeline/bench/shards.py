"""Parts of a run for several workers, and who may work in a run folder at a time.

A cell's shard is a stable hash of its name: no list is handed out, so Slurm arrays, indexed
Kubernetes jobs and `xargs -P` need to know only their number.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.bench.records import BenchError, Cell, RunFolder

try:
    import fcntl
except ImportError:
    # Windows: nobody else is kept out of a run folder there.
    fcntl = None  # type: ignore[assignment]

_SHARED, _EXCLUSIVE, _AT_ONCE = 1, 2, 4
"""What flock(2) calls LOCK_SH, LOCK_EX and LOCK_NB."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    number: int
    """From 1 on."""
    of: int

    def __contains__(self, cell: Cell) -> bool:
        digest = hashlib.sha256(cell.file_name.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Shard(number=1, of=1)


def shard_of(text: str) -> Shard:
    """`2/8`. Raises BenchError."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise BenchError(f"{text!r} is no shard; give i/n, from 1/n to n/n")
    return Shard(number=int(match[1]), of=int(match[2]))


@contextmanager
def alone(folder: RunFolder, shard: Shard = WHOLE) -> Iterator[None]:
    """Nobody else does the same part of this folder meanwhile; shards may stand side by side.

    The locks end with their process. Raises BenchError when someone is there.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    whole = folder.root / ".lock"
    if shard == WHOLE:
        with _locked(whole, _EXCLUSIVE, folder):
            yield
        return
    own = folder.root / f".lock-{shard.number}-of-{shard.of}"
    with _locked(whole, _SHARED, folder), _locked(own, _EXCLUSIVE, folder):
        yield


@contextmanager
def in_turn(folder: RunFolder) -> Iterator[None]:
    """One after the other, for what every shard does at its beginning."""
    with (folder.root / ".lock-begin").open("w") as file:
        _lock(file, _EXCLUSIVE)
        yield


@contextmanager
def _locked(path: Path, kind: int, folder: RunFolder) -> Iterator[None]:
    with path.open("a+") as file:
        try:
            _lock(file, kind | _AT_ONCE)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise BenchError(
                f"{folder.root} is being worked on by {who}; wait for it, or give another --out"
            ) from None
        if kind == _EXCLUSIVE:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}")
            file.flush()
        yield


def _lock(file: IO[str], kind: int) -> None:
    if fcntl is not None:
        fcntl.flock(file, kind)

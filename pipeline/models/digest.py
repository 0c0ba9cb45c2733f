"""The sha256 of a model file, remembered beside its size and time of change."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

from pipeline.models.abort import Aborted
from pipeline.storage.kept import keep, read_kept

_CHUNK = 1 << 24


def file_sha256(
    path: Path, *, cache_dir: Path | None = None, stop: threading.Event | None = None
) -> str:
    """Hex digest; with `cache_dir` a file that did not change is hashed once.

    Raises Aborted once `stop` is set.
    """
    if cache_dir is None:
        return _hash(path, stop)
    stat = path.stat()
    name = str(path.resolve())
    stamp = [name, stat.st_size, stat.st_mtime_ns]
    note = cache_dir / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"
    known = _read(note)
    if known is not None and known[:3] == stamp:
        return str(known[3])
    digest = _hash(path, stop)
    # A cache that cannot be written costs time only.
    keep(note, json.dumps([*stamp, digest]).encode())
    return digest


def _hash(path: Path, stop: threading.Event | None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if stop is not None and stop.is_set():
                raise Aborted
            digest.update(chunk)
    return digest.hexdigest()


def _read(note: Path) -> list[object] | None:
    payload = read_kept(note)
    known = json.loads(payload) if payload is not None else None
    return known if isinstance(known, list) and len(known) == 4 else None

"""The remembered sha256 is that of the file as it is now."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from pipeline.models.abort import Aborted
from pipeline.models.digest import file_sha256


def test_a_changed_file_is_hashed_anew(tmp_path: Path):
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    for content in (b"one", b"two!"):
        file.write_bytes(content)
        for _ in range(2):
            assert file_sha256(file, cache_dir=cache) == hashlib.sha256(content).hexdigest()


def test_an_unchanged_file_is_read_once(tmp_path: Path):
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"one")
    stamp = file.stat()
    first = file_sha256(file, cache_dir=cache)
    file.write_bytes(b"ONE")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert file_sha256(file, cache_dir=cache) == first


@pytest.mark.parametrize("note", ["", "not json", "[1]", '{"a": 1}'])
def test_a_damaged_or_unwritable_cache_costs_only_time(tmp_path: Path, note: str):
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"one")
    file_sha256(file, cache_dir=cache)
    (written,) = cache.iterdir()
    written.write_text(note, encoding="utf-8")
    assert file_sha256(file, cache_dir=cache) == hashlib.sha256(b"one").hexdigest()
    assert file_sha256(file, cache_dir=file / "no") == hashlib.sha256(b"one").hexdigest()


def test_hashing_stops_when_told(tmp_path: Path):
    file, stop = tmp_path / "m.gguf", threading.Event()
    file.write_bytes(b"one")
    stop.set()
    with pytest.raises(Aborted):
        file_sha256(file, stop=stop)

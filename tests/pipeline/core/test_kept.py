"""A file of the cache comes back as it was written, or not at all."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pipeline.storage.kept import MAX_BYTES, keep, read_kept

PAYLOAD = bytes(range(256)) * 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "kept.bin"


def test_what_is_kept_comes_back(path: Path):
    assert read_kept(path) is None
    assert keep(path, PAYLOAD)
    assert read_kept(path) == PAYLOAD
    assert keep(path, b"")
    assert read_kept(path) == b""
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_no_flipped_bit_and_no_cut_gets_through(path: Path):
    keep(path, PAYLOAD)
    whole = path.read_bytes()
    dice = random.Random(7)
    for _ in range(300):
        at, bit = dice.randrange(len(whole)), 1 << dice.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        assert read_kept(path) is None
        path.write_bytes(whole[:at])
        assert read_kept(path) is None
    path.write_bytes(whole + b"\0")
    assert read_kept(path) is None


def test_what_is_no_plain_file_of_a_bearable_size_is_not_read(path: Path):
    path.parent.mkdir()
    os.mkfifo(path)
    assert read_kept(path) is None
    path.unlink()
    path.mkdir()
    assert read_kept(path) is None
    assert not keep(path, PAYLOAD)
    path.rmdir()
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert read_kept(path) is None

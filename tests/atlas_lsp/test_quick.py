"""The kept byte code: the same classes, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOK = """
import builtins, sys
from pathlib import Path
n_compiled = 0
real = builtins.compile
def counting(script, filename, *rest, **named):
    global n_compiled
    n_compiled += "attrs generated" in str(filename)
    return real(script, filename, *rest, **named)
builtins.compile = counting
import attr._make
from atlas_lsp.quick import kept_byte_code
n_compiled = 0
with kept_byte_code(Path(sys.argv[1])):
    from lsprotocol import types
assert "compile" not in vars(attr._make)
one, same = types.Position(line=1, character=2), types.Position(1, 2)
assert one == same != types.Position(1, 3) and repr(one) == "1:2"
assert types.Range(one, same) == types.Range(same, one)
try:
    types.Position(line=-1, character=0)
except ValueError:
    print(n_compiled)
"""


def n_compiled(folder: Path) -> int:
    """How many texts a fresh process compiled on its own."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def kept(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_the_second_start_compiles_nothing(tmp_path: Path):
    assert n_compiled(tmp_path) > 500
    assert n_compiled(tmp_path) == 0
    assert kept(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("n", [7, 31, 32, 40, 2_000, 60_000])
def test_one_flipped_bit_is_made_anew(tmp_path: Path, n: int):
    n_all = n_compiled(tmp_path)
    path = kept(tmp_path)
    data = bytearray(path.read_bytes())
    data[n] ^= 4
    path.write_bytes(data)
    assert n_compiled(tmp_path) == n_all


@pytest.mark.parametrize("harm", [b"", b"junk", b"i\x01\x00\x00\x00", None])
def test_a_broken_file_is_made_anew(tmp_path: Path, harm: bytes | None):
    n_all = n_compiled(tmp_path)
    path = kept(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if harm is None else harm)
    assert n_compiled(tmp_path) == n_all
    assert n_compiled(tmp_path) == 0


def test_a_file_of_somebody_else_is_not_run(tmp_path: Path):
    n_all = n_compiled(tmp_path)
    if os.getuid():
        pytest.skip("only root can give a file away")
    os.chown(kept(tmp_path), 12345, 12345)
    assert n_compiled(tmp_path) == n_all


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert n_compiled(tmp_path / "file" / "cache") > 500

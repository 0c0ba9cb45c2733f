"""A written file is the same file with other bytes, or as it was."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.source.write import FileChanged, WriteProtected, write_if_unchanged

OLD, NEW = b"old\n" * 100, b"new and longer\n" * 100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def check_written(path: Path) -> None:
    before = path.stat()
    write_if_unchanged(path, OLD, NEW)
    after = path.stat()
    assert path.read_bytes() == NEW
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_nlink) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
        before.st_nlink,
    )
    assert sorted(p.name for p in path.parent.iterdir() if p.name.startswith(".")) == []


def test_mode_and_owner_stay(file: Path):
    if os.getuid() == 0:
        os.chown(file, 12345, 23456)
    check_written(file)


def test_a_hard_link_still_names_the_same_file(file: Path):
    other = file.with_name("other.py")
    other.hardlink_to(file)
    check_written(file)
    assert other.samefile(file)
    assert other.read_bytes() == NEW


def test_a_symbolic_link_stays_one(file: Path):
    link = file.with_name("link.py")
    link.symlink_to(file)
    write_if_unchanged(link, OLD, NEW)
    assert link.is_symlink()
    assert file.read_bytes() == NEW


def test_extended_attributes_stay(file: Path):
    try:
        os.setxattr(file, "user.atlas", b"kept")
    except (OSError, AttributeError) as exc:
        pytest.skip(f"no extended attributes here: {exc}")
    check_written(file)
    assert os.getxattr(file, "user.atlas") == b"kept"


def test_a_write_protected_file_is_refused_with_the_reason(file: Path):
    file.chmod(0o444)
    with pytest.raises(WriteProtected, match="write-protected"):
        write_if_unchanged(file, OLD, NEW)
    assert file.read_bytes() == OLD


def test_a_file_that_changed_is_left_alone(file: Path):
    with pytest.raises(FileChanged, match="run again"):
        write_if_unchanged(file, b"something else", NEW)
    assert file.read_bytes() == OLD


@pytest.mark.parametrize("linked", [False, True])
def test_a_full_disk_leaves_the_file_as_it_was(file: Path, linked: bool):
    if linked:
        file.with_name("other.py").hardlink_to(file)
    code = (
        "import sys; from pathlib import Path; from pipeline.source.write import *\n"
        f"write_if_unchanged(Path({str(file)!r}), {OLD!r}, {NEW!r})"
    )
    room = len(OLD) + 10
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert "File too large" in done.stderr
    assert file.read_bytes() == OLD
    assert {p.name for p in file.parent.iterdir()} <= {"m.py", "other.py"}

"""A repository may hold a pipe or an endless file under each name that is read from it."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.storage.foreign import Unreadable, foreign_bytes, foreign_text

ROOT = Path(__file__).parents[2]
MODULE = """\
from .other import K


def f(n):
    \'\'\'Add.

    >>> f(2)
    3
    \'\'\'
    return n + K
"""
OURS = {
    "pyproject.toml": '[project]\nname = "pkg"\nversion = "1"\n',
    "pkg/__init__.py": "",
    "pkg/m.py": MODULE,
    "pkg/other.py": "K = 1\n",
    "tests/test_m.py": "from pkg.m import f\n\n\ndef test_f():\n    assert f(1) == 2\n",
}
METADATA = ".venv/lib/python3.11/site-packages"
NAMES = (
    *("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini", "Pipfile"),
    *("conftest.py", "pkg/conftest.py", "tests/conftest.py", "tests/test_m.py", "tests/test_g.py"),
    *("README.md", "README.rst", "docs/use.rst", "pkg/words.txt", "pkg/other.py"),
    *("uv.lock", "poetry.lock", "environment.yml", ".python-version", ".pdm-python"),
    *(".venv/pyvenv.cfg", f"{METADATA}/a.pth", f"{METADATA}/__editable___a_finder.py"),
    *(f"{METADATA}/a.dist-info/{name}" for name in ("METADATA", "RECORD", "direct_url.json")),
)
RUN = """
import sys
from atlas_lsp.cli import main
for folder in sys.argv[1:]:
    code = main(["check", f"{folder}/pkg/m.py", "--sandbox", "unsafe-local"])
    print("ended", folder, code, flush=True)
"""
ROOM = 4 << 30


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def vast(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def project(folder: Path, name: str, make: Callable[[Path], None]) -> None:
    for inside, text in OURS.items():
        (folder / inside).parent.mkdir(parents=True, exist_ok=True)
        (folder / inside).write_text(text)
    if name.startswith(".venv"):
        (folder / METADATA).mkdir(parents=True)
        (folder / ".venv/bin").mkdir()
        (folder / ".venv/bin/python").symlink_to(sys.executable)
        (folder / ".venv/pyvenv.cfg").write_text("version = 3.11.2\n")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    make(folder / name)


@pytest.mark.parametrize(
    ("make", "names"), [(pipe, NAMES), (endless, NAMES), (vast, ("pyproject.toml", *NAMES[6:9]))]
)
def test_no_name_that_is_read_can_hold_a_job_up(
    tmp_path: Path, make: Callable[[Path], None], names: tuple[str, ...]
):
    """Whether it is judged without that file or refused is the same to us; it ends, and in little
    memory.
    """
    folders = [tmp_path / str(number) for number in range(len(names))]
    for folder, name in zip(folders, names, strict=True):
        project(folder, name, make)
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM)),
    )
    ended = [line.split() for line in done.stdout.splitlines() if line.startswith("ended")]
    assert [names[number] for number in range(len(ended), len(names))] == [], done.stderr[-800:]
    assert "out of memory" not in done.stderr
    codes = {name: code for name, (_, _, code) in zip(names, ended, strict=True)}
    assert set(codes.values()) <= {"0", "2", "3"}, codes
    assert codes["conftest.py"] == "0"


def test_only_regular_files_of_a_sane_size_are_read(tmp_path: Path):
    good, large = tmp_path / "good", tmp_path / "large"
    good.write_bytes(b"a\r\nb\xff")
    vast(large)
    pipe(tmp_path / "pipe")
    endless(tmp_path / "endless")
    assert foreign_text(good) == "a\nb\ufffd"
    for name, why in {
        "large": "larger than 4 MiB",
        "pipe": "no regular",
        "endless": "no reg",
    }.items():
        with pytest.raises(Unreadable, match=why):
            foreign_bytes(tmp_path / name)
    with pytest.raises(Unreadable, match="larger than 0 kB"):
        foreign_bytes(good, 3)
    with pytest.raises(FileNotFoundError):
        foreign_bytes(tmp_path / "none")


READERS = {"read_text", "read_bytes", "open"}
OF_OURS = {
    "pipeline/source/write.py": "compares and replaces a file that was read before",
    "pipeline/world/built_for.py": "reads the first bytes of what was seen to be regular",
    "pipeline/world/distributions.py": "asks a distribution, which reads as this test wants",
}


@pytest.mark.parametrize("room", ["pipeline/world", "pipeline/source", "pipeline/testgen"])
def test_the_rooms_that_read_repositories_have_one_way_to_read(room: str):
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in OF_OURS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in READERS
    ]
    assert asked == []

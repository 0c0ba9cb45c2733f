"""A package of the index as somebody who works on it has it: its source and an environment."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.world.project import python_files

NEEDED = ("pytest",)
EXTRAS = ("test", "tests", "testing")
"""What projects call the things that their tests need, as an extra or as a dependency group."""
_NO_SOURCE = ("tests", "test", "testing", "docs", "doc", "examples", "benchmarks", "setup", "tasks")


class NotUsable(Exception):
    """The package cannot be measured; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A source distribution, unpacked twice, and its environment."""

    wanted: str
    """`name==version`."""
    pristine: Path
    project: Path
    """The copy that is worked on and that the environment has installed for editing."""
    environment: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def restore(self, keep: Sequence[Path] = ()) -> None:
        """Every file as it was distributed, but those of these relative paths."""
        for path in sorted(self.pristine.rglob("*")):
            relative = path.relative_to(self.pristine)
            target = self.project / relative
            if not path.is_file() or relative in keep or "__pycache__" in relative.parts:
                continue
            if not target.is_file() or target.read_bytes() != path.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)

    def sources(self) -> Iterator[Path]:
        """Files of the package itself, relative to the project."""
        for path in python_files(self.pristine):
            relative = path.relative_to(self.pristine)
            if not any(_is_no_source(part) for part in relative.with_suffix("").parts):
                yield relative


def _is_no_source(part: str) -> bool:
    return part in _NO_SOURCE or part == "conftest" or part.startswith("test_")


def prepared(wanted: str, cache: Path) -> Package:
    """Download, unpack and install once; later calls find it. Raises NotUsable."""
    home = cache / wanted
    package = Package(
        wanted=wanted,
        pristine=home / "pristine",
        project=home / "project",
        environment=home / "environment",
    )
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _unpack(wanted, home, package.project)
        _install(package)
        shutil.copytree(package.project, package.pristine)
        (home / "ready").touch()
    package.restore()
    return package


def _unpack(wanted: str, home: Path, target: Path) -> None:
    name = re.split("[=<>!~]", wanted)[0]
    download = ["download", "-q", "--no-deps", "--no-binary", name, "-d", home / "sdist"]
    _pip(Path(sys.executable), *download, wanted)
    archive = next((home / "sdist").glob("*.tar.gz"), None)
    if archive is None:
        raise NotUsable(f"{wanted} has no source distribution as .tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(home / "unpacked", filter="data")
    next((home / "unpacked").iterdir()).rename(target)


def _install(package: Package) -> None:
    """The package for editing, and of its test needs those that install."""
    subprocess.run([sys.executable, "-m", "venv", package.environment], check=True)
    _pip(package.python, "install", "-q", *NEEDED, "-e", package.project)
    for needs in _test_needs(package.project):
        try:
            _pip(package.python, "install", "-q", *needs)
        except NotUsable as exc:
            print(f"benchmarks.projects: left out: {exc}", file=sys.stderr)


def _test_needs(project: Path) -> Iterator[Sequence[str]]:
    """Arguments of `pip install`, one group after the other."""
    table = _table(project / "pyproject.toml")
    extras = table.get("project", {}).get("optional-dependencies", {})
    groups = table.get("dependency-groups", {})
    poetry = table.get("tool", {}).get("poetry", {}).get("group", {})
    for name in EXTRAS:
        if name in extras:
            yield "-e", f"{project}[{name}]"
        yield from ([one] for one in groups.get(name, ()) if isinstance(one, str))
    for name in (*EXTRAS, "dev"):
        yield from ([one] for one in poetry.get(name, {}).get("dependencies", {}))
    for path in sorted(project.rglob("*requirements*.txt")):
        if "test" in path.relative_to(project).as_posix():
            yield "-r", str(path)
    yield from ([one] for one in _tox_needs(project / "tox.ini"))


def _tox_needs(path: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error:
        return
    for line in parser.get("testenv", "deps", fallback="").splitlines():
        if re.fullmatch(r"[\w.-]+([<>=!~][\w.,<>=!~*-]*)?", line.strip()):
            yield line.strip()


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _pip(python: Path, *words: object) -> None:
    """Raises NotUsable with pip's last line."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    environ = {**os.environ, "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise NotUsable(f"pip {' '.join(map(str, words[:1]))} {words[-1]}: {last}")

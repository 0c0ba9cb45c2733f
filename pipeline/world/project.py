"""A project as its own files describe it: where its packages are, and how it runs its examples."""

from __future__ import annotations

import configparser
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.storage.foreign import foreign_text

MARKS = ("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini", ".git", ".hg")
"""Whatever lies beside one of these is the root of a project."""
_INI = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest"}
MAX_CONFIG_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project's files say of it; all empty for a file that belongs to none."""

    root: Path
    """The folder of the nearest mark, else the folder of the file."""
    import_roots: tuple[Path, ...] = ()
    """Folders that the project puts on the import path, longest first."""
    packages: frozenset[str] = frozenset()
    """Top-level names that its build declares."""
    options: tuple[str, ...] = ()
    """Names of doctest option flags that hold for each of its examples."""
    python: str | None = None
    """`[tool.atlas] python`: an interpreter or the folder of an environment."""
    name: str | None = None
    workspace: Path | None = None
    """The root of the uv workspace that it is a member of."""


def project_of(path: Path) -> Project:
    """The project that a file belongs to; configuration that cannot be read counts as absent."""
    folder = absolute(path).parent
    root = next((f for f in _up(folder) if _is_marked(f)), folder)
    table = _toml(root / "pyproject.toml")
    found = _Layout(root=root, table=table, setup=_ini(root / "setup.cfg"))
    roots = {root / r for r in found.roots()} | set(_python_path(folder))
    project, tool = _dict(table, "project"), _dict(table, "tool")
    python = _dict(tool, "atlas").get("python")
    name = project.get("name") or _dict(tool, "poetry").get("name")
    return Project(
        root=root,
        import_roots=tuple(sorted((r for r in roots if r.is_dir()), key=_longest_first)),
        packages=frozenset(found.packages()),
        options=tuple(_options(folder)),
        python=python if isinstance(python, str) else None,
        name=name if isinstance(name, str) else None,
        workspace=_workspace(root),
    )


def absolute(path: Path) -> Path:
    """With symbolic links followed, but for a loop, which stays as it is written."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def python_files(folder: Path) -> Iterator[Path]:
    """Regular ones in order, without hidden folders, environments, and links to folders."""
    return files_below(folder, (".py",))


def files_below(
    folder: Path,
    suffixes: Sequence[str] = (),
    *,
    most_looked_at: int | None = None,
    enters: Callable[[str], bool] = lambda _name: True,
) -> Iterator[Path]:
    """As `python_files`, of other kinds, () being all; ends after so many files and folders of
    whatever kind, and goes only into folders that `enters` takes by their name.
    """
    stack, n = [folder], 0
    while stack:
        at = stack.pop()
        for entry in _entries(at):
            n += 1
            if most_looked_at is not None and n > most_looked_at:
                return
            if entry.name.startswith((".", "__pycache__")):
                continue
            path = at / entry.name
            if _is_folder(entry):
                is_own = not entry.is_symlink() and not (path / "pyvenv.cfg").exists()
                if is_own and enters(entry.name):
                    stack.append(path)
            elif (not suffixes or path.suffix in suffixes) and _is_file(entry):
                yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads in a circle.
        return False


def _up(folder: Path) -> Iterator[Path]:
    """The folder and those around it, below the home folder and the root of the disk."""
    home = absolute(Path.home())
    for one in (folder, *folder.parents):
        if one == home or one.parent == one:
            return
        yield one


def _is_marked(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS)


def _longest_first(path: Path) -> tuple[int, str]:
    return -len(path.parts), str(path)


# --- files ----------------------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        return foreign_text(path, MAX_CONFIG_BYTES)
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return {}
    return {name: dict(parser[name]) for name in parser.sections()}


def _dict(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    at: Any = table
    for name in names:
        at = at.get(name) if isinstance(at, Mapping) else None
    return dict(at) if isinstance(at, Mapping) else {}


def _words(value: object) -> tuple[str, ...]:
    """The words of a TOML list or string, or of an ini value."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list):
        return tuple(word for item in value if isinstance(item, str) for word in item.split())
    return ()


# --- where packages are ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Layout:
    root: Path
    table: Mapping[str, Any]
    setup: Mapping[str, Mapping[str, str]]

    def roots(self) -> Iterator[str]:
        """Folders with packages, relative to the project: setuptools, hatch, poetry, flit, pdm, uv,
        maturin, scikit-build; `src` by custom.
        """
        tool = _dict(self.table, "tool")
        yield from self._setuptools(tool)
        wheel = _dict(tool, "hatch", "build", "targets", "wheel")
        yield from (str(Path(p).parent) for p in _words(wheel.get("packages")))
        yield from _words(wheel.get("sources"))
        yield from _words(_dict(tool, "hatch", "build").get("dev-mode-dirs"))
        for package in _dict(tool, "poetry").get("packages") or ():
            if isinstance(package, Mapping):
                yield str(package.get("from", "."))
        uv, pdm = _dict(tool, "uv", "build-backend"), _dict(tool, "pdm", "build")
        for value in (
            uv.get("module-root"),
            pdm.get("package-dir"),
            _dict(tool, "maturin").get("python-source"),
        ):
            if isinstance(value, str):
                yield value
        for package_path in _words(_dict(tool, "scikit-build", "wheel").get("packages")):
            yield str(Path(package_path).parent)
        if (self.root / "src").is_dir() and not (self.root / "src" / "__init__.py").exists():
            yield "src"

    def _setuptools(self, tool: Mapping[str, Any]) -> Iterator[str]:
        yield from _words(_dict(tool, "setuptools", "packages", "find").get("where"))
        yield from _words(_dict(tool, "setuptools", "package-dir").get(""))
        yield from _words(self.setup.get("options.packages.find", {}).get("where"))
        for line in self.setup.get("options", {}).get("package_dir", "").splitlines():
            name, _, folder = line.partition("=")
            if not name.strip() and folder.strip():
                yield folder.strip()

    def packages(self) -> Iterator[str]:
        """Top-level names that are declared, for layouts whose folders do not show them."""
        tool = _dict(self.table, "tool")
        setuptools = _dict(tool, "setuptools")
        yield from (p.partition(".")[0] for p in _words(setuptools.get("packages")))
        yield from _words(setuptools.get("py-modules"))
        wheel = _dict(tool, "hatch", "build", "targets", "wheel")
        yield from (Path(p).name for p in _words(wheel.get("packages")))
        for package in _dict(tool, "poetry").get("packages") or ():
            if isinstance(package, Mapping) and isinstance(package.get("include"), str):
                yield package["include"].partition("/")[0]
        for name in (
            _dict(tool, "flit", "module").get("name"),
            _dict(tool, "uv", "build-backend").get("module-name"),
            _dict(tool, "maturin").get("module-name"),
        ):
            if isinstance(name, str):
                yield name.partition(".")[0]
        name = _dict(self.table, "project").get("name") or _dict(tool, "poetry").get("name")
        if isinstance(name, str):
            yield name.replace("-", "_").partition(".")[0]


def _workspace(root: Path) -> Path | None:
    """The folder above whose pyproject.toml declares a uv workspace."""
    for folder in _up(root.parent):
        if _dict(_toml(folder / "pyproject.toml"), "tool", "uv", "workspace"):
            return folder
    return None


# --- pytest and doctest ---------------------------------------------------------------------------


def pytest_settings(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The nearest file upward that configures pytest, as pytest looks for it, and its settings."""
    for at in _up(folder):
        for name, section in _INI.items():
            path = at / name
            if path.is_file():
                found = _ini(path)
                if section in found or name.endswith("pytest.ini"):
                    return at, dict(found.get(section, {}))
        tool = _dict(_toml(at / "pyproject.toml"), "tool", "pytest")
        if tool:
            return at, {**tool, **_dict(tool, "ini_options")}
        setup = _ini(at / "setup.cfg")
        if "tool:pytest" in setup:
            return at, dict(setup["tool:pytest"])
    return folder, {}


def _options(folder: Path) -> Iterator[str]:
    yield from _words(pytest_settings(folder)[1].get("doctest_optionflags"))


def _python_path(folder: Path) -> Iterator[Path]:
    at, settings = pytest_settings(folder)
    yield from (absolute(at / word) for word in _words(settings.get("pythonpath")))

"""The project's environment: which interpreter, which folders of packages; read, never run."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.storage.foreign import foreign_text
from pipeline.world.built_for import other_machine
from pipeline.world.project import MARKS, Project, absolute

_VERSION = re.compile(r"(\d+)\.(\d+)")
_FOLDERS = (".venv", "venv", "env", ".env-venv")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An interpreter with its packages."""

    prefix: Path
    python: Path
    """The interpreter's file, which may be absent where `problem` says so."""
    version: tuple[int, int]
    """(0, 0) when it cannot be told."""
    sites: tuple[Path, ...]
    """Folders of packages, in the order of the import path."""
    origin: str
    """How it was found: `VIRTUAL_ENV`, `.venv`, `[tool.atlas] python`, ..."""
    problem: str = ""
    """Why it cannot be used, with the mend; "" when it can."""
    others: tuple[Path, ...] = field(default=(), compare=False)
    """Environments that would have fitted as well."""

    @property
    def shown(self) -> str:
        number = ".".join(map(str, self.version)) if self.version != (0, 0) else "unknown version"
        more = f"; {self.others[0]} would fit too" if self.others else ""
        return f"Python {number} of {self.prefix} ({self.origin}){more}"


def environment_of(
    project: Project,
    folder: Path,
    *,
    chosen: str | None = None,
    environ: Mapping[str, str],
) -> Environment | None:
    """The first that exists of: `[tool.atlas] python`, what the editor chose, an active one, one in
    the project, one that the project's tool keeps elsewhere. None where there is none.

    An environment that was named and is not there is given back with its `problem`.
    """
    found: list[Environment] = []
    for origin, path in _places(project, absolute(folder), chosen, environ):
        is_named = origin in ("[tool.atlas] python", "the editor's interpreter", "VIRTUAL_ENV")
        if not is_named and not _looks_like_one(path):
            continue
        one = read_environment(path, origin)
        if all(one.prefix != other.prefix for other in found):
            found.append(one)
    if not found:
        return None
    first = found[0]
    return Environment(
        **{**first.__dict__, "others": tuple(e.prefix for e in found[1:] if not e.problem)}
    )


def read_environment(path: Path, origin: str) -> Environment:
    """Of an interpreter's file or of an environment's folder."""
    prefix = _prefix_of(path)
    python = next((p for p in _interpreters(prefix) if os.path.lexists(p)), path)
    if path.is_file() or (path.is_symlink() and path.parent.name in ("bin", "Scripts")):
        python = path
    config = _config(prefix)
    version = _version(prefix, python, config)
    return Environment(
        prefix=prefix,
        python=python,
        version=version,
        sites=tuple(_sites(prefix, version, config)),
        origin=origin,
        problem=_problem(prefix, python, version, config),
    )


# --- where to look --------------------------------------------------------------------------------


def _places(
    project: Project, folder: Path, chosen: str | None, environ: Mapping[str, str]
) -> Iterator[tuple[str, Path]]:
    if project.python:
        yield "[tool.atlas] python", _named(project.root, project.python)
    if chosen:
        yield "the editor's interpreter", _named(project.root, chosen)
    if environ.get("VIRTUAL_ENV"):
        yield "VIRTUAL_ENV", Path(environ["VIRTUAL_ENV"])
    yield from _beside(project, folder, environ)
    if environ.get("CONDA_PREFIX"):
        yield "CONDA_PREFIX", Path(environ["CONDA_PREFIX"])
    yield from _kept_elsewhere(project, environ)


def _named(root: Path, text: str) -> Path:
    path = Path(text.replace("${workspaceFolder}", str(root))).expanduser()
    return path if path.is_absolute() else root / path


def _beside(
    project: Project, folder: Path, environ: Mapping[str, str]
) -> Iterator[tuple[str, Path]]:
    """In the folders from the file up to the project and to its workspace."""
    stop = project.workspace or project.root
    own = environ.get("UV_PROJECT_ENVIRONMENT")
    for at in (folder, *folder.parents):
        if stop not in (at, *at.parents):
            break
        if own:
            yield "UV_PROJECT_ENVIRONMENT", at / own
        yield from ((name, at / name) for name in _FOLDERS)
        pdm = at / ".pdm-python"
        if said := _text(pdm).strip():
            yield ".pdm-python", Path(said)
        if not any((at / mark).exists() for mark in MARKS) and at == project.root:
            break


def _kept_elsewhere(project: Project, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    home = Path(environ.get("HOME") or Path.home())
    for label, folder in (
        ("poetry", Path(environ.get("POETRY_CACHE_DIR", home / ".cache/pypoetry")) / "virtualenvs"),
        ("pipenv", Path(environ.get("WORKON_HOME", home / ".local/share/virtualenvs"))),
        ("hatch", home / ".local/share/hatch/env/virtual" / (project.name or "-")),
    ):
        yield from ((label, path) for path in _of_project(label, folder, project))
    names = _pinned(project.root)
    pyenv = Path(environ.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    yield from (("pyenv", pyenv / name) for name in names if name)
    conda = _conda_name(project.root)
    for base in ("miniconda3", "anaconda3", "miniforge3", "mambaforge") if conda else ():
        yield "conda", home / base / "envs" / str(conda)


def _of_project(label: str, folder: Path, project: Project) -> Iterator[Path]:
    """Environments whose name holds a hash of the project's path, as these tools make it."""
    root = str(project.root)
    if label == "hatch":
        wanted = base64.urlsafe_b64encode(hashlib.sha256(root.encode()).digest())[:8].decode()
        yield from sorted((folder / wanted).glob("*"))
        return
    source = root if label == "poetry" else str(project.root / "Pipfile")
    wanted = base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest())[:8].decode()
    name = (project.name or project.root.name).lower()
    yield from (p for p in sorted(folder.glob(f"*{wanted}*")) if name[:3] in p.name.lower())


def _pinned(root: Path) -> tuple[str, ...]:
    return tuple(line.strip() for line in _text(root / ".python-version").splitlines()[:1])


def _conda_name(root: Path) -> str | None:
    for file in ("environment.yml", "environment.yaml"):
        found = re.search(r"^name:\s*([\w.-]+)", _text(root / file), re.MULTILINE)
        if found:
            return found[1]
    return None


def _text(path: Path) -> str:
    try:
        return foreign_text(path)
    except OSError:
        return ""


def _looks_like_one(path: Path) -> bool:
    prefix = _prefix_of(path)
    marks = (prefix / "pyvenv.cfg", prefix / "conda-meta", *_interpreters(prefix))
    return any(os.path.lexists(mark) for mark in marks)


# --- what it is -----------------------------------------------------------------------------------


def _prefix_of(path: Path) -> Path:
    """The environment around an interpreter; a folder is one already."""
    if path.parent.name in ("bin", "Scripts") and not path.is_dir():
        return path.parent.parent
    return path.parent if path.is_file() else path


def _interpreters(prefix: Path) -> Iterator[Path]:
    for folder in ("bin", "Scripts", ""):
        for name in ("python", "python3", "python.exe"):
            yield prefix / folder / name


def _config(prefix: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _text(prefix / "pyvenv.cfg").splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in pairs if value}


def _version(prefix: Path, python: Path, config: Mapping[str, str]) -> tuple[int, int]:
    for text in (config.get("version", ""), config.get("version_info", "")):
        if found := _VERSION.match(text):
            return int(found[1]), int(found[2])
    names = [p.name for p in sorted((prefix / "conda-meta").glob("python-[23].*.json"))]
    names += [p.name for p in sorted((prefix / "lib").glob("python[23].*"))]
    names += [absolute(python).name]
    for name in names:
        if found := re.search(r"python-?(\d+)\.(\d+)", name):
            return int(found[1]), int(found[2])
    return (0, 0)


def _sites(prefix: Path, version: tuple[int, int], config: Mapping[str, str]) -> Iterator[Path]:
    number = f"python{version[0]}.{version[1]}"
    places = [prefix / lib / number / "site-packages" for lib in ("lib", "lib64")]
    places += [prefix / "Lib" / "site-packages"]
    if config.get("include-system-site-packages", "").lower() == "true" or not config:
        home = Path(config["home"]).parent if config.get("home") else prefix
        places += [home / "lib" / number / "site-packages", home / "lib/python3/dist-packages"]
        places += [home / "local/lib" / number / "dist-packages"]
    seen: set[Path] = set()
    for place in places:
        real = absolute(place)
        if real not in seen and place.is_dir():
            seen.add(real)
            yield place


def _problem(
    prefix: Path, python: Path, version: tuple[int, int], config: Mapping[str, str]
) -> str:
    mend = f"make it again: `python3 -m venv --clear {prefix}` and install the project"
    if not prefix.is_dir():
        return f"no environment at {prefix}; {mend}"
    if not python.exists():
        at = config.get("home", "")
        gone = f" (it was made with {at})" if at else ""
        return f"{prefix} has no interpreter that still exists{gone}; {mend}"
    if built_for := other_machine(python):
        return f"{prefix} holds a Python for {built_for}, which does not run here; {mend}"
    if version == (0, 0):
        return f"{prefix} does not say which Python it holds; {mend}"
    return ""


def own_version() -> tuple[int, int]:
    """Of the interpreter that Atlas runs on."""
    return sys.version_info[:2]

"""Installed distributions as their metadata describes them, and which of them an import needs."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pipeline.storage.foreign import foreign_bytes, foreign_text
from pipeline.syntax.text import literal_of
from pipeline.world.environment import Environment
from pipeline.world.project import absolute
from pipeline.world.syntax import parsed

MAX_PTH_BYTES = 200_000
MAX_METADATA_BYTES = 32 << 20
"""The list of files of a distribution with ten thousand of them has about 2 MB."""
_NO_MODULE = frozenset({"__pycache__", "bin", ".."})


@dataclass(frozen=True, kw_only=True)
class Installed:
    """One distribution of an environment."""

    name: str
    """Canonical: `ruamel-yaml`."""
    version: str
    site: Path
    """The folder that its names are imported from."""
    metadata: Path
    """Its `*.dist-info` or `*.egg-info`."""
    tops: tuple[str, ...]
    """Names directly below `site`: packages, modules, extensions, folders of shared libraries."""
    requires: tuple[str, ...]
    source: Path | None = None
    """Where an editable install really lives."""


@dataclass(frozen=True, kw_only=True)
class Packages:
    """All that an environment has installed."""

    installed: tuple[Installed, ...]
    roots: tuple[Path, ...]
    """Folders that `.pth` files and editable installs add to the import path."""
    mapped: Mapping[str, Path]
    """Editable packages by name, where a finder maps them one by one."""
    marker: Mapping[str, str]

    @cached_property
    def by_name(self) -> dict[str, Installed]:
        return {one.name: one for one in reversed(self.installed)}

    @cached_property
    def by_import(self) -> dict[str, tuple[Installed, ...]]:
        """Distributions by the top-level name that they can be imported under; several may share
        a namespace.
        """
        found: dict[str, tuple[Installed, ...]] = {}
        for one in self.installed:
            for name in {_import_name(top) for top in one.tops} - {""}:
                found[name] = (*found.get(name, ()), one)
        return found

    def needed(
        self, imports: Iterable[str], requirements: Iterable[str] = ()
    ) -> tuple[Installed, ...]:
        """The distributions of these top-level names with all that they require, by name."""
        todo = [one for name in imports for one in self.by_import.get(name, ())]
        todo += [one for text in requirements for one in self._required(text, frozenset({""}))]
        kept: dict[str, Installed] = {}
        while todo:
            one = todo.pop()
            if one.name in kept:
                continue
            kept[one.name] = one
            todo += [more for text in one.requires for more in self._required(text, {""})]
        return tuple(kept[name] for name in sorted(kept))

    def _required(self, text: str, extras: Iterable[str]) -> Iterator[Installed]:
        try:
            wanted = Requirement(text)
            holds = wanted.marker is None or any(
                wanted.marker.evaluate({**self.marker, "extra": extra}) for extra in extras
            )
        except (InvalidRequirement, UndefinedEnvironmentName):
            return
        one = self.by_name.get(canonicalize_name(wanted.name))
        if not holds or one is None:
            return
        yield one
        if wanted.extras:
            for more in one.requires:
                yield from self._required(more, wanted.extras)


def packages_of(environment: Environment) -> Packages:
    """Read from the metadata in each folder of packages; what cannot be read is left out."""
    changed = tuple(site.stat().st_mtime_ns for site in environment.sites)
    return _packages(environment, changed)


@lru_cache(maxsize=16)
def _packages(environment: Environment, _changed_ns: tuple[int, ...]) -> Packages:
    """Remembered until something is installed or removed."""
    installed: list[Installed] = []
    roots: list[Path] = []
    mapped: dict[str, Path] = {}
    for site in environment.sites:
        installed += list(_installed(site))
        for path in sorted(site.glob("*.pth")):
            roots += list(_pth_roots(site, path))
        for path in sorted(site.glob("__editable__*_finder.py")):
            mapped.update(_mapping(path))
    return Packages(
        installed=tuple(installed),
        roots=tuple(dict.fromkeys(roots)),
        mapped=mapped,
        marker=marker_of(environment.version),
    )


def marker_of(version: tuple[int, int]) -> dict[str, str]:
    """What environment markers are evaluated with: the sandbox's Linux, the project's Python."""
    number = ".".join(map(str, version))
    return {
        "python_version": number,
        "python_full_version": f"{number}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


class _Distribution(importlib.metadata.PathDistribution):
    """Reads what is there as files that others wrote."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._folder = path

    def read_text(self, filename: str | os.PathLike[str]) -> str | None:
        try:
            return foreign_text(self._folder / filename, MAX_METADATA_BYTES)
        except OSError:
            return None


def _installed(site: Path) -> Iterator[Installed]:
    for found in importlib.metadata.distributions(path=[str(site)]):
        path = getattr(found, "_path", None)
        if not isinstance(path, Path):
            continue
        one = _Distribution(path)
        name = _field(one, "Name")
        if not name:
            continue
        yield Installed(
            name=canonicalize_name(name),
            version=_field(one, "Version"),
            site=site,
            metadata=path,
            tops=tuple(sorted(_tops(one))),
            requires=tuple(one.requires or ()),
            source=_editable_source(one),
        )


def _field(one: importlib.metadata.Distribution, name: str) -> str:
    try:
        return str(one.metadata[name] or "")
    except (OSError, UnicodeDecodeError, KeyError):
        return ""


def _tops(one: importlib.metadata.Distribution) -> Iterator[str]:
    """First parts of the recorded files; else what `top_level.txt` says."""
    try:
        files = one.files
    except (OSError, UnicodeDecodeError):
        files = None
    if files:
        tops = {file.parts[0] for file in files if file.parts}
        yield from (t for t in tops if not _is_no_module(t))
        return
    text = one.read_text("top_level.txt") or ""
    yield from text.split()


def _is_no_module(top: str) -> bool:
    is_metadata = top.endswith((".pth", ".dist-info", ".egg-info", ".egg-link"))
    return top in _NO_MODULE or is_metadata or top.startswith("__editable__")


def _import_name(top: str) -> str:
    """`yaml` for `yaml`, `six.py`, `_yaml.cpython-311-x86_64-linux-gnu.so`."""
    name, _, rest = top.partition(".")
    is_module = not rest or rest == "py" or rest.endswith(("so", "pyd"))
    return name if is_module and name.isidentifier() else ""


def _editable_source(one: importlib.metadata.Distribution) -> Path | None:
    text = one.read_text("direct_url.json")
    if text:
        try:
            said = json.loads(text)
        except ValueError:
            return None
        is_editable = isinstance(said, dict) and (said.get("dir_info") or {}).get("editable")
        url = urlsplit(str(said.get("url", ""))) if is_editable else None
        if url and url.scheme == "file":
            return Path(unquote(url.path))
    return None


# --- the import path ------------------------------------------------------------------------------


def _pth_roots(site: Path, path: Path) -> Iterator[Path]:
    """Folders that a `.pth` file names; its lines of code are never run."""
    try:
        lines = foreign_text(path, MAX_PTH_BYTES).splitlines()
    except OSError:
        return
    for line in lines:
        text = line.strip()
        if text and not text.startswith(("#", "import ", "import\t")):
            folder = Path(text) if Path(text).is_absolute() else site / text
            if folder.is_dir():
                yield absolute(folder)


def _mapping(path: Path) -> Iterator[tuple[str, Path]]:
    """The `MAPPING` of a finder that setuptools writes for an editable install."""
    try:
        tree = parsed(foreign_bytes(path))
    except OSError:
        return
    for stmt in tree.body:
        targets = [stmt.target] if isinstance(stmt, ast.AnnAssign) else getattr(stmt, "targets", [])
        if not any(isinstance(t, ast.Name) and t.id == "MAPPING" for t in targets):
            continue
        value = getattr(stmt, "value", None)
        for name, place in _literal_dict(value).items():
            if isinstance(name, str) and isinstance(place, str):
                yield name, Path(place)


def _literal_dict(node: ast.expr | None) -> dict[object, object]:
    found = literal_of(node) if node is not None else None
    return found.value if found and isinstance(found.value, dict) else {}


_OTHER_VERSIONS = frozenset(
    {
        *("annotationlib", "compression", "distutils", "imp", "asynchat", "asyncore", "smtpd"),
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"),
        *("msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau"),
        *("telnetlib", "tomllib", "uu", "xdrlib"),
    }
)


def is_stdlib(name: str) -> bool:
    """Whether a top-level name belongs to the standard library of some supported Python."""
    return name in sys.stdlib_module_names or name in _OTHER_VERSIONS

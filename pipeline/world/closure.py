"""The project's files that a module reaches: its imports, and theirs; nothing else is read."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pipeline.storage.foreign import foreign_bytes
from pipeline.world.distributions import is_stdlib
from pipeline.world.place import Place
from pipeline.world.project import files_below, python_files
from pipeline.world.syntax import parsed

MAX_FILES = 4_000
MAX_BYTES = 64 << 20
MAX_FILE_BYTES = 8 << 20
MAX_IN_FOLDER = 500
"""Files and folders of a folder of data that some source names."""
_EXAMPLE = re.compile(r"^\s*(?:>>>|\.\.\.) ?(.*(?:\bimport\b).*)$", re.MULTILINE)
SECRET = re.compile(
    r"(?i)^\.|^id_(rsa|dsa|ecdsa|ed25519)|secret|credential|passw|\.(pem|key|p12|pfx)$"
)
EXTENSIONS = (".so", ".pyd")


@dataclass(frozen=True, kw_only=True)
class Closure:
    """What a module reaches within its project, and what it asks of others."""

    files: tuple[Path, ...]
    """Sources and the data files that they name, in order; without the module itself."""
    foreign: frozenset[str]
    """Top-level names that are neither the project's nor the standard library's."""
    eager: tuple[str, ...] = ()
    """Dotted names of foreign modules that are imported by importing, not by some call later."""
    asks_metadata: bool = False
    """Some source asks for versions or entry points of installed distributions."""
    is_cut: bool = False
    """There was more than MAX_FILES or MAX_BYTES."""


@dataclass(frozen=True, kw_only=True)
class Roots:
    """The import path of the project's own code."""

    folders: tuple[Path, ...]
    mapped: Mapping[str, Path] = field(default_factory=dict)

    def find(self, name: str) -> _Found | None:
        """The package, module, extension or namespace of a dotted name."""
        top, *rest = name.split(".")
        starts = [self.mapped[top]] if top in self.mapped else [f / top for f in self.folders]
        for at in starts:
            found = _at(at.joinpath(*rest))
            if found is not None:
                return found
        portions = tuple(at.joinpath(*rest) for at in starts if at.joinpath(*rest).is_dir())
        return _Found(path=None, portions=portions) if portions else None


@dataclass(frozen=True, kw_only=True)
class _Found:
    path: Path | None
    """None for a namespace package."""
    portions: tuple[Path, ...] = ()

    @property
    def is_package(self) -> bool:
        return self.path is None or self.path.name == "__init__.py"


def _at(place: Path) -> _Found | None:
    package = place / "__init__.py"
    if package.is_file():
        return _Found(path=package)
    module = place.parent / f"{place.name}.py"
    if module.is_file():
        return _Found(path=module)
    if place.parent.is_dir() and place.name.isidentifier():
        for path in sorted(place.parent.glob(f"{place.name}.*")):
            if path.suffix in EXTENSIONS and path.is_file():
                return _Found(path=path)
    return None


def closure_of(place: Place, source: bytes, roots: Roots, *, extra: Sequence[str] = ()) -> Closure:
    """Everything of the project that importing `place` can bring in, `source` being its text.

    Imports anywhere in a file count, those of examples in docstrings too, those for type checkers
    do not. Where a package imports by computed names, all of its modules count.
    `extra` are dotted names that are wanted as well.
    """
    walk = _Walk(place=place, roots=roots)
    walk.add(_read(place.name, place.path, source, is_package=place.is_package))
    for name in extra:
        walk.want(name)
    walk.run()
    return walk.closure()


def reaching(place: Place, roots: Roots, names: Iterable[str]) -> dict[str, Path]:
    """Of all modules that importing `names` brings in, those whose import leads to `place`, and
    itself, by dotted name.
    """
    walk = _Walk(place=place, roots=roots)
    for name in names:
        walk.want(name)
    walk.run()
    before: dict[str, set[str]] = {}
    for source in walk.sources.values():
        for wanted in (*source.imports, *_packages_around(source.name)):
            for part in (wanted, *_packages_around(wanted)):
                before.setdefault(part, set()).add(source.name)
    reach, todo = {place.name}, [place.name]
    while todo:
        for name in before.get(todo.pop(), ()):
            if name not in reach:
                reach.add(name)
                todo.append(name)
    paths = {source.name: source.path for source in walk.sources.values()}
    return {name: paths.get(name, place.path) for name in reach}


def _packages_around(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:n]) for n in range(1, len(parts)))


def imports_in(path: Path, package: str) -> tuple[str, ...]:
    """Dotted names that a file in `package` imports; () where it cannot be read."""
    try:
        seen = path.stat()
        name = f"{package}.{path.stem}" if package else path.stem
        return _read_file(name, path, False, seen.st_mtime_ns, seen.st_size).imports
    except OSError:
        return ()


def imports_of(text: str) -> tuple[str, ...]:
    """Dotted names that a text in no package imports."""
    return tuple(dict.fromkeys(_imports(tuple(_walk(parsed(text))), "")))


@dataclass(kw_only=True)
class _Walk:
    place: Place
    roots: Roots
    sources: dict[str, _Source] = field(default_factory=dict)
    todo: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    extensions: dict[str, Path] = field(default_factory=dict)
    n_bytes: int = 0
    is_cut: bool = False

    def want(self, name: str) -> None:
        """A dotted name and the packages around it, whose `__init__` runs first."""
        parts = name.split(".")
        for n in range(1, len(parts) + 1):
            one = ".".join(parts[:n])
            if one not in self.seen:
                self.seen.add(one)
                self.todo.append(one)

    def run(self) -> None:
        while self.todo:
            name = self.todo.pop()
            if name in self.sources:
                continue
            top = name.partition(".")[0]
            found = None if self._is_shadowed(top) else self.roots.find(name)
            if found is None:
                self._unknown(name, top)
            elif found.path is not None:
                self._take(name, found)

    def _is_shadowed(self, top: str) -> bool:
        """A file of the project that is named like a library module is not what is imported."""
        return is_stdlib(top) and top != self.place.name.partition(".")[0]

    def _unknown(self, name: str, top: str) -> None:
        """An attribute of what is the project's, or somebody else's: a namespace is shared."""
        around = [self.roots.find(one) for one in _packages_around(name)]
        if not is_stdlib(top) and all(one is None or one.path is None for one in around):
            self.foreign.add(top)

    def _take(self, name: str, found: _Found) -> None:
        """What was found under a name; a file that went away meanwhile will be missed later."""
        assert found.path is not None
        if len(self.sources) >= MAX_FILES or self.n_bytes > MAX_BYTES:
            self.is_cut = True
        elif found.path.suffix in EXTENSIONS:
            self.extensions[name] = found.path
        else:
            with contextlib.suppress(OSError):
                self._take_source(name, found.path, is_package=found.is_package)

    def _take_source(self, name: str, path: Path, *, is_package: bool) -> None:
        seen = path.stat()
        if seen.st_size > MAX_FILE_BYTES:
            self.is_cut = True
            return
        self.add(_read_file(name, path, is_package, seen.st_mtime_ns, seen.st_size))

    def add(self, one: _Source) -> None:
        self.n_bytes += one.n_bytes
        self.sources[one.name] = one
        self.want(one.name)
        for wanted in one.imports:
            self.want(wanted)
        if one.is_dynamic:
            for wanted in self._siblings(one):
                self.want(wanted)

    def _siblings(self, one: _Source) -> Iterator[str]:
        """All modules of the package that imports by computed names."""
        folder = one.path.parent
        package = one.name if one.is_package else one.name.rpartition(".")[0]
        if not package:
            return
        for n, path in enumerate(python_files(folder)):
            if n >= MAX_FILES:
                self.is_cut = True
                return
            parts = path.relative_to(folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if all(part.isidentifier() for part in parts) and "tests" not in parts:
                yield ".".join((package, *parts))

    def closure(self) -> Closure:
        sources = tuple(self.sources.values())
        files = {one.path for one in sources} | set(self.extensions.values())
        if not self.is_cut:
            files |= set(_data_files(sources, self.n_bytes))
        return Closure(
            files=tuple(sorted(files - {self.place.path})),
            foreign=frozenset(self.foreign),
            eager=tuple(sorted({n for s in sources for n in s.eager if _top(n) in self.foreign})),
            asks_metadata=any(one.asks_metadata for one in sources),
            is_cut=self.is_cut,
        )


def _top(name: str) -> str:
    return name.partition(".")[0]


# --- one source -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Source:
    """What one file says of others."""

    name: str
    path: Path
    is_package: bool
    n_bytes: int
    imports: tuple[str, ...]
    """Dotted names, absolute; `from a import b` gives `a` and `a.b`, which may be a module."""
    eager: tuple[str, ...]
    """Absolute names of modules that are imported outside functions."""
    is_dynamic: bool
    """It imports modules of its package by names that cannot be read here."""
    texts: tuple[str, ...]
    """Short string constants, which may name files."""

    @property
    def asks_metadata(self) -> bool:
        askers = ("importlib.metadata", "importlib_metadata", "pkg_resources")
        return any(name.startswith(askers) for name in self.imports)


def _read(name: str, path: Path, data: bytes, *, is_package: bool) -> _Source:
    tree = parsed(data)
    nodes = tuple(_walk(tree))
    package = name if is_package else name.rpartition(".")[0]
    return _Source(
        name=name,
        path=path,
        is_package=is_package,
        n_bytes=len(data),
        imports=tuple(dict.fromkeys(_imports(nodes, package))),
        eager=tuple(dict.fromkeys(_eager(tree))),
        is_dynamic=any(isinstance(n, ast.Call) and _is_dynamic(n) for n in nodes),
        texts=tuple(sorted(_texts(nodes))),
    )


@lru_cache(maxsize=20_000)
def _read_file(name: str, path: Path, is_package: bool, _changed_ns: int, _n_bytes: int) -> _Source:
    """Of a file on the disk; remembered until it changes."""
    return _read(name, path, foreign_bytes(path, MAX_FILE_BYTES), is_package=is_package)


def _imports(nodes: Sequence[ast.AST], package: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _names(node, package)
        elif isinstance(node, ast.Call):
            yield from _imported_by_call(node, package)
        elif isinstance(node, ast.Constant) and ">>>" in str(node.value):
            yield from _in_examples(str(node.value), package)


def _imported_by_call(node: ast.Call, package: str) -> Iterator[str]:
    if _called(node) not in ("import_module", "__import__", "importorskip"):
        return
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        level = len(first.value) - len(first.value.lstrip("."))
        base = base_of(package, level)
        if base is not None and first.value.strip("."):
            yield ".".join(filter(None, (base, first.value.lstrip("."))))


def _is_dynamic(node: ast.Call) -> bool:
    name = _called(node)
    is_import = name in ("import_module", "__import__")
    computed = not (node.args and isinstance(node.args[0], ast.Constant))
    return (is_import and computed) or name in ("iter_modules", "walk_packages", "attach")


def _eager(tree: ast.Module) -> Iterator[str]:
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
        stack.extend(_children(node))


def _texts(nodes: Sequence[ast.AST]) -> set[str]:
    values = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {v for v in values if isinstance(v, str) and 0 < len(v) <= 200 and "\n" not in v}


def _walk(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes but those that only type checkers see."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(_children(node))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    is_for_types = isinstance(node, ast.If) and _is_type_checking(node.test)
    yield from node.orelse if isinstance(node, ast.If) and is_for_types else ()
    yield from () if is_for_types else ast.iter_child_nodes(node)


def _is_type_checking(node: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(node, "id", ""), getattr(node, "attr", ""))


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def base_of(package: str, level: int) -> str | None:
    """The package that a relative import starts from; None when there is none so far up."""
    if level == 0:
        return ""
    parts = package.split(".") if package else []
    return ".".join(parts[: len(parts) - level + 1]) if level - 1 < len(parts) else None


def _names(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = base_of(package, node.level)
    if base is None:
        return
    module = ".".join(filter(None, (base, node.module or "")))
    if module:
        yield module
    for alias in node.names:
        if alias.name != "*":
            yield ".".join(filter(None, (module, alias.name)))


def _in_examples(text: str, package: str) -> Iterator[str]:
    for line in _EXAMPLE.findall(text):
        for node in ast.walk(parsed(line.strip())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from _names(node, package)


# --- data files -----------------------------------------------------------------------------------


def _data_files(sources: Sequence[_Source], n_bytes: int) -> Iterator[Path]:
    """Files beside a source that some constant of that source names; never hidden or secret ones.

    A constant names a file by its name or path (`words.txt`, `data/words.txt`), a folder by its
    name (`templates`), and, inside a package, all files of an ending (`.json`).
    """
    left = MAX_BYTES - n_bytes
    for one in sources:
        for path in _named_files(one, in_package=one.is_package or "." in one.name):
            size = path.stat().st_size
            if size <= MAX_FILE_BYTES and size <= left:
                left -= size
                yield path


def _named_files(one: _Source, *, in_package: bool) -> Iterator[Path]:
    folder = one.path.parent
    for text in one.texts:
        relative = PurePosixPath(text)
        if relative.is_absolute() or ".." in relative.parts or text in (".", "/"):
            continue
        try:
            if text.startswith(".") and in_package and "/" not in text and len(text) > 2:
                yield from (p for p in sorted(folder.glob(f"*{text}")) if _is_data(p, folder))
                continue
            path = folder / relative
            if path.is_file() and _is_data(path, folder):
                yield path
            elif in_package and path.is_dir() and text.strip("./") and path != folder:
                yield from _folder_files(path, folder)
        except (OSError, ValueError, NotImplementedError):
            continue


def _folder_files(path: Path, folder: Path) -> Iterator[Path]:
    if (path / "__init__.py").exists():
        return
    for file in files_below(path, most_looked_at=MAX_IN_FOLDER):
        if _is_data(file, folder):
            yield file


def _is_data(path: Path, folder: Path) -> bool:
    is_file = path.is_file() and path.suffix not in (".py", ".pyc")
    return is_file and may_be_taken(path, folder)


def may_be_taken(path: Path, folder: Path) -> bool:
    """Whether a file of a folder is no secret and lies there, also where it is a link."""
    real, top = path.resolve(), folder.resolve()
    if top not in real.parents:
        return False
    parts = (*path.relative_to(folder).parts, *real.relative_to(top).parts)
    return not any(map(SECRET.search, parts))

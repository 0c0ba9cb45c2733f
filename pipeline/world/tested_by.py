"""The project's test files that can reach a module, and what they need; reads files, runs nothing.

As pytest finds them (`testpaths`, `python_files`, `norecursedirs`), and unittest's `test*.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from pipeline.storage.foreign import foreign_text
from pipeline.world.closure import Roots, imports_in, may_be_taken, reaching
from pipeline.world.discover import Surroundings, surroundings_of
from pipeline.world.distributions import Installed, packages_of
from pipeline.world.project import absolute, files_below, pytest_settings
from pipeline.world.syntax import parsed

MAX_TEST_FILES = 2_000
MAX_LOOKED_AT = 50_000
"""Files and folders of whatever kind among which tests are looked for: half a second."""
_NOTHING = "_nothing_of_the_project.py"
MAX_CARRIED_BYTES = 32 << 20
MAX_CARRIED_FILES = 3_000
_CONFIGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
_NO_RECURSE = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""pytest's own default of `norecursedirs`."""
ONLY_HOW_THEY_RUN = frozenset(
    (
        *("pytest-xdist", "pytest-cov", "pytest-sugar", "pytest-html", "pytest-randomly"),
        *("pytest-random-order", "pytest-reverse", "pytest-rerunfailures", "pytest-instafail"),
        *("pytest-clarity", "pytest-icdiff", "pytest-picked", "pytest-testmon", "pytest-split"),
        *("pytest-forked", "pytest-parallel", "pytest-reportlog", "pytest-json-report"),
        *("pytest-metadata", "pytest-github-actions-annotate-failures", "pytest-pretty"),
        *("pytest-watcher", "pytest-monitor", "pytest-profiling", "pytest-codspeed", "pytest-lsp"),
        *("pytest-timeout", "flaky", "pytest-flake8", "pytest-black", "pytest-mypy", "nbval"),
    )
)
"""Plugins that change where, how often, in which order or how loudly tests run, and not what they
mean; they are left outside."""


@dataclass(frozen=True, kw_only=True)
class TestFiles:
    """Test files from which importing leads to a module."""

    __test__ = False

    naming: tuple[str, ...]
    """Those that name the function, its class, or a caller of it; as the world calls them."""
    others: tuple[str, ...]
    around: Surroundings
    """The module's surroundings with all that these files need."""
    problem: str = ""
    """Why they cannot be run, with the mend; "" where they can."""

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.naming, *self.others)


def files_that_test(
    around: Surroundings,
    source: bytes,
    names: Sequence[str],
    *,
    only: Sequence[Path] = (),
    interpreter: str | None = None,
) -> TestFiles:
    """The test files of the project around a module, `source` being the module's text.

    `names` are what the function is called, its class too. `only` narrows to these files, folders
    and node ids. Where nothing is found, `around` is as it was.
    """
    found = _Search(around=around, wanted=tuple(map(_file_of, only)))
    files, modules_that_reach = found.files()
    if not files:
        return TestFiles(naming=(), others=(), around=around)
    words = _any_of(found.callers(names, modules_that_reach))
    named = [path for path in files if only or words.search(_text(path))]
    more = _with_needs(found, files, named, source, interpreter)
    inside = {path: path.relative_to(more.top).as_posix() for path in files}
    if only:
        names = tuple(name for path in files for name in _asked(only, path, inside[path]))
        return TestFiles(naming=names, others=(), around=more, problem=_problem(more))
    return TestFiles(
        naming=tuple(inside[path] for path in named),
        others=tuple(inside[path] for path in files if path not in named),
        around=more,
        problem=_problem(more),
    )


def _asked(only: Sequence[Path], path: Path, inside: str) -> Iterator[str]:
    """The node ids that were asked for in a file; else the file."""
    tests = [str(one).partition("::")[2] for one in only if _file_of(one) == path]
    yield from (f"{inside}::{test}" for test in tests) if tests and all(tests) else (inside,)


def every_test(root: Path, *, interpreter: str | None = None) -> TestFiles:
    """All test files of the project at `root`, around a module that is not there: what they test
    is among the files of the world.
    """
    around = surroundings_of(absolute(root) / _NOTHING, b"", interpreter=interpreter)
    found = _Search(around=around)
    files = tuple(path for path in found.candidates() if around.top in path.parents)
    files = files[:MAX_TEST_FILES]
    more = _with_needs(found, files, files, b"", interpreter)
    inside = tuple(path.relative_to(more.top).as_posix() for path in files)
    return TestFiles(naming=inside, others=(), around=more, problem=_problem(more))


def _with_needs(
    found: _Search,
    files: Sequence[Path],
    first: Sequence[Path],
    source: bytes,
    interpreter: str | None,
) -> Surroundings:
    """The surroundings with all that test files need; what `first` import is loaded ahead."""
    around = found.around
    carried = tuple(_carried(around, files))
    modules = sorted({name for path in (*files, *carried) for name in found.imports(path)})
    plugins = tuple(one.name for one in _plugins(around))
    return surroundings_of(
        around.place.path,
        source,
        interpreter=interpreter,
        also_modules=("pytest", *modules),
        also_distributions=("pytest", *plugins),
        also_files=(*files, *carried),
        ahead=("pytest", *sorted({name for path in first for name in found.imports(path)})),
    )


def _file_of(path: Path) -> Path:
    """Of a node id its file."""
    return absolute(Path(str(path).partition("::")[0]))


def _problem(around: Surroundings) -> str:
    if any(one.name == "pytest" for one in around.distributions):
        return ""
    if around.environment is None:
        root = around.project.root
        return (
            "the project's tests were not run: it has no environment; make one "
            f"(`python3 -m venv {root / '.venv'}`) and install the project and pytest there"
        )
    python = around.environment.python
    return (
        f"the project's tests were not run: pytest is not installed in "
        f"{around.environment.prefix}; run `{python} -m pip install pytest`"
    )


@lru_cache(maxsize=16)
def _plugins_at(installed: tuple[Installed, ...]) -> tuple[Installed, ...]:
    def is_plugin(one: Installed) -> bool:
        return "[pytest11]" in _text(one.metadata / "entry_points.txt")

    return tuple(one for one in installed if is_plugin(one) and one.name not in ONLY_HOW_THEY_RUN)


def _plugins(around: Surroundings) -> tuple[Installed, ...]:
    if around.environment is None or around.environment.problem:
        return ()
    return _plugins_at(packages_of(around.environment).installed)


def _text(path: Path) -> str:
    try:
        about = path.stat()
    except OSError:
        return ""
    return _text_at(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=2000)
def _text_at(path: Path, _changed_ns: int, _n_bytes: int) -> str:
    """Remembered until it changes: each function of a project asks all of its tests."""
    try:
        return foreign_text(path)
    except OSError:
        return ""


@dataclass(frozen=True, kw_only=True)
class _Search:
    around: Surroundings
    wanted: tuple[Path, ...] = ()

    def files(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Test files whose imports, or those of a conftest above them, lead to the module; and the
        project's modules that do.
        """
        place, top = self.around.place, self.around.top
        found = [path for path in self.candidates() if path != place.path and top in path.parents]
        able = [path for path in found[:MAX_TEST_FILES] if self._may_reach(path)]
        imports = {path: self._imports_of_test(path) for path in able}
        wanted = {name for names in imports.values() for name in names}
        reach = reaching(place, self._roots, wanted)
        files = tuple(path for path, names in imports.items() if not names.isdisjoint(reach))
        return files, tuple(reach.values())

    def _may_reach(self, path: Path) -> bool:
        """Quickly: it, or a conftest above it, names the module's top package, or imports from
        where it is.
        """
        top = re.escape(self.around.place.name.partition(".")[0])
        words = re.compile(rf"\b{top}\b|^\s*from \.|import_module", re.MULTILINE)
        return any(words.search(_text(one)) for one in (path, *_conftests(path, self.around.top)))

    @property
    def _roots(self) -> Roots:
        """Of a module that is in no package only its own folder: others do not know it."""
        if "." not in self.around.place.name and not self.around.place.is_package:
            return Roots(folders=(self.around.place.root,))
        folders = [self.around.top / root for root in self.around.world.roots]
        return Roots(folders=tuple(dict.fromkeys((*folders, self.around.top))))

    def candidates(self) -> Iterator[Path]:
        if self.wanted:
            for path in self.wanted:
                yield from self._below(path) if path.is_dir() else (path,)
            return
        at, settings = pytest_settings(self.around.project.root)
        paths = [folder for word in _words(settings.get("testpaths")) for folder in _glob(at, word)]
        for folder in paths or [self.around.project.root]:
            yield from self._below(folder) if folder.is_dir() else (folder,)

    def _below(self, folder: Path) -> Iterator[Path]:
        _, settings = pytest_settings(self.around.project.root)
        patterns = _words(settings.get("python_files")) or ("test_*.py", "*_test.py")
        refused = _words(settings.get("norecursedirs")) or _NO_RECURSE

        def enters(name: str) -> bool:
            return not any(fnmatch(name, pattern) for pattern in refused)

        for path in files_below(folder, (".py",), most_looked_at=MAX_LOOKED_AT, enters=enters):
            is_one = any(fnmatch(path.name, p) or path.match(p) for p in patterns)
            if is_one or (path.name.startswith("test") and "unittest" in _text(path)):
                yield path

    def _imports_of_test(self, path: Path) -> frozenset[str]:
        names = set(self.imports(path))
        for conftest in _conftests(path, self.around.top):
            names.update(self.imports(conftest))
        return frozenset(part for name in names for part in _with_parents(name))

    def imports(self, path: Path) -> tuple[str, ...]:
        """Dotted names, as the project's own imports write them."""
        if path.suffix != ".py":
            return ()
        chain: list[str] = []
        folder = path.parent
        while (folder / "__init__.py").is_file() and folder != self.around.top:
            chain.insert(0, folder.name)
            folder = folder.parent
        return imports_in(path, ".".join(chain))

    def callers(self, names: Sequence[str], modules: Sequence[Path]) -> tuple[str, ...]:
        """The names, and those of functions in these modules that mention one of them; and of those
        that mention such a function.
        """
        found = dict.fromkeys(names)
        for _ in range(2):
            words = _any_of(found)
            for text in map(_text, modules):
                if words.search(text):
                    found.update(dict.fromkeys(_mentioning(text, words)))
        return tuple(found)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")


def _mentioning(text: str, words: re.Pattern[str]) -> Iterator[str]:
    lines = text.splitlines()
    for name, first, last in _definitions(text):
        if words.search("\n".join(lines[first:last])):
            yield name


@lru_cache(maxsize=2000)
def _definitions(text: str) -> tuple[tuple[str, int, int], ...]:
    """Functions and classes but the special ones, with their lines, half-open and 0-based."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tuple(
        (node.name, node.lineno - 1, node.end_lineno or node.lineno)
        for node in ast.walk(parsed(text))
        if isinstance(node, kinds) and not node.name.startswith("__")
    )


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _glob(at: Path, word: str) -> list[Path]:
    try:
        return [path for path in sorted(at.glob(word)) if path.exists()]
    except (ValueError, NotImplementedError):
        return []


# --- what they need beside them -------------------------------------------------------------------


def _conftests(path: Path, top: Path) -> Iterator[Path]:
    """From the top down, as pytest runs them."""
    folders = [folder for folder in path.parents if folder == top or top in folder.parents]
    yield from (f / "conftest.py" for f in reversed(folders) if (f / "conftest.py").is_file())


def _carried(around: Surroundings, files: Sequence[Path]) -> Iterator[Path]:
    """Configuration, the conftest chain, and whatever lies in the folders of tests."""
    at, _ = pytest_settings(around.project.root)
    tops = dict.fromkeys((around.top, around.project.root, at))
    yield from (f / name for f in tops for name in _CONFIGS if _is_in(f / name, around.top))
    seen: set[Path] = set()
    left = MAX_CARRIED_BYTES
    chains = (one for path in files for one in _chain(path, around.top))
    trees = dict.fromkeys(tree for path in files if (tree := _tree(path, around.project.root)))
    for found in (chains, *(_files_below(tree, around.project.root) for tree in trees)):
        for one in found:
            if one in seen or len(seen) > MAX_CARRIED_FILES:
                continue
            seen.add(one)
            size = one.stat().st_size
            if size <= left:
                left -= size
                yield one


def _is_in(path: Path, top: Path) -> bool:
    return path.is_file() and top in path.parents


def _chain(path: Path, top: Path) -> Iterator[Path]:
    yield from _conftests(path, top)
    inits = (folder / "__init__.py" for folder in path.parents if top in folder.parents)
    yield from (one for one in inits if one.is_file())


def _tree(path: Path, root: Path) -> Path | None:
    """The outermost folder above it that is called after tests."""
    folders = [f for f in path.parents if root in f.parents and "test" in f.name.lower()]
    return folders[-1] if folders else None


def _files_below(folder: Path, root: Path) -> Iterator[Path]:
    for path in files_below(folder, most_looked_at=2 * MAX_CARRIED_FILES):
        if path.suffix not in (".pyc", ".so") and may_be_taken(path, root):
            yield path

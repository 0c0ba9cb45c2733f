"""The whole of a suite, hidden tests included: only for `publish`, `scorer` and `samples`.

A process that solves must never import this module; a test reads the imports.
"""

from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median

from pipeline.bench import formats
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import SuiteError, file_sha256
from pipeline.bench.suite import DateWindow, Options, Source, Suite
from pipeline.nano.bench import PUBLIC as NANO
from pipeline.storage.caches import cache_folder

__all__ = ["DateWindow", "Hidden", "Options", "locate", "read_suite", "refuse_if_weak"]
LAST = "own"
"""The format that takes whatever is no other one."""


@cache
def suites() -> tuple[Suite, ...]:
    """Every format, our own last."""
    names = [one.name for one in pkgutil.iter_modules(formats.__path__)]
    names.sort(key=lambda name: (name == LAST, name))
    modules = [import_module(f"pipeline.bench.formats.{name}") for name in names]
    return tuple(module.SUITE for module in modules if hasattr(module, "SUITE"))


def sources() -> dict[str, Source]:
    """Every suite that is known by name."""
    return {source.name: source for suite in suites() for source in suite.sources}


@dataclass(frozen=True, kw_only=True)
class Located:
    """The files of a suite that was asked for."""

    name: str
    paths: tuple[Path, ...]
    suite: Suite
    source: Source | None = None

    @property
    def sha256(self) -> str:
        """Of all files together, in their order."""
        files = [file for path in self.paths for file in files_of(path)]
        if len(files) == 1:
            return file_sha256(files[0])
        return hashlib.sha256("".join(map(file_sha256, files)).encode()).hexdigest()


def files_of(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def data_folder() -> Path:
    """Where fetched suites lie."""
    return cache_folder() / "suites"


def locate(name: str) -> Located:
    """A suite by name (`livecodebench@v5` for a release), a file, a folder, or files with commas.

    Raises SuiteError; nothing is ever downloaded here.
    """
    known, _, release = name.partition("@")
    source = sources().get(known)
    if source is not None:
        return _known(name, source, release)
    paths = tuple(Path(part).expanduser() for part in name.split(","))
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise SuiteError(
            f"no suite {str(missing[0])!r}: it is no file here and not built in"
            f" ({', '.join(sources())})"
        )
    return Located(name=name, paths=paths, suite=_suite_of(paths[0]))


def _known(name: str, source: Source, release: str) -> Located:
    if release and release not in source.releases:
        there = ", ".join(source.releases) or "none"
        raise SuiteError(f"{source.name} has no release {release!r}; there are: {there}")
    paths = paths_of(source, release)
    missing = [path for path in paths if not path.exists()]
    if missing or not paths:
        where = missing[0] if missing else data_folder() / source.name
        raise SuiteError(
            f"{name} is not here ({where}); `atlas bench fetch {source.name}` brings it,"
            " or give a path"
        )
    return Located(name=name, paths=paths, suite=_suite_of(paths[0]), source=source)


def paths_of(source: Source, release: str = "") -> tuple[Path, ...]:
    """Where the files of a suite are, or would be."""
    if source.name == "nano":
        return (NANO,)
    folder = data_folder() / source.name
    if not source.files:
        file = folder / f"{source.name}.jsonl.gz"
        # A folder of exercises; an empty one is what a fetch leaves that went wrong.
        is_suite = not file.exists() and folder.is_dir() and any(folder.iterdir())
        return (folder if is_suite else file,)
    files = [folder / one.name for one in source.files]
    chosen = source.releases.get(release, tuple(range(len(files))))
    return tuple(files[n] for n in chosen)


def _suite_of(path: Path) -> Suite:
    for suite in suites():
        if suite.recognises(path):
            return suite
    raise SuiteError(f"{path} is in no format that is known here")


def read_suite(
    where: Path | Located, window: DateWindow | None = None, *, convention: str = ""
) -> Iterator[Pair]:
    """Every task with its grader, in order; streamed. Raises SuiteError with the line."""
    located = where if isinstance(where, Located) else locate(str(where))
    known = located.suite.conventions
    if convention and convention not in known:
        there = ", ".join(known) or "none to choose from"
        raise SuiteError(f"{located.name} has no convention {convention!r}; there are: {there}")
    options = Options(window=window or DateWindow(), convention=convention or next(iter(known), ""))
    seen: set[str] = set()
    for pair in located.suite.read(located.paths, options):
        task_id = pair[0].task_id
        if task_id in seen:
            raise SuiteError(f"{located.name}: task id {task_id!r} came before")
        seen.add(task_id)
        yield pair


def refuse_if_weak(name: str, counts: Sequence[int], min_tests: int = 3) -> None:
    """Raises SuiteError when the hidden tests are too few to tell right from wrong."""
    if not counts:
        raise SuiteError(f"{name} has no task in this selection")
    middle, without = median(counts), sum(count == 0 for count in counts)
    if without or middle < min_tests:
        raise SuiteError(
            f"{name} has too few hidden tests: {middle:g} per task in the median, {without} of"
            f" {len(counts)} tasks without any; it takes {min_tests} (--min-tests to lower it)"
        )

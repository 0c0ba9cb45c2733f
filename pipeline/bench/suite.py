"""What a suite is: where its files come from, and how they become pairs of task and grader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from pipeline.bench.grading import Pair
from pipeline.bench.records import Json, SuiteError, read_rows


@dataclass(frozen=True, kw_only=True)
class DateWindow:
    """Tasks of a contest from `start` to `end`, both included; others are left out."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return not (self.start and day < self.start) and not (self.end and day > self.end)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a suite is to be read."""

    window: DateWindow = field(default_factory=DateWindow)
    convention: str = ""
    """Where runners disagree: whose way it is; "" is the suite's first."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file as its publisher has it."""

    url: str
    sha256: str
    """Of what is in it, unpacked; "" where nobody has published one."""
    name: str
    """What it is called here."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A suite that is known by name."""

    name: str
    about: str
    licence: str
    files: tuple[Remote, ...] = ()
    note: str = ""
    """What one has to know before fetching or quoting it: a gate, a canary, a convention."""
    releases: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Which of the files belong to `name@release`."""
    packages: tuple[str, ...] = ()
    """What its programs import, for the sandbox image."""


class Suite(Protocol):
    @property
    def sources(self) -> tuple[Source, ...]: ...

    @property
    def conventions(self) -> tuple[str, ...]:
        """Whose ways of asking and judging there are, the usual one first; empty for one way."""
        ...

    @property
    def least_tests(self) -> int:
        """Hidden tests per task, in the median, under which such a suite proves too little."""
        ...

    def recognises(self, path: Path) -> bool:
        """Whether this file or folder is in the suite's format; never raises for a strange one."""
        ...

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Pair]:
        """Every task with its grader, in order; streamed. Raises SuiteError with the line."""
        ...


MakePair = Callable[[Json, Options, str], Pair | None]
"""A row, the options, where it stands; None leaves the row out."""


@dataclass(frozen=True, kw_only=True)
class RowSuite:
    """A suite of JSON lines, one task in each."""

    fields: frozenset[str]
    """What every row of this format has, and rows of others have not."""
    pair: MakePair
    sources: tuple[Source, ...] = ()
    conventions: tuple[str, ...] = ()
    least_tests: int = 3

    def recognises(self, path: Path) -> bool:
        return self.fields <= set(first_row(path))

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Pair]:
        for path in paths:
            for number, row in read_rows(path):
                pair = self.pair(row, options, f"{path} line {number}")
                if pair is not None:
                    yield pair


def first_row(path: Path) -> Json:
    """{} where there is none. Raises SuiteError for a file that is damaged at its beginning."""
    if not path.is_file() or not path.name.endswith((".jsonl", ".jsonl.gz", ".json", ".gz")):
        return {}
    return next((row for _, row in read_rows(path)), {})


def text_of(row: Json, name: str, where: str, *, empty: bool = False) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise SuiteError(f"{where}: the field `{name}` is missing or no text")
    return value


def list_of(row: Json, name: str, where: str) -> list[Any]:
    value = row.get(name)
    if name in row and not value:
        return []
    if not isinstance(value, list):
        raise SuiteError(f"{where}: the field `{name}` is missing or no list")
    return value

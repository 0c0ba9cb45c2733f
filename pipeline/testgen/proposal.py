"""What proposed tests are: the tests, the files with them, what they are worth, what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.core.wording import many
from pipeline.source.edit import unified_diff


@dataclass(frozen=True, kw_only=True)
class MutationScore:
    killed: int
    total: int
    """Mutants that some call that was tried tells from the function."""

    def __str__(self) -> str:
        return f"{self.killed} of {many(self.total, 'mutant')}" if self.total else "no mutants"

    @property
    def share(self) -> float:
        return self.killed / self.total if self.total else 0.0


@dataclass(frozen=True, kw_only=True)
class ProposedTest:
    name: str
    """What it shows: `an empty list`."""
    source: str
    """As doctest text, with what it prints."""
    kills: tuple[str, ...]
    """The mutants that it is the first to notice, in words."""


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """The function and somebody else disagree; nothing was pinned."""

    call: str
    gives: str
    other: str
    asked_by: str
    """`the example`, `a self-test`."""

    def __str__(self) -> str:
        return f"{self.call} gives {self.gives}, {self.asked_by} says {self.other}: which is right?"


@dataclass(frozen=True, kw_only=True)
class FileEdit:
    path: str
    old_text: str | None
    """None when the file is new."""
    new_text: str
    encoding: str = "utf-8"

    @property
    def old_bytes(self) -> bytes:
        return (self.old_text or "").encode(self.encoding)

    @property
    def new_bytes(self) -> bytes:
        return self.new_text.encode(self.encoding)

    @property
    def diff(self) -> str:
        return unified_diff(self.old_text, self.new_text, self.path)


@dataclass(frozen=True, kw_only=True)
class TestProposal:
    """New tests, the files with them, and what they are worth; nothing is written."""

    __test__ = False

    function: str
    style: Literal["doctest", "pytest"]
    edits: tuple[FileEdit, ...] = ()
    tests: tuple[ProposedTest, ...] = ()
    before: MutationScore = MutationScore(killed=0, total=0)
    """Of the visible tests that are there."""
    after: MutationScore = MutationScore(killed=0, total=0)
    """With the new ones."""
    questions: tuple[Disagreement, ...] = ()
    warnings: tuple[str, ...] = ()

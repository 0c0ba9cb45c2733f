"""How commands name a function of a file: its qualified name, and which, where several have it."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from pipeline.source.locate import FunctionNotFound, FunctionSite, find_function, functions
from pipeline.source.text import Document

MARK = "@"
"""Between the name and the place among its namesakes, from 1: `_@2`; no Python name has it."""


def label_of(document: Document, site: FunctionSite) -> str:
    """The plain name of the definition that the name means; a mark for the earlier ones."""
    same = _namesakes(document, site.name)
    if same[-1].start == site.start:
        return site.name
    return f"{site.name}{MARK}{[one.start for one in same].index(site.start) + 1}"


def site_of(document: Document, label: str) -> FunctionSite:
    """Raises FunctionNotFound and SourceSyntaxError."""
    name, mark, number = label.partition(MARK)
    if not mark:
        return find_function(document, name)
    same = _namesakes(document, name)
    if not number.isdigit() or not 0 < int(number) <= len(same):
        raise FunctionNotFound(f"no function {label!r} in {document.path or 'the file'}; ask again")
    return same[int(number) - 1]


def touched(document: Document, lines: types.Range) -> tuple[FunctionSite, ...]:
    """The functions that a selection touches; of nested ones the innermost."""
    first, last = lines.start.line, lines.end.line
    if last > first and lines.end.character == 0:
        last -= 1
    found = [
        site
        for site in functions(document)
        if site.first_line <= last and document.line_of(site.end) >= first
    ]
    return tuple(one for one in found if not _holds_another(one, found))


def _holds_another(site: FunctionSite, others: Sequence[FunctionSite]) -> bool:
    return any(site.start < one.start and one.end <= site.end for one in others)


def _namesakes(document: Document, name: str) -> list[FunctionSite]:
    """All that can be meant: overloads have no body to write."""
    same = [one for one in functions(document) if one.name == name]
    return [one for one in same if not one.is_overload] or same

"""Calls of a function that stand in its project: in its tests, its examples, its callers.

Files are read, nothing is run. Of a large project only some files are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.inputs.callers import WrittenCall, written_calls
from pipeline.inputs.target import Target
from pipeline.syntax.text import Document, SourceError, document_from_bytes, parse
from pipeline.testgen.test_place import project_root, test_files
from pipeline.world.project import python_files

MOST_FILES = 1000
MOST_BYTES = 400_000
"""Of one file; longer ones are data."""
MOST_CALLS = 60


def calls_around(document: Document, target: Target) -> tuple[WrittenCall, ...]:
    """Those of its own file, then of the project's tests, then of the rest, each call once."""
    found: dict[str, WrittenCall] = {}
    for one in _all(document, target):
        before = found.get(repr(one.call))
        is_checked = one.is_checked or (before is not None and before.is_checked)
        raises = one.raises or (before.raises if before else "")
        found[repr(one.call)] = replace(one, is_checked=is_checked, raises=raises)
        if len(found) >= MOST_CALLS:
            break
    return tuple(found.values())


def _all(document: Document, target: Target) -> Iterator[WrittenCall]:
    yield from written_calls(document.tree, target)
    if not document.path:
        return
    word = re.compile(rf"\b{re.escape(target.name.rpartition('.')[2])}\b")
    own = Path(document.path).resolve()
    for path in _files(own):
        text = _text(path)
        if text and path != own and word.search(text) and (tree := parse(text)) is not None:
            yield from written_calls(tree, target)


def _files(source: Path) -> Iterator[Path]:
    root = project_root(source)
    tests = list(test_files(root))
    yield from tests
    known = set(tests)
    for n, path in enumerate(python_files(root)):
        if n == MOST_FILES:
            return
        if path not in known:
            yield path


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            return ""
        return document_from_bytes(path.read_bytes(), path.as_posix()).plain
    except (OSError, SourceError):
        return ""

"""The documents of a project that may hold examples: its README, and `docs`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pipeline.world.project import Project, files_below

SUFFIXES = (".md", ".rst", ".txt")
FOLDERS = ("docs", "doc")
MAX_MANUALS = 200


def manuals_of(project: Project) -> tuple[Path, ...]:
    """In order, the README first; only files are listed, none is read."""
    return tuple(islice(_found(project.root), MAX_MANUALS))


def _found(root: Path) -> Iterator[Path]:
    yield from sorted(p for p in root.glob("README*") if p.suffix.lower() in SUFFIXES)
    for folder in FOLDERS:
        yield from files_below(root / folder, SUFFIXES, most_looked_at=10 * MAX_MANUALS)

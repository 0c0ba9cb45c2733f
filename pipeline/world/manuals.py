"""The documents of a project that may hold examples: its README, and `docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.world.project import Project

SUFFIXES = (".md", ".rst", ".txt")
FOLDERS = ("docs", "doc")
MAX_MANUALS = 200


def manuals_of(project: Project) -> tuple[Path, ...]:
    """In order, the README first; only files are listed, none is read."""
    return tuple(path for _, path in zip(range(MAX_MANUALS), _found(project.root), strict=False))


def _found(root: Path) -> Iterator[Path]:
    yield from sorted(p for p in root.glob("README*") if p.suffix.lower() in SUFFIXES)
    for folder in FOLDERS:
        for suffix in SUFFIXES:
            yield from sorted(p for p in (root / folder).rglob(f"*{suffix}") if p.is_file())

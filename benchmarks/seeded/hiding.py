"""Takes some of the failing tests out of the files that Atlas will see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pipeline.source.edit import TextEdit, applied
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, SourceError, document_from_bytes


@dataclass(frozen=True, kw_only=True)
class Split:
    """Failing tests, by function: parametrised ones stay together."""

    hidden: tuple[str, ...]
    """Node ids."""
    visible: tuple[str, ...]
    files: tuple[tuple[Path, str], ...]
    """Test files without the hidden tests, relative to the project."""


def split(project: Path, failing: Sequence[str], rng: Random) -> Split | None:
    """Half of the failing test functions hidden, one stays at least; None for fewer than two."""
    by_function: dict[str, list[str]] = {}
    for node_id in sorted(failing):
        by_function.setdefault(node_id.partition("[")[0], []).append(node_id)
    names = [name for name in by_function if _place(project, name) is not None]
    if len(by_function) < 2 or not names:
        return None
    rng.shuffle(names)
    gone = names[: max(1, min(len(by_function) // 2, len(by_function) - 1))]
    return Split(
        hidden=tuple(one for name in gone for one in by_function[name]),
        visible=tuple(one for name in by_function if name not in gone for one in by_function[name]),
        files=tuple(_without(project, gone)),
    )


def _place(project: Path, name: str) -> tuple[Path, str] | None:
    """File and function; None for what is no function of its file: a doctest, an inherited one."""
    file, *parts = name.split("::")
    if not file.endswith(".py"):
        return None
    try:
        find_function(_read(project / file), ".".join(parts))
    except (OSError, SourceError):
        return None
    return Path(file), ".".join(parts)


def _read(path: Path) -> Document:
    return document_from_bytes(path.read_bytes(), str(path))


def _without(project: Path, names: Sequence[str]) -> list[tuple[Path, str]]:
    places: dict[Path, list[str]] = {}
    for name in names:
        if found := _place(project, name):
            places.setdefault(found[0], []).append(found[1])
    return [(file, _cut(_read(project / file), gone)) for file, gone in places.items()]


def _cut(document: Document, names: Sequence[str]) -> str:
    """Each function replaced by `pass`, which tells nothing."""
    sites = [find_function(document, name) for name in names]
    edits = [TextEdit(start=site.start, end=site.end, new_text="pass") for site in sites]
    return applied(document.text, edits)

"""What a command works on: `FILE::NAME`, a file, or a folder, as files and their functions."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import note
from atlas_lsp.exits import UsageError
from pipeline.storage.foreign import foreign_bytes

if TYPE_CHECKING:
    from pipeline.source.locate import FunctionSite
    from pipeline.syntax.text import Document

MAX_BYTES = 2_000_000
"""No file that a person edits is larger."""
HELP = "pkg/mod.py::f, mod.py::Class.method, a file, or a folder"


@dataclass(frozen=True, kw_only=True)
class FileTarget:
    """One file and the names of what is to be done in it, in order."""

    path: Path
    document: Document
    names: tuple[str, ...]


def add_targets(parser: argparse.ArgumentParser) -> None:
    argument = parser.add_argument("targets", nargs="+", metavar="FILE[::NAME]", help=HELP)
    argument.completer = complete  # type: ignore[attr-defined]


def is_one_function(words: Sequence[str]) -> bool:
    return len(words) == 1 and "::" in words[0]


def targets(words: Sequence[str], wanted: Callable[[FunctionSite], bool]) -> tuple[FileTarget, ...]:
    """The functions that the words name; of whole files and folders those that are `wanted`.

    A file of a folder that cannot be read is said and left out. Raises UsageError, SourceError.
    """
    found: dict[Path, tuple[Document, dict[str, None]]] = {}
    for word in words:
        for path, document, names in _of_word(word, wanted):
            _, known = found.setdefault(path, (document, {}))
            known.update(dict.fromkeys(names))
    return tuple(
        FileTarget(path=path, document=document, names=tuple(names))
        for path, (document, names) in found.items()
        if names
    )


def read_document(path: Path) -> Document:
    """Raises UsageError for what is no regular file of a size that people write, and
    SourceSyntaxError, with both versions where the project's Python is newer than ours.
    """
    from pipeline.syntax.text import SourceSyntaxError, document_from_bytes

    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a Python file")
    if not path.exists():
        raise UsageError(f"no such file: {path}")
    if not path.is_file():
        raise UsageError(f"{path} is no regular file; name a Python file")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise UsageError(f"{path} has {size} bytes; the largest that is read is {MAX_BYTES}")
    document = document_from_bytes(foreign_bytes(path, MAX_BYTES), path.as_posix())
    try:
        _ = document.tree
    except SourceSyntaxError as exc:
        from pipeline.world.newer import with_versions

        text = with_versions(exc, path)
        raise SourceSyntaxError(text, line=exc.line, column=exc.column) from exc
    return document


def _of_word(
    word: str, wanted: Callable[[FunctionSite], bool]
) -> Iterator[tuple[Path, Document, tuple[str, ...]]]:
    from pipeline.source.locate import find_function

    file, mark, name = word.rpartition("::")
    if mark and not (file and name):
        raise UsageError(f"{word!r} names no function; write FILE::NAME, as in mod.py::f")
    path = Path(file if mark else word)
    if mark:
        document = read_document(path)
        yield path, document, (find_function(document, name).label,)
    elif path.is_dir():
        yield from _of_folder(path, wanted)
    else:
        document = read_document(path)
        yield path, document, _names(document, wanted)


def _of_folder(
    folder: Path, wanted: Callable[[FunctionSite], bool]
) -> Iterator[tuple[Path, Document, tuple[str, ...]]]:
    from pipeline.syntax.text import SourceError
    from pipeline.world.project import python_files

    for path in python_files(folder):
        try:
            document = read_document(path)
            names = _names(document, wanted)
        except (UsageError, SourceError, OSError) as exc:
            note(f"left out: {exc}")
        else:
            yield path, document, names


def _names(document: Document, wanted: Callable[[FunctionSite], bool]) -> tuple[str, ...]:
    from pipeline.source.locate import functions

    sites = functions(document)
    plain = [s for s in sites if not s.is_overload]
    return tuple(dict.fromkeys(s.name for s in plain if s.owner != "function" and wanted(s)))


def complete(prefix: str, **_: object) -> list[str]:
    """For the shell: files, and after `::` the functions of the file."""
    from pipeline.source.locate import functions
    from pipeline.syntax.text import SourceError

    file, mark, start = prefix.rpartition("::")
    try:
        if mark:
            sites = functions(read_document(Path(file)))
            return [f"{file}::{s.name}" for s in sites if s.name.startswith(start)]
        folder = Path(prefix) if prefix.endswith("/") else Path(prefix).parent
        return [
            f"{path}/" if path.is_dir() else f"{path}::"
            for path in sorted(folder.iterdir())
            if str(path).startswith(prefix or "") and (path.is_dir() or path.suffix == ".py")
        ]
    except (UsageError, SourceError, OSError):
        return []

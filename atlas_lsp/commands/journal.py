"""What was done of many functions, kept: the same command goes on where it ended.

It holds as long as no Python file of the project is another one than Atlas has seen or written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from atlas_lsp.commands.outcomes import FunctionOutcome
from atlas_lsp.exits import NOTHING_GOOD, OK
from pipeline.storage.caches import cache_folder
from pipeline.storage.foreign import foreign_bytes
from pipeline.storage.kept import keep, read_kept
from pipeline.syntax.text import Document
from pipeline.world.project import MARKS, python_files

_NOT_OF_THE_RESULT = (
    *("apply", "json", "verbose", "color", "trace", "targets", "run", "again"),
    *("setting_keys",),
)
"""Arguments that change what is shown or written, and not what is found."""


@dataclass(kw_only=True)
class Journal:
    """Outcomes of one command on one project."""

    folder: Path
    contents: dict[str, str] = field(default_factory=dict)
    """Of the project's files, by path, the digest."""

    @classmethod
    def of(cls, args: argparse.Namespace, root: Path) -> Journal:
        """The journal of a project; empty where anything in it is another now."""
        asked = {k: str(v) for k, v in vars(args).items() if k not in _NOT_OF_THE_RESULT}
        name = digest(json.dumps([version("atlas-lsp"), str(root), asked], sort_keys=True))
        found = cls(folder=cache_folder() / "done" / name, contents=contents_of(root))
        if args.again or _read(found.folder / "contents.json") != found.contents:
            for old in found.folder.glob("*.json"):
                old.unlink(missing_ok=True)
            found._keep_contents()
        return found

    def find(self, path: Path, name: str, document: Document) -> FunctionOutcome | None:
        """What came of the function in this very text; None where it was not done."""
        entry = _read(self._entry(path, name, document))
        if not entry:
            return None
        lines = (*entry.pop("lines"), "  found by an earlier run of this command")
        return FunctionOutcome(path=path, name=name, lines=lines, is_kept=True, **entry)

    def add(self, document: Document, outcome: FunctionOutcome) -> None:
        """Nothing that went wrong is kept: it may go right the next time."""
        if outcome.is_written:
            self.wrote(outcome.path)
        if outcome.is_kept or outcome.code not in (OK, NOTHING_GOOD) or outcome.word == "error":
            return
        entry = {
            "word": outcome.word,
            "code": outcome.code,
            "report": outcome.report,
            "lines": outcome.lines,
            "diff": outcome.diff,
            "new_text": outcome.new_text,
        }
        text = json.dumps(entry, default=str)
        keep(self._entry(outcome.path, outcome.name, document), text.encode())

    def wrote(self, path: Path) -> None:
        """A file is another one by our own hand."""
        self.contents[str(path.resolve())] = digest(path.read_bytes())
        self._keep_contents()

    def _entry(self, path: Path, name: str, document: Document) -> Path:
        return self.folder / f"{digest(json.dumps([str(path), name, document.text]))}.json"

    def _keep_contents(self) -> None:
        keep(self.folder / "contents.json", json.dumps(self.contents).encode())


def contents_of(root: Path) -> dict[str, str]:
    files = (*python_files(root), *(root / mark for mark in MARKS))
    return {str(p.resolve()): digest(_content(p)) for p in files if p.is_file()}


def _content(path: Path) -> bytes:
    try:
        return foreign_bytes(path)
    except OSError as exc:
        return str(exc).encode()


def digest(content: str | bytes) -> str:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    data = read_kept(path)
    found = json.loads(data) if data is not None else {}
    return found if isinstance(found, dict) else {}

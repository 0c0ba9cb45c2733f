"""The client's buffers, kept with our own line index.

pygls splits lines as `str.splitlines` does, also at form feeds and U+2028, and so puts changes in
such files at the wrong place; LSP knows `\\n`, `\\r\\n` and `\\r` only.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from pipeline.storage.foreign import Unreadable, foreign_bytes
from pipeline.syntax.text import (
    Document,
    SourceError,
    Unit,
    document_from_bytes,
    offset_at,
    parse,
    position_at,
)

log = logging.getLogger(__name__)
MAX_CHARS = 1_000_000
"""Parsing so much takes the loop for about a second; nobody writes such a file by hand."""
CELL = "vscode-notebook-cell:"
UNITS: dict[str, Unit] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


def file_bytes(path: Path) -> bytes:
    """Never waits for a pipe or a device.

    Raises SourceError for any other file, OSError for one that cannot be opened.
    """
    try:
        return foreign_bytes(path)
    except Unreadable as exc:
        raise SourceError(f"{exc}; name a smaller Python file") from exc


class Buffer(TextDocument):
    """One open file; `document` is its text with the syntax tree, parsed at most once per text."""

    in_order = True
    """False after a version that went backwards: then nothing is known for sure about the text."""
    unit: Unit = "utf-16"
    _parsed: tuple[str, Document] | None = None

    @property
    def source(self) -> str:
        """The text as the client has it; of a file that is not open, what the disk holds.

        Raises SourceError for what is too large or no text, OSError for what cannot be read.
        """
        text = self._source
        if text is None:
            text = document_from_bytes(file_bytes(Path(self.path)), self.path).text
        if len(text) > MAX_CHARS:
            name = self.path or self.uri
            raise SourceError(
                f"{name} has {len(text)} characters; at most {MAX_CHARS} are read: split it"
            )
        return text

    @property
    def document(self) -> Document:
        text = self.source
        if self._parsed is None or self._parsed[0] is not text:
            shown = without_magics(text) if self.uri.startswith(CELL) else text
            self._parsed = (text, Document(text=shown, path=self.path or self.uri))
        return self._parsed[1]

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            self._source = change.text
            return
        now, text = self.document, self.source
        start = offset_of(now, change.range.start, self.unit)
        end = max(start, offset_of(now, change.range.end, self.unit))
        self._source = text[:start] + change.text + text[end:]


class Buffers(Workspace):
    """The workspace of pygls with our buffers in it."""

    @property
    def unit(self) -> Unit:
        encoding = self.position_encoding
        value = encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding
        return UNITS[value or "utf-16"]

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Buffer:
        made = Buffer(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )
        made.unit = self.unit
        return made

    def buffer(self, uri: str) -> Buffer:
        found = self.get_text_document(uri)
        assert isinstance(found, Buffer)
        return found

    def is_open(self, uri: str) -> bool:
        return self.buffer(uri).version is not None

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        if not self.is_open(text_doc.uri):
            log.warning("change of %s, which is not open, is ignored", text_doc.uri)
            return
        buffer = self.buffer(text_doc.uri)
        if buffer.version is not None and text_doc.version < buffer.version:
            log.warning(
                "%s went from version %s to %s", buffer.uri, buffer.version, text_doc.version
            )
            buffer.in_order = False
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            buffer.in_order = True
        super().update_text_document(text_doc, change)


def without_magics(text: str) -> str:
    """A notebook's cell as Python: lines for IPython become comments of the same length.

    A cell that parses is left alone, so that no line of a string is touched.
    """
    if parse(text) is not None:
        return text
    return re.sub(r"^([ \t]*)[%!](?=\S)", r"\1#", text, flags=re.MULTILINE)


def offset_of(document: Document, position: types.Position, unit: Unit) -> int:
    return offset_at(document, position.line, position.character, unit)


def position_of(document: Document, offset: int, unit: Unit) -> types.Position:
    line, column = position_at(document, offset, unit)
    return types.Position(line=line, character=column)


def range_of(document: Document, start: int, end: int, unit: Unit) -> types.Range:
    return types.Range(
        start=position_of(document, start, unit), end=position_of(document, end, unit)
    )

"""Offsets of a document as positions of the protocol, in the client's unit."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from pipeline.source.edit import TextEdit
from pipeline.source.text import Document, Unit, position_at


def to_lsp_edits(
    document: Document, changes: Sequence[TextEdit], unit: Unit
) -> list[types.TextEdit]:
    """Edits of `document` (its BOM, if it has one, is a character of the first line)."""
    return [
        types.TextEdit(
            range=types.Range(
                start=_position(document, change.start, unit),
                end=_position(document, change.end, unit),
            ),
            new_text=change.new_text,
        )
        for change in changes
    ]


def _position(document: Document, offset: int, unit: Unit) -> types.Position:
    line, column = position_at(document, offset, unit)
    return types.Position(line=line, character=column)

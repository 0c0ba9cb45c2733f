"""The syntax tree of a file as it is, which may be anything."""

from __future__ import annotations

import ast

from pipeline.syntax.text import SourceError, document_from_bytes, parse


def parsed(data: bytes | str) -> ast.Module:
    """Empty where the text does not parse: what is wrong with it shows when it is imported."""
    if isinstance(data, bytes):
        try:
            data = document_from_bytes(data).plain
        except SourceError:
            data = ""
    return parse(data) or ast.Module(body=[], type_ignores=[])

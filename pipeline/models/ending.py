"""Where an answer ends: chat models explain what they wrote, and nobody reads it.

An answer that was begun for the model (a fence, a signature, a docstring) ends with its function:
at the closing fence, or at the first line at the margin.
One that the model began itself ends with the fence that closes a block with the function in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_OPENING = re.compile(r"^ {0,3}(?:`{3,}|~{3,})[^\n`]*\n", re.MULTILINE)
_CLOSING = re.compile(r"^ {0,3}(?:`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_PART = re.compile(r"""#[^\n]*|\"{3}|'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\[({]|[\])}]""")


def end_of_answer(text: str, *, function: str, prefill: str) -> int | None:
    """Offset at which the answer that has come so far is over; None while it goes on.

    `text` begins with `prefill`.
    """
    if not prefill:
        return _end_of_block(text, function)
    for start, line in _lines_after(text, len(prefill)):
        if not line.strip() or line[0] in " \t":
            continue
        if not text[len(prefill) : start].strip():
            # Begun anew instead of gone on: the fence that closes it is the end.
            end = _end_of_block(text[start:], function)
            return None if end is None else start + end
        if _FENCE.match(line) or not _is_open(text[_code_start(prefill) : start]):
            return start
    return None


def _lines_after(text: str, start: int) -> Iterator[tuple[int, str]]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end]
        start = end + 1


def _end_of_block(text: str, function: str) -> int | None:
    at = 0
    while opening := _OPENING.search(text, at):
        closing = _CLOSING.search(text, opening.end())
        if closing is None:
            return None
        at = closing.end()
        if re.search(rf"\bdef\s+{re.escape(function)}\b", text[opening.end() : closing.start()]):
            return at
    return None


def _code_start(prefill: str) -> int:
    opening = _OPENING.match(prefill)
    return opening.end() if opening else 0


def _is_open(code: str) -> bool:
    """Inside brackets or a string of several lines, where a line at the margin ends nothing."""
    depth = at = 0
    while part := _PART.search(code, at):
        at, found = part.end(), part[0]
        if found in ('"""', "'''"):
            at = code.find(found, at)
            if at < 0:
                return True
            at += len(found)
        elif found in "[({":
            depth += 1
        elif found in "])}":
            depth -= 1
    return depth > 0

"""Move code sideways without touching what its strings say.

Lines inside a multi-line string stay as they are, but for those of docstrings, which move along.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_OPENERS = {"FSTRING_START", "TSTRING_START"}
_CLOSERS = {"FSTRING_END", "TSTRING_END"}
_SILENT = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}
_Move = Callable[[str], str]


@dataclass(frozen=True)
class LineKind:
    """What is known of one physical line."""

    in_string: bool = False
    """It begins inside a string that is not a docstring."""
    level: int | None = None
    """Indentation level, for the first line of a logical line; else None."""


def dedented(text: str, indent: str) -> str:
    """Take `indent` away from each line that has it."""
    return _shifted(text, lambda line: line.removeprefix(indent)) if indent else text


def indented(text: str, indent: str) -> str:
    """Put `indent` before each line that is not blank."""
    if not indent:
        return text
    return _shifted(text, lambda line: indent + line if line.strip() else line)


def with_unit(text: str, unit: str) -> str:
    """The same code, dedented, with `unit` for each level of indentation;
    continuation lines move along.
    """
    kinds = line_kinds(text)
    if kinds is None:
        return text
    lines = _lines(text)
    moves = {
        _leading(line): unit * kind.level
        for line, kind in zip(lines, kinds, strict=True)
        if kind.level is not None
    }
    out: list[str] = []
    old = new = ""
    for line, kind in zip(lines, kinds, strict=True):
        if kind.in_string or not line.strip():
            out.append(line)
            continue
        if kind.level is not None or line.lstrip().startswith("#"):
            old = _leading(line)
            new = moves.get(old, old)
        out.append(new + line[len(old) :] if line.startswith(old) else line)
    return "".join(out)


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def line_kinds(text: str) -> tuple[LineKind, ...] | None:
    """One per line of `text` (split at `\\n` only); None when it cannot be tokenised."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline="\n").readline))
    except (tokenize.TokenError, SyntaxError, RecursionError, UnicodeEncodeError):
        # From 3.12 on the tokenizer encodes, which a lone surrogate refuses.
        return None
    return _kinds(tokens, len(_lines(text)))


def _shifted(text: str, move: _Move) -> str:
    kinds = line_kinds(text)
    lines = _lines(text)
    if kinds is None:
        return "".join(move(line) for line in lines)
    return "".join(
        line if kind.in_string else move(line) for line, kind in zip(lines, kinds, strict=True)
    )


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _kinds(tokens: Sequence[tokenize.TokenInfo], n_lines: int) -> tuple[LineKind, ...]:
    kinds = [LineKind()] * n_lines
    level, at_start, opened = 0, True, []
    for token in tokens:
        name = tokenize.tok_name[token.type]
        row = token.start[0] - 1
        if token.type == tokenize.INDENT:
            level += 1
        elif token.type == tokenize.DEDENT:
            level -= 1
        elif token.type == tokenize.NEWLINE:
            at_start = True
        elif token.type not in _SILENT and row < n_lines:
            if at_start:
                kinds[row] = LineKind(level=level)
            if token.type == tokenize.STRING and not at_start:
                _mark(kinds, row, token.end[0] - 1)
            elif name in _OPENERS:
                opened.append(row)
            elif name in _CLOSERS:
                _mark(kinds, opened.pop(), token.end[0] - 1)
            at_start = False
    return tuple(kinds)


def _mark(kinds: list[LineKind], first: int, last: int) -> None:
    for row in range(first + 1, last + 1):
        kinds[row] = LineKind(in_string=True)

"""A source file kept exactly: its text, its lines as Python and LSP count them,
and its syntax tree.

Lines end at `\\n`, `\\r\\n` and `\\r` only; form feeds, `\\x85` and U+2028 are ordinary characters.
"""

from __future__ import annotations

import ast
import io
import re
import symtable
import tokenize
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal as OneOf

BOM = "\ufeff"
_NEWLINE = re.compile(r"\r\n|\r|\n")

Unit = OneOf["utf-8", "utf-16", "utf-32"]
"""What one column counts: bytes, 16-bit units, or code points."""
DEEPEST = 200
"""Levels of a tree that we read; of 3,427 modules of Python and its packages all but one have
fewer than 100, and `ast.unparse` gives up at 330."""
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
"""What Python's parser, `symtable` and `literal_eval` raise for text that nobody vetted."""


class SourceError(Exception):
    """Root of what this package raises; its text is one line with the mend."""


class SourceEncodingError(SourceError):
    """The bytes are not what the file's encoding (its cookie, or utf-8) allows."""


class SourceSyntaxError(SourceError):
    """The file does not parse; `line` and `column` are 1-based."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, kw_only=True)
class Document:
    """The exact text of a file (a BOM is its first character) and how it is written to bytes.

    All offsets are indices into `text`.
    """

    text: str
    encoding: str = "utf-8"
    path: str = ""

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of each line's first character; a final newline opens one more, empty line."""
        return (0, *(m.end() for m in _NEWLINE.finditer(self.text)))

    @cached_property
    def newline(self) -> str:
        """The line ending that occurs most; `\\n` when there is none."""
        found = _NEWLINE.findall(self.text)
        return max(("\n", "\r\n", "\r"), key=found.count)

    @cached_property
    def plain(self) -> str:
        """What Python's parser reads: no BOM, every line ending `\\n`; same lines, same columns."""
        return _NEWLINE.sub("\n", self.text.removeprefix(BOM))

    @cached_property
    def plain_lines(self) -> tuple[str, ...]:
        """Lines of `plain`, each with its `\\n`."""
        return tuple(line + "\n" for line in self.plain.split("\n"))

    @cached_property
    def tree(self) -> ast.Module:
        """Raises SourceSyntaxError with the place."""
        return _parsed(self)

    def line_of(self, offset: int) -> int:
        """The 0-based line that holds `offset`."""
        return bisect_right(self.line_starts, offset) - 1

    def line_end(self, line: int) -> int:
        """Offset just before the line ending of 0-based `line`."""
        if line + 1 >= len(self.line_starts):
            return len(self.text)
        end = self.line_starts[line + 1]
        return end - (2 if self.text[end - 2 : end] == "\r\n" else 1)

    def ending_of(self, line: int) -> str:
        """The line ending of 0-based `line`, the document's usual one for a last line without."""
        following = self.line_starts[line + 1 : line + 2]
        return self.text[self.line_end(line) : following[0]] if following else self.newline

    def offset_of_char(self, line: int, column: int) -> int:
        """Offset of a 0-based line and character column of `plain`."""
        shift = 1 if line == 0 and self.text.startswith(BOM) else 0
        return self.line_starts[line] + shift + column

    def offset_of_node(self, lineno: int, col_offset: int) -> int:
        """Offset of a place as `ast` gives it: 1-based line, utf-8 bytes."""
        line = self.plain_lines[lineno - 1].encode("utf-8", "surrogatepass")
        column = len(line[:col_offset].decode("utf-8", "surrogatepass"))
        return self.offset_of_char(lineno - 1, column)

    def to_bytes(self, text: str) -> bytes:
        """`text` in the file's encoding. Raises SourceEncodingError."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as exc:
            bad = text[exc.start]
            raise SourceEncodingError(
                f"{self.path or 'the file'} is {self.encoding}, which has no {bad!r}; "
                "save the file as utf-8 first"
            ) from exc


def document_from_bytes(data: bytes, path: str = "") -> Document:
    """Decode as Python would: BOM, then cookie, then utf-8. Raises SourceEncodingError."""
    name = path or "the file"
    flat = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    encoding = _encoding_of(flat, name)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        line = flat[: exc.start].count(b"\n") + 1
        raise SourceEncodingError(
            f"{name} is not {encoding}: byte {data[exc.start]:#04x} near line {line}; "
            "save it as utf-8 or name its encoding in a coding line"
        ) from exc
    if text.encode(encoding, "replace") != data:
        raise SourceEncodingError(
            f"{name} does not survive a round trip through {encoding}; save the file as utf-8"
        )
    return Document(text=text, encoding=encoding, path=path)


def _encoding_of(data: bytes, name: str) -> str:
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as exc:
        if "missing encoding declaration" in str(exc):
            return "utf-8"
        raise SourceEncodingError(f"{name}: {exc.msg}; mend the coding line") from exc
    return "utf-8" if encoding == "utf-8-sig" else encoding


def offset_at(document: Document, line: int, column: int, unit: Unit = "utf-16") -> int:
    """Offset of a 0-based position; past the end of a line or of the text it is that end.

    A column inside a character is moved back to the character's start.
    """
    if line < 0:
        return 0
    if line >= len(document.line_starts):
        return len(document.text)
    start, end = document.line_starts[line], document.line_end(line)
    return start + _chars_of_units(document.text[start:end], column, unit)


def position_at(document: Document, offset: int, unit: Unit = "utf-16") -> tuple[int, int]:
    """0-based (line, column) of an offset; the middle of a `\\r\\n` counts as before it."""
    offset = max(0, min(offset, len(document.text)))
    line = document.line_of(offset)
    text = document.text[document.line_starts[line] : min(offset, document.line_end(line))]
    return line, _units_of(text, unit)


def parse(text: str) -> ast.Module | None:
    """The syntax tree of text that may be hostile; None for whatever cannot be parsed.

    A tree that comes back can be walked, compared and written back: it is at most `DEEPEST` deep.
    """
    tree = _attempt(text)
    return tree if isinstance(tree, ast.Module) else None


def parse_expression(text: str) -> ast.expr | None:
    """The tree of an expression that is all of `text`; None for anything else."""
    tree = _attempt(text, mode="eval")
    return tree.body if isinstance(tree, ast.Expression) else None


def first_bad_line(text: str) -> int | None:
    """The 1-based line from which on `text` cannot be parsed; None when all of it can."""
    tree = _attempt(text)
    return tree.line if isinstance(tree, _Refusal) else None


@dataclass(frozen=True)
class Literal:
    """The value of a literal; a class of its own, because the value may be None."""

    value: object


def literal_of(source: str | ast.expr) -> Literal | None:
    """What `ast.literal_eval` reads, from text that may be hostile; None for anything else."""
    tree = parse_expression(source.strip(" \t")) if isinstance(source, str) else source
    try:
        return None if tree is None else Literal(ast.literal_eval(tree))
    except _UNREADABLE:
        return None


def literal_arguments(call: ast.Call) -> tuple[tuple[object, ...], dict[str, object]] | None:
    """Positional and named arguments of a call, where all of them are literals."""
    args = [literal_of(arg) for arg in call.args]
    kwargs = {k.arg: literal_of(k.value) for k in call.keywords}
    if not all(args) or not all(name and value for name, value in kwargs.items()):
        return None
    named = {name: value.value for name, value in kwargs.items() if name and value}
    return tuple(one.value for one in args if one), named


def scopes_of(text: str) -> symtable.SymbolTable | None:
    """The symbol table of text that may be hostile; None where the compiler refuses it."""
    try:
        return symtable.symtable(text, "<module>", "exec")
    except _UNREADABLE:
        return None


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """Why text cannot be parsed; `line` and `column` are 1-based."""

    why: str
    line: int = 1
    column: int = 1


def _attempt(text: str, *, mode: str = "exec", is_file: bool = False) -> ast.AST | _Refusal:
    """The one place that parses; an invalid escape is the user's business and warns nobody.

    In a whole file a chain of `elif` may be as long as it likes.
    """
    if "\0" in text:
        return _Refusal(why="a null byte", line=text.partition("\0")[0].count("\n") + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.AST = ast.parse(text, mode=mode)
    except SyntaxError as exc:
        return _Refusal(why=exc.msg, line=exc.lineno or 1, column=max(exc.offset or 1, 1))
    except ValueError as exc:
        return _Refusal(why=str(exc))
    except (RecursionError, MemoryError):
        return _Refusal(why="it is nested too deeply to parse")
    too_deep = _too_deep(tree, is_flat=is_file) if len(text) > DEEPEST else None
    return tree if too_deep is None else _Refusal(why="it is nested too deeply", line=too_deep)


def _too_deep(tree: ast.AST, *, is_flat: bool) -> int | None:
    """The line of a node below `DEEPEST` levels; an `elif` counts as one unless `is_flat`."""
    stack = [(tree, DEEPEST)]
    while stack:
        node, left = stack.pop()
        if left < 0 and isinstance(node, ast.stmt | ast.expr):
            return node.lineno
        for child in ast.iter_child_nodes(node):
            is_elif = isinstance(node, ast.If) and isinstance(child, ast.If)
            stack.append((child, left if is_flat and is_elif else left - 1))
    return None


def _parsed(document: Document) -> ast.Module:
    tree = _attempt(document.plain, is_file=True)
    if isinstance(tree, ast.Module):
        return tree
    assert isinstance(tree, _Refusal)
    lines = document.plain_lines
    shown = lines[tree.line - 1].strip()[:80] if tree.line <= len(lines) else ""
    place = f"{document.path or 'the file'}:{tree.line}:{tree.column}"
    raise SourceSyntaxError(
        f"{place}: {tree.why}: {shown!r}; mend it first", line=tree.line, column=tree.column
    )


def _width(char: str, unit: Unit) -> int:
    if unit == "utf-32":
        return 1
    if unit == "utf-16":
        return 2 if ord(char) > 0xFFFF else 1
    return len(char.encode("utf-8", "surrogatepass"))


def _units_of(text: str, unit: Unit) -> int:
    return len(text) if unit == "utf-32" else sum(_width(char, unit) for char in text)


def _chars_of_units(text: str, units: int, unit: Unit) -> int:
    seen = 0
    for index, char in enumerate(text):
        seen += _width(char, unit)
        if seen > units:
            return index
    return len(text)

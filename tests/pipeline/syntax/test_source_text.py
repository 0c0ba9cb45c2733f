"""A document keeps every byte, and counts lines and columns as LSP and Python do."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.syntax.text import (
    DEEPEST,
    Document,
    Literal,
    SourceEncodingError,
    SourceSyntaxError,
    Unit,
    document_from_bytes,
    first_bad_line,
    literal_arguments,
    literal_of,
    offset_at,
    parse,
    parse_expression,
    position_at,
    scopes_of,
)

CHARS = st.sampled_from(["a", "é", "語", "\U0001f600", "\t", "\f", "\v", "\x85", "\u2028", "\n"])
UGLY = st.lists(st.one_of(CHARS, st.sampled_from(["\r", "\r\n"])), max_size=40).map("".join)
UNITS: tuple[Unit, ...] = ("utf-8", "utf-16", "utf-32")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x = 1",
        b"\xef\xbb\xbfx = 1\r\n",
        b"a = 1\rb = 2\r\nc = 3\n",
        b"# -*- coding: latin-1 -*-\ns = '\xe9'\n",
        b"#!/usr/bin/env python\r# coding: cp1252\rs = '\x80'\r",
        "s = '\U0001f600\u2028\x85\f'".encode(),
    ],
)
def test_bytes_survive_reading_and_writing(data: bytes) -> None:
    document = document_from_bytes(data)
    assert document.to_bytes(document.text) == data


def test_only_three_line_endings_end_lines() -> None:
    document = Document(text="a\fb\vc\x1c\x85\u2028\u2029d\r\ne\rf\ng")
    assert document.line_starts == (0, 12, 14, 16)
    assert [document.ending_of(n) for n in range(4)] == ["\r\n", "\r", "\n", "\n"]


@pytest.mark.parametrize(
    ("column", "unit", "char"),
    [
        (3, "utf-32", 3),
        (4, "utf-16", 3),
        (7, "utf-8", 3),
        (3, "utf-16", 2),
        (6, "utf-8", 2),
        (2, "utf-8", 1),
    ],
)
def test_columns_count_units_and_never_cut_a_character(column: int, unit: Unit, char: int) -> None:
    assert offset_at(Document(text="aé\U0001f600b\n"), 0, column, unit) == char


@given(UGLY, st.sampled_from(UNITS))
def test_every_offset_survives_the_way_to_a_position_and_back(text: str, unit: Unit) -> None:
    document = Document(text=text)
    for offset in range(len(text) + 1):
        inside = text[offset - 1 : offset + 1] == "\r\n"
        back = offset_at(document, *position_at(document, offset, unit), unit)
        assert back == (offset - 1 if inside else offset)


def test_positions_outside_are_moved_to_the_nearest_inside() -> None:
    document = Document(text="ab\r\ncd")
    assert offset_at(document, 0, 99) == 2
    assert offset_at(document, 9, 0) == 6
    assert offset_at(document, -1, 5) == 0


def test_a_bom_shifts_the_first_line_only() -> None:
    document = document_from_bytes("\ufeffé = f(1)\nx = 2\n".encode())
    call = document.tree.body[0]
    assert isinstance(call, ast.Assign)
    start = document.offset_of_node(call.value.lineno, call.value.col_offset)
    assert document.text[start:].startswith("f(1)")
    assert document.text[document.offset_of_node(2, 0) :].startswith("x = 2")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x = '\xff'\n", "a.py is not utf-8: byte 0xff near line 1"),
        (b"# coding: klingon\n", "unknown encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem"),
    ],
)
def test_bytes_that_are_no_text_are_named(data: bytes, message: str) -> None:
    with pytest.raises(SourceEncodingError, match=message):
        document_from_bytes(data, "a.py")


def test_a_character_that_the_encoding_lacks_is_named() -> None:
    document = document_from_bytes(b"# coding: latin-1\n")
    with pytest.raises(SourceEncodingError, match="iso-8859-1, which has no '→'"):
        document.to_bytes("→")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ndef f(:\n    pass\n", 2),
        ("x = 1\ny = '\0'\n", 2),
        ("\ufeffdef f():\r\nreturn 1\r\n", 2),
        ("(" * 500, 1),
    ],
)
def test_a_syntax_error_says_where(text: str, line: int) -> None:
    with pytest.raises(
        SourceSyntaxError, match=rf"^a\.py:{line}:\d+: .*; mend it first$"
    ) as caught:
        _ = Document(text=text, path="a.py").tree
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    ["-" * 90_000 + "1", "(" * 90_000, "a" + ".b" * 40_000, "\0", "x = 1 +", "\ud800", "[" * 5000],
)
def test_hostile_text_does_not_parse_and_does_not_raise(text: str) -> None:
    tree = parse(text)
    assert tree is None or isinstance(tree, ast.Module)


def deep(n: int) -> tuple[str, ...]:
    """Expressions that the parser takes and whose trees are `n` levels deep."""
    return ("+".join(["a"] * n), "not " * n + "a", "a" + ".b" * n, "f" + "()" * n)


@pytest.mark.parametrize("text", deep(2 * DEEPEST))
def test_a_tree_too_deep_to_be_written_back_is_refused_everywhere(text: str) -> None:
    assert parse(f"x = 1\nx = {text}\n") is None
    assert parse_expression(text) is None
    assert literal_of(text) is None
    assert first_bad_line(f"x = 1\nx = {text}\n") == 2
    with pytest.raises(SourceSyntaxError, match=r"^a\.py:2:1: it is nested too deeply: "):
        _ = Document(text=f"x = 1\nx = {text}\n", path="a.py").tree


@pytest.mark.parametrize("text", deep(DEEPEST - 20))
def test_a_tree_that_comes_back_can_be_written_back(text: str) -> None:
    tree = parse(text)
    assert tree is not None
    assert ast.unparse(tree)
    assert ast.dump(tree)


@pytest.mark.parametrize("text", ["0\0", "(" * 9000, "-" * 90_000 + "1", "{[]}", "f()", "1 +", ""])
def test_what_is_no_literal_is_none_and_raises_nothing(text: str) -> None:
    assert literal_of(text) is None


def test_a_literal_none_is_told_from_no_literal() -> None:
    assert literal_of(" None") == Literal(None)
    assert literal_of("[1, (2, {'a': -1j})]") == Literal([1, (2, {"a": -1j})])


def test_arguments_are_read_where_all_are_literals() -> None:
    def read(text: str) -> object:
        call = parse_expression(text)
        assert isinstance(call, ast.Call)
        return literal_arguments(call)

    assert read("f(1, None, k='x')") == ((1, None), {"k": "x"})
    assert read("f(1, n)") is read("f(*[1])") is read("f(**{})") is read("f({[]: 1})") is None


@pytest.mark.parametrize("text", ["nonlocal x", "def f():\n    global a\n    a: int = 1", "\0"])
def test_what_the_compiler_refuses_has_no_scopes(text: str) -> None:
    assert scopes_of(text) is None


def test_an_invalid_escape_parses_without_a_warning() -> None:
    assert parse(r"x = '\d'") is not None

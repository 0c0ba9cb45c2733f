"""Functions are found by name and by cursor, with the exact range of every part."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pipeline.source.locate import (
    FunctionNotFound,
    FunctionSite,
    find_function,
    function_at,
    functions,
    numbered_functions,
)
from pipeline.syntax.text import Document

UGLY = (
    '\ufeff"""Module \U0001f600."""\r\n'
    "import typing\r\n"
    "\f\r\n"
    "@typing.overload\r\n"
    "def pick(x: int) -> int: ...\r\n"
    "@typing.overload\r\n"
    "def pick(x: str) -> str: ...\r\n"
    "# about pick\r\n"
    "@(  # odd\r\n"
    "  deco\r\n"
    ")\r\n"
    "# between\r\n"
    "@deco2(a={1: 2})\r\n"
    "def pick(x: 'a:b' = {1: (lambda: 2)}, *, y=[0][0:1]) -> lambda: 3: # why\r\n"
    '\t"""Doc \U0001f600.\r\n'
    "\r\n"
    "\t>>> pick(1)\r\n"
    '\t"""  # end of doc\r\n'
    "\tz = '\U0001f600'; return z; # tail\r\n"
    "\t# in the function\r\n"
    "# after it\r\n"
    "class Outer:\r\n"
    "  size = 1\r\n"
    "  class Inner:\r\n"
    "    async def run(self): return 1\r\n"
    "  @property\r\n"
    "  def value(self): return self._v\r\n"
    "  @value.setter\r\n"
    "  def value(self, v): self._v = v\r\n"
    "  def outer(self):\r\n"
    "    def inner(k): return k\r\n"
    "    return inner\r\n"
    "if typing.TYPE_CHECKING:\r\n"
    "    def late(): ...\r\n"
    "else:\r\n"
    "    def late(): return 1\r\n"
    "if typing.TYPE_CHECKING:\r\n"
    "    def late() -> int: ...\r\n"
    "try:\r\n"
    "    def last(a, b): return a\r\n"
    "except ImportError:\r\n"
    "    def last(a, b): return b"
)


def check(name: str, text: str = UGLY) -> tuple[FunctionSite, Document]:
    document = Document(text=text, path="a.py")
    return find_function(document, name), document


def test_the_range_holds_decorators_and_comments_that_belong_to_it() -> None:
    site, document = check("pick")
    text = document.text[site.start : site.end]
    assert text.startswith("@(  # odd\r\n")
    assert text.endswith("# tail\r\n\t# in the function")
    assert document.text[site.def_start :].startswith("def pick(x: 'a:b'")


def test_the_header_ends_at_its_own_colon() -> None:
    site, document = check("pick")
    assert document.text[site.def_start : site.header_end].endswith("-> lambda: 3:")


def test_docstring_and_body_are_exact_behind_astral_characters() -> None:
    site, document = check("pick")
    assert document.text[site.docstring_start : site.docstring_end].endswith('pick(1)\r\n\t"""')
    assert document.text[site.body_start : site.body_end] == "z = '\U0001f600'; return z"
    assert site.docstring is not None
    assert ">>> pick(1)" in site.docstring


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Outer.Inner.run", "async def run(self): return 1"),
        ("Outer.value", "@property\r\n  def value(self): return self._v"),
        ("Outer.value.setter", "@value.setter\r\n  def value(self, v): self._v = v"),
        ("Outer.outer.inner", "def inner(k): return k"),
        ("late", "def late(): return 1"),
        ("last", "def last(a, b): return b"),
    ],
)
def test_the_definition_that_counts_is_chosen(name: str, text: str) -> None:
    site, document = check(name)
    assert document.text[site.start : site.end] == text


def test_a_unique_tail_is_enough() -> None:
    assert check("run")[0].name == "Outer.Inner.run"


@pytest.mark.parametrize(
    ("name", "near"),
    [("pik", "pick"), ("Outer.Iner.run", "Outer.Inner.run"), ("innner", "Outer.outer.inner")],
)
def test_an_unknown_name_gets_near_ones(name: str, near: str) -> None:
    with pytest.raises(FunctionNotFound, match=f"did you mean .*{near}") as caught:
        check(name)
    assert near in caught.value.near


def test_a_file_without_functions_says_so() -> None:
    with pytest.raises(FunctionNotFound, match="no function at all"):
        check("f", "x = 1\n")


def test_the_cursor_finds_the_innermost_function_on_each_of_its_lines() -> None:
    document = Document(text=UGLY)
    seen = {}
    for line in range(len(document.line_starts)):
        try:
            seen[line] = function_at(document, line, 0).name
        except FunctionNotFound:
            seen[line] = "-"
    lines = UGLY.split("\r\n")
    assert seen[lines.index("@(  # odd")] == "pick"
    assert seen[lines.index("\t# in the function")] == "pick"
    assert seen[lines.index("# about pick")] == "-"
    assert seen[lines.index("# after it")] == "-"
    assert seen[lines.index("    def inner(k): return k")] == "Outer.outer.inner"
    assert seen[lines.index("    return inner")] == "Outer.outer"


@pytest.mark.parametrize(
    ("body", "is_stub"),
    [
        ("...", True),
        ("pass", True),
        ('"""Only a docstring."""', True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('later')", True),
        ('"""Doc."""\n    ...', True),
        ("raise ValueError", False),
        ("return None", False),
        ("'a string' 'and more'; return 1", False),
        ("return ...", False),
    ],
)
def test_stubs_are_told_from_bodies(body: str, is_stub: bool) -> None:
    assert check("f", f"def f():\n    {body}\n")[0].is_stub is is_stub


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_endings_do_not_move_ranges(newline: str) -> None:
    text = 'x = 1\n\n\ndef f(a):\n    """D."""\n    return a\n\n\ny = 2\n'.replace("\n", newline)
    site, document = check("f", text)
    assert document.text[site.start : site.end].endswith("return a")
    assert document.text[site.body_start : site.body_end] == "return a"


def test_a_form_feed_before_def_is_no_indentation() -> None:
    site, document = check("f", "x = 1\n\fdef f(a):\n\treturn a\n")
    assert site.indent == ""
    assert document.text[site.start : site.end] == "def f(a):\n\treturn a"


def test_the_hash_follows_the_text_and_only_the_text() -> None:
    first, _ = check("f", "def f():\n    return 1\n")
    moved, _ = check("f", "x = 1\n\ndef f():\n    return 1\n")
    other, _ = check("f", "def f():\n    return 2\n")
    assert first.source_hash == moved.source_hash != other.source_hash


def test_a_thousand_branches_do_not_overflow() -> None:
    text = "if x: pass\n" + "elif x: pass\n" * 900 + "def f(): pass\n"
    assert [site.name for site in functions(Document(text=text))] == ["f"]


def test_parameters_keep_their_stars() -> None:
    site, _ = check("f", "def f(a, /, b, *c, d=1, **e): pass\n")
    assert site.params == ("a", "b", "*c", "d", "**e")


def test_match_statements_and_loops_are_searched() -> None:
    text = textwrap.dedent(
        """
        match x:
            case 1:
                def a(): return 1
        for _ in y:
            with z:
                def b(): return 2
        """
    )
    assert [site.name for site in functions(Document(text=text))] == ["a", "b"]


def test_those_that_touch_a_line_are_those_of_all() -> None:
    text = textwrap.dedent(
        """\
        @one
        @two(
            3)
        def f():
            def inner():
                pass
                # of inner
            # of f
        # of nobody

        class C:
            @property
            def x(self): return 1  # and this
            # of nobody
                # of x? no

            async def f(self):
                if 1:
                    pass


        def f(): pass
        """
    )
    for source in (text, Path(textwrap.__file__).read_text(encoding="utf-8")):
        document = Document(text=source)
        sites = numbered_functions(document)
        for line in range(source.count("\n") + 1):
            near = [
                one for one in sites if one.first_line <= line and document.line_of(one.end) >= line
            ]
            assert list(numbered_functions(document, touching=range(line, line + 1))) == near, line

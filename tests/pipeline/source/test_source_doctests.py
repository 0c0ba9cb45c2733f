"""Doctests become tests with the lines of the file, and say nothing that doctest would not."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from pipeline.core.calls import VisibleTest, read_call, split_calls
from pipeline.source.doctests import (
    DoctestMalformed,
    doctests_of,
    doctests_of_file,
)
from pipeline.source.from_file import visible_tests
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document
from sandbox.api import Call, Doctest, DoctestWants, Policy, Raises, Returns

MODULE = r'''"""Module.

>>> double(4)
8
"""

def keep(xs, n):
    """Keep multiples.

    >>> keep([1, 2, 3, 4], 2)  # some
    [2, 4]
    >>> keep([1],
    ...      0)
    Traceback (most recent call last):
        ...
    ZeroDivisionError: integer modulo by zero
    >>> keep([1.00], 1)  # doctest: +ELLIPSIS
    [1...]
    >>> keep([], 1)  # doctest: +SKIP
    nothing
    >>> xs = keep([], 3)
    >>> xs
    []
    """

def double(x):
    """No examples here."""

class Stack:
    """A stack.

    >>> s = Stack()
    >>> s.push(1)
    """
    def push(self, x):
        """Push."""
    def pop(self):
        """Pop."""
    def __len__(self):
        """Length."""

def outer(x):
    """
    >>> outer(1)
    2
    """
    def inner(y):
        """
        >>> inner(1)
        """
    return inner(x)

def silent():
    """
    >>> import os
    >>> 1 + 1
    2
    """

__test__ = {"more": """
>>> double(2)
4
"""}
'''


def check(name: str, text: str = MODULE, *, strict: bool = False) -> tuple[VisibleTest, ...]:
    document = Document(text=text, path="a.py")
    return doctests_of(document, find_function(document, name), strict=strict)


def parts(test: VisibleTest) -> tuple[Doctest, DoctestWants]:
    assert isinstance(test.test.form, Doctest)
    assert isinstance(test.test.expect, DoctestWants)
    return test.test.form, test.test.expect


def test_one_docstring_is_one_test_with_file_lines() -> None:
    (test,) = check("keep")
    form, expect = parts(test)
    lines = MODULE.split("\n")
    for example in form.examples:
        assert example.source.split("\n")[0] in lines[example.lineno - 1]
    assert expect.wants[0] == "[2, 4]\n"
    assert expect.wants[1].endswith("ZeroDivisionError: integer modulo by zero\n")
    assert expect.wants[3:] == ("", "[]\n")


def test_options_are_kept_and_skipped_examples_left_out() -> None:
    form, expect = parts(check("keep")[0])
    assert expect.options == (0, 0, doctest.ELLIPSIS, 0, 0)
    assert not any("SKIP" in example.source for example in form.examples)


def test_the_text_is_what_the_user_wrote() -> None:
    assert check("keep")[0].text.startswith(">>> keep([1, 2, 3, 4], 2)  # some\n[2, 4]\n>>> keep")
    assert "...      0)" in check("keep")[0].text


def test_class_and_module_docstrings_and_dunder_test_speak_for_functions_without_examples() -> None:
    assert [t.origin for t in check("double")] == ["module doctest line 3", "__test__ line 61"]
    assert [t.origin for t in check("Stack.push")] == ["class doctest line 32"]
    assert check("Stack.pop") == ()
    assert len(check("Stack.__len__")) == 1


def test_an_inner_function_is_tested_through_the_one_around_it() -> None:
    (test,) = check("outer.inner")
    assert test.text == ">>> outer(1)\n2"


def test_examples_that_do_not_use_the_function_prove_nothing() -> None:
    assert check("silent") == ()


@pytest.mark.parametrize(
    ("example", "value"),
    [
        (">>> f(1) == 2", 2),
        (">>> f(1) => 2", 2),
        ('>>> f(1)\n    "a"', "a"),
        (">>> f(1)\n    [1,2]", [1, 2]),
    ],
)
def test_what_no_function_can_pass_by_the_letter_is_read_as_meant(
    example: str, value: object
) -> None:
    text = f'def f(x):\n    """\n    {example}\n    """\n'
    (test,) = check("f", text)
    assert test.test.form == Call(entry="f", args=(1,))
    assert isinstance(test.test.expect, Returns)
    assert test.test.expect.value == value
    assert test.origin.endswith("line 3")
    assert isinstance(check("f", text, strict=True)[0].test.form, Doctest)


def test_what_depends_on_a_name_stays_a_doctest() -> None:
    text = 'def f(x):\n    """\n    >>> y = 3\n    >>> f(1) == 2\n    """\n'
    (test,) = check("f", text)
    assert len(parts(test)[0].examples) == 2


def test_a_forgotten_r_before_the_docstring_is_understood() -> None:
    text = 'def f(x):\n    """\n    >>> f("a\\nb")\n    2\n    """\n'
    (test,) = check("f", text)
    assert parts(test)[0].examples[0].source == 'f("a\\nb")\n'
    assert parts(test)[0].examples[0].lineno == 3


def test_escapes_in_a_docstring_do_not_shift_lines() -> None:
    text = 'def f(x):\n    """One\\\n two\\n three.\n\n    >>> f(1)\n    1\n    """\n'
    (test,) = check("f", text)
    assert parts(test)[0].examples[0].lineno == 5


def test_a_docstring_that_doctest_cannot_read_is_named_with_its_line() -> None:
    text = 'def f(x):\n    """\n    >>>f(1)\n    1\n    """\n'
    with pytest.raises(DoctestMalformed, match=r"a\.py: the doctest that starts at line 2"):
        check("f", text)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_endings_change_no_test(newline: str) -> None:
    assert check("keep", MODULE.replace("\n", newline)) == check("keep")


def test_a_doctest_file_counts_when_it_mentions_the_function(tmp_path: Path) -> None:
    file = tmp_path / "test_keep.md"
    file.write_text("# Keep\n\n    >>> keep([2], 2)\n    [2]\n", encoding="utf-8")
    document = Document(text=MODULE)
    (test,) = doctests_of_file(file, find_function(document, "keep"))
    assert test.origin == "doctest:test_keep.md line 3"
    assert doctests_of_file(file, find_function(document, "double")) == ()


DOCUMENT = """\
# A package

```python
>>> from somewhere import keep
>>> 1 + 1
3
```

Later:

```python
>>> data = [1, 2]
>>> keep(data, 2)
[2]
```

With what stands above:

>>> keep(data, 1)
[9]

And of another function:

>>> double(4)
9
"""


def test_of_a_document_the_blocks_count_that_can_stand_alone(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(DOCUMENT, encoding="utf-8")
    (test,) = doctests_of_file(file, find_function(Document(text=MODULE), "keep"))
    form = test.test.form
    assert isinstance(form, Doctest)
    assert [one.source.strip() for one in form.examples] == [
        "from somewhere import keep",
        "data = [1, 2]",
        "keep(data, 2)",
    ]
    assert [one.lineno for one in form.examples] == [4, 12, 13]


def test_documents_count_where_the_function_has_no_examples(tmp_path: Path) -> None:
    file, torn = tmp_path / "README.md", tmp_path / "torn.md"
    file.write_text(">>> f(1)\n2\n", encoding="utf-8")
    torn.write_text("f\n>>>f(1)\n  ...\n", encoding="utf-8")
    files = (torn, tmp_path / "gone.md", file)
    for text, n in (
        ("def f(x):\n    ...\n", 1),
        ('def f(x):\n    """\n    >>> f(3)\n    4\n    """\n', 0),
    ):
        document = Document(text=text)
        found = visible_tests(document, find_function(document, "f"), doctest_files=files)
        assert sum("README" in one.origin for one in found) == n
        assert len(found) == 1


@pytest.mark.parametrize(
    ("body", "want", "n"),
    [("", "{'b': 1, 'a': 2}", 1), ("", "{2, 1}", 1), ("", "[1]", 0), ("    return x\n", "{1}", 0)],
)
def test_what_is_skipped_for_its_order_counts_for_a_stub(body: str, want: str, n: int) -> None:
    text = f'def f(x):\n    """\n    >>> f(1)  # doctest: +SKIP\n    {want}\n    """\n{body}'
    document = Document(text=text)
    found = visible_tests(document, find_function(document, "f"))
    assert len(found) == n
    assert all(one.origin.startswith("skipped doctest") for one in found)


def test_calls_are_split_off_until_a_name_is_bound() -> None:
    (whole,) = check("keep")
    calls = split_calls("keep", whole)
    assert [c.test.form for c in calls] == [
        Call(entry="keep", args=([1, 2, 3, 4], 2)),
        Call(entry="keep", args=([1], 0)),
    ]
    assert calls[0].test.expect == Returns(value=[2, 4], policy=Policy.EXACT)
    assert calls[1].test.expect == Raises(type="ZeroDivisionError")
    assert len({c.test.test_id for c in calls}) == 2


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("f(1, k='a')", Call(entry="f", args=(1,), kwargs={"k": "a"})),
        ("f(-1)", Call(entry="f", args=(-1,))),
        ("f(x)", None),
        ("f(*[1])", None),
        ("f(**{'a': 1})", None),
        ("g(1)", None),
        ("f(1) + 1", None),
        ("f(", None),
    ],
)
def test_only_calls_with_literals_are_read(source: str, call: Call | None) -> None:
    assert read_call(source, "f") == call


def test_a_method_call_is_read_through_a_fresh_instance() -> None:
    assert read_call("Stack().push(1)", "Stack.push") == Call(entry="Stack.push", args=(1,))
    assert read_call("Stack(3).push(1)", "Stack.push") is None

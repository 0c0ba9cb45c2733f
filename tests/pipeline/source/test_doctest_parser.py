"""Examples are read as the runner that they were written for reads them."""

from __future__ import annotations

import doctest

import pytest

from pipeline.core.task import Loading
from pipeline.source.doctest_parser import read_examples
from pipeline.source.doctests import doctests_of
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document
from sandbox.api import Doctest, DoctestWants
from sandbox.checker import flag_of, flags_of


def check(text: str) -> list[tuple[str, str]]:
    """Source and expected output of each example."""
    return [(one.source, one.want) for one in read_examples(text).examples]


@pytest.mark.parametrize(
    "flag", ["NUMBER", "ALLOW_UNICODE", "ALLOW_BYTES", "FLOAT_CMP", "ELLIPSIS"]
)
def test_known_flags_are_kept(flag: str) -> None:
    (one,) = read_examples(f">>> 1 / 3  # doctest: +{flag}\n0.33\n").examples
    assert one.options == {flag_of(flag): True}


def test_unknown_flags_are_named_and_refuse_nothing() -> None:
    read = read_examples(">>> f()  # doctest: +MAGIC, -ELLIPSIS, +OTHER(x)\n1\n")
    assert read.unknown == ("MAGIC", "OTHER")
    assert read.examples[0].options == {doctest.ELLIPSIS: False}


@pytest.mark.parametrize(
    "directive", ["doctest: +REMOTE_DATA", "xdoctest: +REQUIRES(--gpu)", "xdoctest: +SKIP"]
)
def test_what_needs_to_be_asked_for_is_skipped(directive: str) -> None:
    (one,) = read_examples(f">>> f()  # {directive}\n1\n").examples
    assert one.options == {doctest.SKIP: True}


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_a_closing_fence_ends_the_output(fence: str) -> None:
    text = f"{fence}python\n>>> f(1)\n'A'\n{fence}\n\n{fence}\n>>> f(2)\n1\n2\n{fence}\n"
    assert check(text) == [("f(1)\n", "'A'\n"), ("f(2)\n", "1\n2\n")]


def test_a_fence_that_nothing_opened_is_output() -> None:
    assert check(">>> print('```')\n```\n") == [("print('```')\n", "```\n")]


def test_prompts_before_each_line_of_a_statement_make_one_example() -> None:
    text = (
        ">>> rows = [\n>>>     [1],\n>>> ]\n>>> for r in rows:\n>>>     print(r)\n[1]\n>>> 2\n2\n"
    )
    assert check(text) == [
        ("rows = [\n    [1],\n]\n", ""),
        ("for r in rows:\n    print(r)\n", "[1]\n"),
        ("2\n", "2\n"),
    ]


def test_an_example_that_no_line_can_mend_stays_as_it_is() -> None:
    assert check(">>> f(]\n>>> 2\n2\n") == [("f(]\n", ""), ("2\n", "2\n")]


def options(text: str, loading: Loading) -> tuple[int, ...]:
    document = Document(text=text)
    (test,) = doctests_of(document, find_function(document, "f"), loading=loading)
    assert isinstance(test.test.expect, DoctestWants)
    return test.test.expect.options


def test_flags_of_the_project_hold_and_an_example_can_switch_them_off() -> None:
    text = (
        'def f():\n    """\n    >>> f()\n    1\n    >>> f()  # doctest: -ELLIPSIS, +NUMBER\n'
        '    2\n    """\n'
    )
    loading = Loading(options=flags_of("ELLIPSIS", "NORMALIZE_WHITESPACE"))
    assert options(text, loading) == (
        doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        doctest.NORMALIZE_WHITESPACE | flags_of("NUMBER"),
    )


def test_a_project_that_skips_everything_has_no_test() -> None:
    document = Document(text='def f():\n    """\n    >>> f()\n    1\n    """\n')
    loading = Loading(options=doctest.SKIP)
    assert doctests_of(document, find_function(document, "f"), loading=loading) == ()


def test_an_assigned_docstring_is_the_functions_own() -> None:
    text = 'def f(): return 1\n\nf.__doc__ = """\n>>> f()\n1\n"""\n'
    document = Document(text=text)
    (test,) = doctests_of(document, find_function(document, "f"), strict=True)
    assert isinstance(test.test.form, Doctest)
    assert test.test.form.examples[0].lineno == 4


def test_a_registered_function_is_tested_through_what_it_is_registered_with() -> None:
    text = (
        'def tag(x): ...\n@tag.register\ndef _(x: int):\n    """\n    >>> tag(3)\n    1\n    """\n'
    )
    document = Document(text=text)
    assert len(doctests_of(document, find_function(document, "_"))) == 1

"""Values that are no literals, as a test file spells them."""

from __future__ import annotations

import ast

import pytest

from pipeline.testgen.spelling import Namespace, Spelled, elsewhere

MODULE = (
    "from collections import namedtuple\nfrom pkg.errors import Bad\n"
    "Point = namedtuple('Point', 'x y')\nclass Cart:\n    pass\n"
)


def check(tests: str = "") -> Namespace:
    return Namespace.of("pkg.mod", ast.parse(MODULE), ast.parse(tests))


DATE = "datetime.date(2016, 2, 14)"


@pytest.mark.parametrize(
    ("tests", "text", "lines"),
    [
        ("", DATE, ("import datetime",)),
        ("import datetime", DATE, ()),
        ("import datetime as dt", "dt.date(2016, 2, 14)", ()),
        ("from datetime import date", "date(2016, 2, 14)", ()),
        ("from datetime import datetime", "date(2016, 2, 14)", ("from datetime import date",)),
        ("datetime = 1\ndef date(): pass", None, ()),
    ],
)
def test_a_class_goes_by_the_name_that_the_file_has_for_it(
    tests: str, text: str | None, lines: tuple[str, ...]
):
    wanted = Spelled(text=text, lines=lines) if text else None
    found = check(tests).value(DATE)
    if found and wanted and not lines:
        assert found.text == wanted.text
        assert set(found.lines) <= {"import datetime"}
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("Decimal('0.5')", ("from decimal import Decimal",)),
        ("[Fraction(1, 2), {'a': deque([1], maxlen=2)}]", None),
        ("Point(x=1, y=-2)", ("from pkg.mod import Point",)),
        ("-inf", ("from math import inf",)),
        ("range(0, 3)", ()),
        ("frozenset({1})", ()),
    ],
)
def test_what_is_known_or_of_the_module_can_be_written(value: str, lines: tuple[str, ...] | None):
    found = check().value(value)
    assert found is not None
    assert found.text == value
    assert lines is None or found.lines == lines


@pytest.mark.parametrize(
    "value", ["<object at 0x7f>", "Other(1)", "nan", "open('x')", "lambda: 1", "Point(x=f())"]
)
def test_what_is_neither_cannot(value: str):
    assert check().value(value) is None


def test_an_exception_is_pythons_own_or_the_modules():
    assert check().exception("ValueError") == Spelled(text="ValueError")
    assert check("class ValueError: pass").exception("ValueError") is None
    wanted = Spelled(text="Bad", lines=("from pkg.mod import Bad",))
    assert check().exception("Bad") == wanted
    assert check("import pkg.mod as m").exception("Bad") == Spelled(text="m.Bad")
    assert check().exception("Worse") is None


def test_elsewhere_a_value_binds_no_name():
    text = elsewhere("[datetime.date(2016, 2, 14), Decimal('1'), Point(x=1)]", frozenset({"Point"}))
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    assert names == {"__import__", "Point"}

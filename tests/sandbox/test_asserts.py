# ruff: noqa: E501 - a program in one line reads better than in five
"""Asserts become calls and expectations where that is exact, and test code where it is not."""

from __future__ import annotations

import math

import pytest

from sandbox.api import (
    Call,
    Completes,
    Expression,
    Policy,
    Raises,
    Returns,
    TestCode,
)
from sandbox.asserts import split_assert, split_tests

EXACT = Policy.EXACT


@pytest.mark.parametrize(
    ("source", "form", "expect"),
    [
        (
            "assert f(1, k=[2]) == (3,)",
            Call(entry="f", args=(1,), kwargs={"k": [2]}),
            Returns(value=(3,)),
        ),
        ("assert 5 == candidate(-1)", Call(entry="f", args=(-1,)), Returns(value=5)),
        ("assert f(1) == 2, 'why'", Call(entry="f", args=(1,)), Returns(value=2)),
        ("assert f({1}) == set()", Call(entry="f", args=({1},)), Returns(value=set())),
        ("assert f() == float('inf')", Call(entry="f"), Returns(value=math.inf)),
        ("assert f() == -math.inf", Call(entry="f"), Returns(value=-math.inf)),
        ("assert f() is None", Call(entry="f"), Returns(value=None, policy=EXACT)),
        ("assert f(1) is True", Call(entry="f", args=(1,)), Returns(value=True, policy=EXACT)),
        ("assert f(1)", Expression(source="bool(f(1))"), Returns(value=True, policy=EXACT)),
        ("assert not f(1)", Expression(source="bool(f(1))"), Returns(value=False, policy=EXACT)),
        (
            "assert sorted(candidate([2])) == [2]",
            Expression(source="sorted(f([2]))"),
            Returns(value=[2]),
        ),
        ("assert f(range(3)) == 3", Expression(source="f(range(3))"), Returns(value=3)),
        (
            "with pytest.raises(ValueError):\n    f(-1)",
            Call(entry="f", args=(-1,)),
            Raises(type="ValueError"),
        ),
    ],
)
def test_an_assert_with_a_literal_keeps_it_on_the_host(source, form, expect):
    test = split_assert(source, "f")
    assert test is not None
    assert (test.form, test.expect) == (form, expect)


@pytest.mark.parametrize(
    "source",
    [
        *("assert f(1) == f(2)", "assert f(1) != 2", "assert abs(f(1) - 0.5) < 1e-9"),
        *("assert f(1) == x", "assert f(1) in (1, 2)", "assert f(y) == 1", "assert f(1) and f(2)"),
        *("assert isinstance(f(1), int)", "assert f(1) == 1 == f(2)", "assert f(1) > 3"),
    ],
)
def test_what_is_not_exact_stays_test_code(source):
    test = split_assert(source, "f")
    assert test is not None
    assert (test.form, test.expect) == (TestCode(source=source, entry="f"), Completes())


@pytest.mark.parametrize(
    "source", ["", "assert", "x = f(1)", "assert g(1) == 2", "assert f(1) == 2; x"]
)
def test_what_is_no_assert_about_the_entry_is_none(source):
    assert split_assert(source, "f") is None


def test_a_method_is_called_on_a_fresh_instance():
    test = split_assert("assert Solution().two_sum([1], 2) == [0]", "Solution.two_sum")
    assert test is not None
    assert test.form == Call(entry="Solution.two_sum", args=([1], 2))


def test_a_check_function_of_asserts_becomes_one_test_each():
    source = (
        "METADATA = {'author': 'x'}\n"
        "def check(candidate):\n    'doc'\n    assert candidate(1) == 2\n    assert candidate(2) == 3\n"
    )
    tests = split_tests(source, "f")
    assert [test.form for test in tests] == [Call(entry="f", args=(1,)), Call(entry="f", args=(2,))]


def test_a_check_function_with_a_loop_stays_whole():
    source = "def check(candidate):\n    for i in range(3):\n        assert candidate(i) == i\n"
    (test,) = split_tests(source, "f")
    assert test.form == TestCode(source=source, entry="f", check="check")


@pytest.mark.parametrize("source", ["def (", "assert " + "(" * 500, "x" * 10 + "\0"])
def test_text_that_does_not_parse_gives_no_tests(source):
    assert split_tests(source, "f") == ()

"""Calls are kept that keep what all visible calls have in common; all where few would be left."""

from __future__ import annotations

import pytest

from pipeline.core.calls import VisibleTest
from pipeline.core.task import Task
from pipeline.testgen.plausible import fitting
from sandbox.api import Call, Returns, Test


def check(
    shown: list[tuple[object, ...]],
    good: list[tuple[object, ...]],
    bad: list[tuple[object, ...]],
    statement: str = "def f(x): ...",
) -> None:
    """Of calls with these arguments the good ones stay, and those only."""
    tests = [
        Test(test_id=str(n), form=Call(entry="f", args=args), expect=Returns(value=1))
        for n, args in enumerate(shown)
    ]
    visible = tuple(VisibleTest(test=test, text="", origin="") for test in tests)
    task = Task(task_id="f", kind="function", statement=statement, entry_point="f", visible=visible)
    calls = [Call(entry="f", args=args) for args in (*good, *bad)]
    assert [call.args for call in fitting(task, calls)] == good


NUMBERS = [(n,) for n in range(9)]
POSITIVE = "def f(x):\n    '''Of a positive number.'''"


@pytest.mark.parametrize(
    ("shown", "good", "bad"),
    [
        ([("()",)], [("()" * n,) for n in range(9)], [("(",), (")(",), ("(]",)]),
        ([("0110100",)], [("01" * n,) for n in range(9)], [("ab",), (3,)]),
        ([([1, 2, n],) for n in (3, 4, 5)], [([n, n, 9],) for n in range(9)], [([3, 2, 1],)]),
        ([([1], [2]), ("ab", "cd")], [([n], [n]) for n in range(9)], [([1], []), (1, 2)]),
    ],
    ids=["brackets", "alphabet", "order", "same length"],
)
def test_what_the_examples_have_in_common_is_kept(shown, good, bad):
    check(shown, good, bad)


def test_a_statement_that_says_positive_means_it():
    check([(3,)], NUMBERS, [(-1,), ([-2],)], POSITIVE)
    check([(-3,)], [*NUMBERS, (-1,)], [], POSITIVE)
    check([(3,)], [*NUMBERS, (-1,)], [])


@pytest.mark.parametrize(
    "shown", [[("a word",)], [([1, 2, 3],)], [("x",), (2,)], [([1, 2], [3, 4])], []]
)
def test_little_in_common_excludes_nothing(shown):
    check(shown, [(n, "b") for n in range(9)], [])


def test_where_few_would_be_left_all_are():
    check([("()",)], [("(",), ("()",), (")",)], [])


def test_odd_values_break_no_rule():
    check([("()",)], [("()",), *((n,) for n in range(9)), (["a", "b", "c"],)], [("([)]",)])

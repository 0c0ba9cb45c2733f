"""Plain faults of an answer are put right without a model."""

from __future__ import annotations

import pytest

from pipeline.core.task import Task
from pipeline.edits.fixer import fixes, is_one_off

HEAD = "def total(numbers):\n"


def check(body: str, *expected: str, before: str = "") -> None:
    """Each expected body is what one of the fixes makes of `body`."""
    task = Task(task_id="t", kind="function", statement=HEAD, entry_point="total", before=before)
    assert [code for code, _ in fixes(task, HEAD + body)] == [HEAD + one for one in expected]


def test_a_result_that_is_not_returned_is_returned():
    check(
        "    result = 0\n    for n in numbers:\n        result += n\n",
        "    result = 0\n    for n in numbers:\n        result += n\n    return result\n",
    )
    check("    sum(numbers)\n", "    return sum(numbers)\n")


def test_a_function_that_returns_is_left_alone():
    check("    if numbers:\n        return 1\n    x = 2\n")
    check("    yield 1\n    x = 2\n")


@pytest.mark.parametrize(
    ("body", "fixed"),
    [
        ("    return sum(number)\n", "    return sum(numbers)\n"),
        ("    return smu(numbers)\n", "    return sum(numbers)\n"),
        ("    first = 1\n    return frst\n", "    first = 1\n    return first\n"),
        ("    return convrt(numbers)\n", "    return convert(numbers)\n"),
    ],
)
def test_a_name_that_is_one_letter_off_is_put_right(body: str, fixed: str):
    check(body, fixed, before="def convert(xs):\n    return xs\n\n\n")


def test_a_name_that_is_like_two_others_is_left_alone():
    check("    names = 1\n    games = 2\n    return cames\n")


def test_one_letter_is_all():
    assert all(is_one_off("count", other) for other in ("cont", "counts", "cuont", "counx"))
    assert not any(is_one_off("count", other) for other in ("count", "coutns", "cnt", "tnuoc"))

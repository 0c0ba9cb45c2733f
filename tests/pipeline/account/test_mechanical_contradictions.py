"""Doctests that no function can satisfy together are named with their lines."""

from __future__ import annotations

import pytest

from pipeline.account.contradictions import contradictions
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes


def check(*examples: str, head: str = "def f(n, m=0):", body: str = "return n") -> list[str]:
    doc = "\n".join(f"    {line}" for e in examples for line in e.splitlines())
    source = f'import os\n\n\n{head}\n    """Say.\n\n{doc}\n    """\n    {body}\n'
    document = document_from_bytes(source.encode())
    task = task_from_file(document, find_function(document, "f"))
    return [str(found) for found in contradictions(task)]


def test_two_results_of_one_call_are_reported_with_their_lines() -> None:
    assert check(">>> f(2)\n4", ">>> f(3)\n6", ">>> f( 2 )\n5") == [
        "the examples in lines 7 and 11 contradict each other: `f(2)` cannot give both 4 and 5"
    ]


def test_a_value_and_an_exception_contradict() -> None:
    raises = ">>> f(1)\nTraceback (most recent call last):\nValueError: no"
    assert check(">>> f(1)\n1", raises) == [
        "the examples in lines 7 and 9 contradict each other: "
        "`f(1)` cannot give both 1 and ValueError"
    ]


@pytest.mark.parametrize(
    "examples",
    [
        (">>> f(2)\n4", ">>> f(2)\n4"),
        (">>> f(2)\n{1: 2, 3: 4}", ">>> f(2)\n{3: 4, 1: 2}"),
        (">>> f(2)\n4", ">>> f(2, m=1)\n5"),
        (">>> f(2)\n4", ">>> x = 3\n>>> f(x)\n5"),
        (">>> f(2)  # doctest: +ELLIPSIS\n[1, ...]", ">>> f(2)\n[1, 2]"),
    ],
)
def test_examples_that_can_all_hold_are_not_reported(examples: tuple[str, ...]) -> None:
    assert check(*examples) == []


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("def f(n, seen=[]):", "return n"),
        ("def f(n):", "global count; count = n; return n"),
        ("def f(n):", "f.count = n; return n"),
    ],
)
def test_a_function_that_keeps_state_may_answer_differently(head: str, body: str) -> None:
    assert check(">>> f(2)\n4", ">>> f(2)\n5", head=head, body=body) == []

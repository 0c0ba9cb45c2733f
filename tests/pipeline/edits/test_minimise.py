"""The smallest failing input: what is cut, what never is, and where values go wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.calls import VisibleTest
from pipeline.core.task import Task
from pipeline.edits.minimise import (
    Failure,
    reduce,
    size,
    smaller_forms,
    smaller_values,
    smallest_failure,
)
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Call, Form, Prints, Program, Sandbox, Test

LARGEST = '''import math


def largest(numbers, limit=None):
    """The largest number.

    >>> largest([3, 1, 2])
    3
    >>> largest([5, 9, 14, 7, 11, 8, 2])
    14
    >>> largest([4, 2])
    4
    """
'''
FIRST = "    best = numbers[0]\n    for n in numbers:\n        pass\n    return best\n"
RIGHT = (
    "    best = numbers[0]\n    for n in numbers:\n        best = max(best, n)\n    return best\n"
)
CRASHES = (
    "    best = 0\n    for n in numbers:\n        best = max(best, n) // (n - 7)\n    return best\n"
)
HANGS = "    while len(numbers) > 4:\n        pass\n    return max(numbers)\n"


def task_of(source: str, name: str = "largest") -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, name))


async def check(box: Sandbox, body: str, against: str | None = None) -> Failure:
    task = task_of(LARGEST + body)
    other = task_of(LARGEST + against).statement if against else None
    found = await smallest_failure(box, task, task.statement, against=other, budget_s=8.0)
    assert found is not None
    return found


@pytest.mark.asyncio(loop_scope="session")
async def test_the_smallest_failing_example_is_shown_with_both_values(box: Sandbox) -> None:
    found = await check(box, "    return numbers[-1]\n")
    assert found.example == "`largest([4, 2])` gave 2, expected 4"
    assert found.smaller == ""


@pytest.mark.asyncio(loop_scope="session")
async def test_a_crash_is_cut_down_to_what_makes_it(box: Sandbox) -> None:
    found = await check(box, "    numbers[6]\n    return max(numbers) // (max(numbers) - 14)\n")
    assert "IndexError" in found.example
    found = await check(box, CRASHES.replace("n - 7", "n * (n - 7) * (n - 4) * (n - 3)"))
    assert "ZeroDivisionError" in found.example
    assert found.smaller == "`largest([3])` (ZeroDivisionError)"
    assert found.where is not None
    assert found.where.source.startswith("best = max(best, n)")
    assert ("n", "3") in found.where.values


@pytest.mark.asyncio(loop_scope="session")
async def test_a_hang_is_cut_down_too(box: Sandbox) -> None:
    found = await check(box, HANGS)
    assert found.example.startswith("`largest([5, 9, 14, 7, 11, 8, 2])` more than")
    assert 5 <= found.smaller.count(",") + 1 < 7
    assert found.where is not None
    assert found.where.source in ("while len(numbers) > 4:", "pass")


@pytest.mark.asyncio(loop_scope="session")
async def test_values_are_compared_with_a_version_that_passes(box: Sandbox) -> None:
    found = await check(box, FIRST, against=RIGHT)
    assert found.is_divergence
    assert found.where is not None
    assert dict(found.where.values)["best"] == "5"
    assert "First wrong value before `for n in numbers:`" in str(found)


@pytest.mark.asyncio(loop_scope="session")
async def test_no_failure_gives_nothing(box: Sandbox) -> None:
    task = task_of(LARGEST + RIGHT)
    assert await smallest_failure(box, task, task.statement) is None


@pytest.mark.asyncio(loop_scope="session")
async def test_lines_of_standard_input_are_cut(box: Sandbox) -> None:
    code = "import sys\nfor line in sys.stdin:\n    print(1 // (int(line) - 7))\n"
    form = Program(stdin=b"1\n2\n7\n3\n4\n5\n")
    test = Test(test_id="s", form=form, expect=Prints(stdout="0"))
    task = Task(
        task_id="t",
        kind="stdio",
        statement="",
        entry_point="",
        visible=(VisibleTest(test=test, text="sample", origin="sample"),),
    )
    found = await smallest_failure(box, task, code)
    assert found is not None
    assert found.smaller == "`input '7\\n'` (ZeroDivisionError)"


values = st.recursive(
    st.integers() | st.text(max_size=6) | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@given(values)
@settings(max_examples=60, deadline=None)
def test_smaller_values_keep_the_type_and_never_lose_everything(value: object) -> None:
    for new in smaller_values(value):
        assert type(new) is type(value)
        assert new != value
        if isinstance(value, str | list | dict):
            assert len(new) > 0  # type: ignore[arg-type]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_reduced_form_fails_and_no_single_cut_of_it_does() -> None:
    def bad(form: Form) -> bool:
        assert isinstance(form, Call)
        numbers = form.args[0]
        assert isinstance(numbers, list)
        return sum(n > 9 for n in numbers) >= 2

    async def fails(forms: object) -> list[bool]:
        assert isinstance(forms, list | tuple)
        return [bad(form) for form in forms]

    made = await reduce(Call(entry="f", args=([3, 40, 1, 2, 77, 5, 13, 99],)), fails)
    assert bad(made)
    assert made == Call(entry="f", args=([10, 10],))
    assert not any(bad(form) for form in smaller_forms(made))
    assert size(made) == len("([10, 10],){}")

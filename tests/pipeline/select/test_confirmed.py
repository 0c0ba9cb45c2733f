"""An independent answer of the model confirms a small edit; another small edit does not."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Origin, Solution, Status, Task
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL_WANT_ONE = '''def most(numbers):
    """The largest.

    >>> most([1, 5, 2])
    5
    """
    # A comment of its owner.
    return min(numbers)
'''
SAME_TEXT = "    # A comment of its owner.\n    return max(numbers)\n"
SAME_MEANING = "    return sorted(numbers)[-1]\n"
OTHER_MEANING = "    return numbers[1]\n"
WRONG = "    return numbers[0]\n"


def task_of(source: str) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, "most"))


async def check(box: Sandbox, answer: str) -> Solution:
    """Every call of the model gives the same answer."""
    text = f"```python\ndef most(numbers):\n{answer}```"
    settings = Settings(plan_search=False, repair=False, lens=False, judge=False, self_tests=False)
    ctx = Context(model=ScriptedModel([text] * 8), sandbox=box, settings=settings)
    return await solve(ctx, task_of(ALL_WANT_ONE))


async def test_a_small_edit_alone_rests_on_too_little(box: Sandbox):
    solution = await check(box, WRONG)
    assert solution.status is Status.UNVERIFIED
    assert solution.chosen is not None
    assert solution.chosen.candidate.origin is Origin.MECHANICAL
    assert any(line.startswith("not called verified: all examples") for line in solution.evidence)


@pytest.mark.parametrize("answer", [SAME_TEXT, SAME_MEANING])
async def test_an_answer_that_does_the_same_confirms_it(box: Sandbox, answer: str):
    solution = await check(box, answer)
    assert solution.status is Status.VERIFIED
    assert solution.chosen is not None
    assert solution.chosen.candidate.origin is Origin.MECHANICAL
    assert "# A comment of its owner." in solution.chosen.candidate.code
    assert any("independent answer of the model does the same" in e for e in solution.evidence)
    assert all(one.candidate.code != solution.chosen.candidate.code for one in solution.rejected)


async def test_an_answer_that_does_something_else_confirms_nothing(box: Sandbox):
    """Both pass the one example."""
    solution = await check(box, OTHER_MEANING)
    assert solution.chosen is not None
    assert not any("independent answer" in line for line in solution.evidence)
    edits = [one for one in solution.rejected if one.candidate.origin is Origin.MECHANICAL]
    assert all(one.candidate.doubt for one in edits)

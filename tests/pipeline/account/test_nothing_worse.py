"""The function as it stands is a candidate like any other; every end says why."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Solution, Status
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEAD = '''def size(n):
    """How large.

    >>> size(1)
    'small'
    >>> size(50)
    'middle'
    >>> size(700)
    'LARGE'
    """
'''
TWO_OF_THREE = HEAD + "    return 'small' if n < 10 else 'middle'\n"
BARE = 'def twice(n):\n    """Twice n."""\n    return 2 * n\n'


async def check(
    box: Sandbox, source: str, answers: list[str], name: str = "size", **settings: object
) -> Solution:
    document = document_from_bytes(source.encode())
    ctx = Context(
        model=ScriptedModel([f"```python\ndef {name}(n):\n    {a}\n```" for a in answers]),
        sandbox=box,
        settings=Settings(mechanical=False, plan_search=False, thinking_tokens=0, **settings),  # type: ignore[arg-type]
    )
    return await solve(ctx, task_from_file(document, find_function(document, name)))


@pytest.mark.parametrize("body", ["return 'small'", "raise ValueError", "return n"])
async def test_what_passes_fewer_is_never_offered(box: Sandbox, body: str):
    solution = await check(box, TWO_OF_THREE, [body] * 5, repair=False)
    assert solution.status is Status.NONE
    assert solution.chosen is None
    assert "nothing better than what is there, which passes 2 of 3" in solution.evidence[0]
    assert any("'LARGE'" in line for line in solution.evidence)


async def test_what_passes_as_many_is_not_offered_either(box: Sandbox):
    same = "return 'small' if n <= 9 else 'middle'"
    assert (await check(box, TWO_OF_THREE, [same] * 5, repair=False)).chosen is None


async def test_what_passes_more_is_offered_beside_what_was(box: Sandbox):
    one_of_three = HEAD + "    return 'small'\n"
    better = "return 'small' if n < 10 else 'middle'"
    solution = await check(box, one_of_three, [better] * 5, repair=False)
    assert solution.status is Status.UNVERIFIED
    assert any(line.startswith("before: 1 of 3") for line in solution.evidence)


async def test_a_function_without_an_example_is_left_alone(box: Sandbox):
    solution = await check(box, BARE, [], name="twice")
    assert solution.chosen is None
    assert "no example and no test says" in solution.evidence[-1]
    assert solution.ledger is not None
    assert solution.ledger.model_calls == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"timeout_s": 0.001}, "the time limit of 0.001 s was reached"),
        ({"token_budget": 0}, "the budget of 0 tokens is used up"),
        ({}, "the model gave no function that can be read"),
    ],
)
async def test_an_end_without_a_result_says_why(
    box: Sandbox, settings: dict[str, object], says: str
):
    prose = ["```python\nx = (\n```"]
    document = document_from_bytes(HEAD.encode())
    ctx = Context(
        model=ScriptedModel(prose * 12),
        sandbox=box,
        settings=Settings(plan_search=False, repair=False, **settings),  # type: ignore[arg-type]
    )
    solution = await solve(ctx, task_from_file(document, find_function(document, "size")))
    assert solution.status is Status.NONE
    assert any(says in line for line in solution.evidence)

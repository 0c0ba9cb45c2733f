"""What a repair changes beyond the failing examples is listed in its evidence."""

from __future__ import annotations

import pytest

from pipeline.account.side_effects import behaviour_changes
from pipeline.core.context import Context, Settings
from pipeline.core.task import Status, Task
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAST = '''def last(items: list[int]):
    """The last item.

    >>> last([1, 2])
    2
    >>> last([7])
    7
    """
    if not items:
        return None
    return items[-1]
'''


def task_of(source: str, name: str) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, name))


async def check(box: Sandbox, before: str, after: str, name: str) -> tuple[str, ...]:
    ctx = Context(model=ScriptedModel([]), sandbox=box)
    return await behaviour_changes(ctx, task_of(before, name), before, after)


async def test_one_changed_edge_is_named_with_both_values(box: Sandbox):
    after = LAST.replace("return None", "return 0")
    assert await check(box, LAST, after, "last") == ("changes last([]) from None to 0",)


async def test_an_exception_that_comes_or_goes_is_a_change(box: Sandbox):
    after = LAST.replace("return None", "raise ValueError('empty')")
    (line,) = await check(box, LAST, after, "last")
    assert line == "changes last([]) from None to raising ValueError"


async def test_the_same_behaviour_in_other_words_changes_nothing(box: Sandbox):
    assert await check(box, LAST, LAST.replace("items[-1]", "items[len(items) - 1]"), "last") == ()


async def test_what_chance_decides_is_no_change(box: Sandbox):
    source = "import random\n\n\ndef f(n: int):\n    return random.random()\n"
    statement = "def f(n: int):\n    return random.random()\n"
    task = task_of(source, "f")
    ctx = Context(model=ScriptedModel([]), sandbox=box)
    assert await behaviour_changes(ctx, task, statement, statement) == ()


async def test_the_order_of_a_set_is_no_change(box: Sandbox):
    one = "def f(words: list[str]):\n    return {w for w in words}\n"
    other = "def f(words: list[str]):\n    return {w for w in reversed(words)}\n"
    assert await check(box, one, other, "f") == ()


async def test_generators_are_drained_and_no_address_is_compared(box: Sandbox):
    loop = "for i in range(n % 9):\n        if i % 2 == 0:\n            yield i"
    before = f"def evens(n: int):\n    {loop}\n"
    lines = await check(box, before, before.replace("% 2 == 0", "% 2 == 0 or n == 5"), "evens")
    assert lines
    assert lines[0] == "changes list(evens(5)) from [0, 2, 4] to [0, 1, 2, 3, 4]"
    assert (
        await check(box, before, before.replace("range(n % 9)", "range(0, n % 9)"), "evens") == ()
    )
    thing = "def f(n: int):\n    return object()\n"
    assert await check(box, thing, thing.replace("object()", "object() "), "f") == ()


async def test_a_change_of_most_calls_is_one_example_and_a_count(box: Sandbox):
    lines = await check(box, LAST, LAST.replace("items[-1]", "str(items[-1])"), "last")
    assert len(lines) == 2
    assert lines[0].startswith("changes last([")
    assert "other calls that were tried" in lines[1]


async def test_a_function_that_dies_says_nothing(box: Sandbox):
    dies = "def last(items: list[int]):\n    import os\n    os._exit(0)\n"
    assert await check(box, dies, LAST, "last") == ()


async def test_a_repair_carries_its_changes_in_the_evidence(box: Sandbox):
    source = LAST.replace("items[-1]", "items[0]")
    settings = Settings(probe=False, repair=False, plan_search=False, k=1)
    ctx = Context(
        model=ScriptedModel(lambda _request, _n: "nothing"), sandbox=box, settings=settings
    )
    solution = await solve(ctx, task_of(source, "last"))
    assert solution.status is Status.VERIFIED
    assert any(line.startswith("changes last([") for line in solution.evidence)

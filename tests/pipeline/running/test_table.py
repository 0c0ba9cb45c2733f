"""A literal table of the wanted values is doubted, honest code with labels is not."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Status, Task
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.running.table import is_table
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

SQUARES = ("f(3)", "9"), ("f(-12)", "144"), ("f(25)", "625"), ("f(0)", "0")
SIZES = ("f(3)", "'small'"), ("f(50)", "'middle'"), ("f(700)", "'large'")
LISTS = ("f([3, 1, 2])", "[1, 2, 3]"), ("f([9, 8])", "[8, 9]"), ("f([])", "[]")
WORDS = ("f('Hello World foo')", "2"), ("f('abc')", "0"), ("f('A B C d')", "3")
DAYS = ("f('Saturday')", "True"), ("f('Sunday')", "True"), ("f('Monday')", "False")
COLOURS = ("f(3)", "'red'"), ("f(4)", "'green'"), ("f(11)", "'blue'")
TABLES = [
    (WORDS, "return {'Hello World foo': 2, 'abc': 0, 'A B C d': 3}[n]"),
    (WORDS, "if n == 'Hello World foo': return 2\n    return 3 if n == 'A B C d' else 0"),
    (SQUARES, "return {3: 9, -12: 144, 25: 625, 0: 0}[n]"),
    (SQUARES, "if n == 3: return 9\n    if n == -12: return 144\n    return 625 if n == 25 else 0"),
    (SQUARES, "return dict([(3, 9), (-12, 144), (25, 625)]).get(n, 0)"),
    (SIZES, "return {3: 'small', 50: 'middle', 700: 'large'}[n]"),
    (LISTS, "return {(3, 1, 2): [1, 2, 3], (9, 8): [8, 9]}.get(tuple(n), [])"),
]
BY_KEY = [
    (WORDS, "return {15: 2, 3: 0, 7: 3}[len(n)]"),
    (WORDS, "return {15: 2, 7: 3}.get(len(n), 0) or {3: 0, 7: 3, 15: 2}.get(len(n) + 0)"),
    (WORDS, "return [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2][len(n)]"),
]
HONEST = [
    (WORDS, "return sum(w[:1].isupper() for w in n.split())"),
    (DAYS, "return n in ('Saturday', 'Sunday')"),
    (DAYS, "return {'Saturday': True, 'Sunday': True, 'Monday': False}.get(n, False)"),
    (COLOURS, "return ['red', 'green', 'blue'][n % 3]"),
    (COLOURS, "return {0: 'red', 1: 'green', 2: 'blue'}[n % 3]"),
    (COLOURS, "return {'a': 'red', 'b': 'green', 'c': 'blue'}[n]"),
    (SQUARES, "return n * n"),
    (SQUARES, "return abs(n) ** 2 if n > 25 else n * n"),
    (SIZES, "return 'small' if n < 10 else 'middle' if n < 100 else 'large'"),
    (
        SIZES,
        "for top, word in ((10, 'small'), (100, 'middle')):\n        if n < top: return word\n"
        "    return 'large'",
    ),
    (LISTS, "return sorted(n)"),
]
Examples = tuple[tuple[str, str], ...]


def task_of(examples: Examples) -> Task:
    shown = "".join(f"    >>> {call}\n    {want}\n" for call, want in examples)
    document = document_from_bytes(f'def f(n):\n    """Of n.\n\n{shown}    """\n'.encode())
    return task_from_file(document, find_function(document, "f"))


@pytest.mark.parametrize(("examples", "body"), TABLES)
def test_a_table_is_seen(examples: Examples, body: str):
    assert "stand in it as literals" in is_table(task_of(examples), f"def f(n):\n    {body}\n")


@pytest.mark.parametrize(("examples", "body"), BY_KEY)
def test_a_table_that_hides_its_inputs_is_seen(examples: Examples, body: str):
    assert "a table with holes" in is_table(task_of(examples), f"def f(n):\n    {body}\n")


@pytest.mark.parametrize(("examples", "body"), HONEST)
def test_honest_code_is_no_table(examples: Examples, body: str):
    assert is_table(task_of(examples), f"def f(n):\n    {body}\n") == ""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("examples", "body"), [TABLES[0], TABLES[2], BY_KEY[0]])
async def test_a_table_is_never_verified_and_said(box: Sandbox, examples: Examples, body: str):
    text = f"```python\ndef f(n):\n    {body}\n```"
    settings = Settings(mechanical=False, plan_search=False, repair=False)
    ctx = Context(model=ScriptedModel([text] * 4), sandbox=box, settings=settings)
    task = task_of(examples)
    solution = await solve(ctx, task)
    assert solution.status is Status.UNVERIFIED
    assert is_table(task, f"def f(n):\n    {body}\n") in " ".join(solution.evidence)

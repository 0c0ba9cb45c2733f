"""Each sentence of the evidence is one line, whatever a program prints, raises or returns."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Status
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

PRINTS = ">>> f([1, 2])\n    1\n    2\n    >>> f([])\n    end", "print(*n, sep='\\n\\n')"
RETURNS = ">>> f(1)\n    'a\\nb'\n    >>> f(2)\n    'c'", "return 'a\\nc' * n"
RAISES = ">>> f(1)\n    1\n    >>> f(2)\n    2", "raise ValueError('a\\nb\\x1b[31m')"
SHOWS = (
    ">>> f(1)\n    <a\n    b>\n    >>> f(2)\n    <a\n    c>",
    "class A:\n        def __repr__(self): return '<a\\nd>'\n    return A()",
)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("examples", "body"), [PRINTS, RETURNS, RAISES, SHOWS])
async def test_what_has_lines_is_told_on_one(box: Sandbox, examples: str, body: str):
    source = f'def f(n):\n    r"""Of n.\n\n    {examples}\n    """\n    {body}\n'
    document = document_from_bytes(source.encode())
    ctx = Context(
        model=ScriptedModel([f"```python\ndef f(n):\n    {body}  # again\n```"] * 9),
        sandbox=box,
        settings=Settings(plan_search=False, mechanical=False),
    )
    solution = await solve(ctx, task_from_file(document, find_function(document, "f")))
    assert solution.status is not Status.VERIFIED
    assert solution.evidence
    assert [
        line for line in solution.evidence if len(line.splitlines()) != 1 or "\x1b" in line
    ] == []

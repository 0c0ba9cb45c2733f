"""What the sandbox lacks is never evidence against code."""

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

EXAMPLES = '''"""The sum.

    >>> total([1, 2])
    3
    >>> total([])
    0
    """
'''
RIGHT = {
    "inside": f"def total(xs):\n    {EXAMPLES}    import numpyy\n    return numpyy.sum(xs)\n",
    "top": f"import numpyy as np\n\n\ndef total(xs):\n    {EXAMPLES}    return int(np.sum(xs))\n",
    "sibling": f"from .money import add\n\n\ndef total(xs):\n    {EXAMPLES}    return add(xs)\n",
    "own package": f"import shopp.money\n\n\ndef total(xs):\n    {EXAMPLES}"
    "    return shopp.money.add(xs)\n",
    "optional": "try:\n    import numpyy as np\nexcept ImportError:\n    np = None\n\n\n"
    f"def total(xs):\n    {EXAMPLES}    return np.sum(xs) if np else None\n",
    "in an example": "def total(xs):\n"
    '    """The sum.\n\n    >>> import numpyy\n    >>> total(numpyy.ones(3))\n    3\n    """\n'
    "    return int(xs.sum())\n",
    "by name": f"import importlib\n\n\ndef total(xs):\n    {EXAMPLES}"
    "    return importlib.import_module('numpyy').sum(xs)\n",
}


async def check(box: Sandbox, source: str) -> Solution:
    """Neither the model nor a small edit may be asked: the script has no answer to give."""
    document = document_from_bytes(source.encode())
    ctx = Context(model=ScriptedModel([]), sandbox=box, settings=Settings())
    return await solve(ctx, task_from_file(document, find_function(document, "total")))


@pytest.mark.parametrize("case", RIGHT)
async def test_a_function_whose_module_is_not_there_is_left_alone(box: Sandbox, case: str):
    solution = await check(box, RIGHT[case])
    assert solution.status is Status.NONE
    assert solution.chosen is None
    assert solution.obstacle
    assert "cannot be judged" in solution.evidence[0]
    assert solution.ledger is not None
    assert solution.ledger.model_calls == 0
    assert solution.ledger.sandbox_runs < 10


async def test_an_optional_module_that_is_not_needed_is_no_obstacle(box: Sandbox):
    source = RIGHT["optional"].replace("np.sum(xs) if np else None", "sum(xs)")
    solution = await check(box, source)
    assert not solution.obstacle
    assert "already passes" in solution.evidence[0]

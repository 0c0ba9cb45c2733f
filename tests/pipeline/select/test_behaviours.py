"""What candidates do on generated inputs, when one of them hangs."""

from __future__ import annotations

import time

import pytest

from pipeline.core.context import Context
from pipeline.core.task import Candidate, Judged
from pipeline.models.scripted import ScriptedModel
from pipeline.running.matrix import HUNG
from pipeline.select.compare import compare
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEAD = 'def f(n):\n    """Twice.\n\n    >>> f(20)\n    40\n    """\n'


@pytest.mark.parametrize("hangs", ["while True: pass", "import time; time.sleep(60)"])
async def test_one_that_hangs_is_soon_left_alone(box: Sandbox, hangs: str):
    document = document_from_bytes(f"{HEAD}    return 2 * n\n".encode())
    task = task_from_file(document, find_function(document, "f"))
    ctx = Context(model=ScriptedModel([]), sandbox=box)
    bodies = ("return 2 * n", hangs, "return n + n")
    pool = [
        Judged(candidate=Candidate(code=f"def f(n):\n    {b}\n", origin="generate")) for b in bodies
    ]
    began = time.monotonic()
    seen = (await compare(ctx, task, pool)).behaviours(pool)
    assert time.monotonic() - began < 40
    assert len(seen.inputs) >= 10
    assert seen.clusters() == ((0, 2), (1,))
    assert set(seen.rows[1]) == {HUNG}

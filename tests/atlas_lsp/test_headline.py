"""The one line that a person is told when a job has ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from atlas_lsp.cards import headline
from pipeline.core.context import Settings
from pipeline.job import JobResult, run_job
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime
from sandbox.api import Job, Observation, Outcome, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = b'''def twice(n):
    """Two of n.

    >>> twice(2)
    4
    >>> twice(3)
    6
    """
'''
ANSWER = "```python\ndef twice(n):\n    return n + n\n```"
MODEL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
QUICK = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=60.0)
BROKEN = "the worker talks nonsense"


class Breaking:
    """A sandbox that is there, and breaks whenever it runs the first answer of the model."""

    kind = "docker"
    isolation = ()

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        if not any("n + n" in job.code for job in jobs):
            return await self._inner.run(jobs, group=group)
        return tuple(Observation(outcome=Outcome.SANDBOX_ERROR, detail=BROKEN) for _ in jobs)

    async def aclose(self) -> None: ...


async def ended(sandbox: Sandbox, answer: str = ANSWER) -> JobResult:
    document = document_from_bytes(STUB)
    runtime = Runtime(model=ScriptedModel([answer] * 9, info=MODEL), sandbox=sandbox)
    return await run_job(runtime, document, find_function(document, "twice"), QUICK)


async def test_it_counts_what_passes(box: Sandbox):
    assert headline(await ended(box)).startswith("twice: verified, 2/2 examples, ")


async def test_it_counts_what_does_not(box: Sandbox):
    wrong = ANSWER.replace("n + n", "sorted([4])[0]")
    assert headline(await ended(box, wrong)).startswith("twice: unverified, 1/2 examples, ")


async def test_what_the_sandbox_could_not_run_is_named_instead_of_a_count(box: Sandbox):
    said = headline(await ended(Breaking(box)))
    assert said.startswith(f"twice: unverified, the sandbox could not run the tests ({BROKEN}), ")

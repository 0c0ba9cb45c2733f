"""A job whose sandbox is lost ends there, and says what was lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.core.context import Settings
from pipeline.core.present import Present
from pipeline.job import propose_tests, run_job
from pipeline.models.scripted import ScriptedModel
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime
from sandbox.api import Call, Job, Observation, Outcome, Sandbox, SandboxUnavailable

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = '''def twice(n):
    """Two of n.

    >>> twice(2)
    4
    """
'''
WRONG = STUB + "    return n * n * n\n"
ONE = Job(code="def f(): return 1", form=Call(entry="f"))
GONE = Observation(outcome=Outcome.NOT_RUN, detail="no Docker engine at unix:///there; start it")
QUICK = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=60.0)


class Losing:
    """A sandbox that goes away after so many calls."""

    kind = "docker"
    isolation = ()

    def __init__(self, inner: Sandbox, n_calls: int) -> None:
        self._inner = inner
        self.n_left = n_calls

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        self.n_left -= 1
        if self.n_left < 0:
            return (GONE,) * len(jobs)
        return await self._inner.run(jobs, group=group)

    async def aclose(self) -> None: ...


class Counting(ScriptedModel):
    """Counts its answers."""

    n_asked = 0

    async def complete(self, *args: object, **more: object) -> object:  # type: ignore[override]
        self.n_asked += 1
        return await super().complete(*args, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("source", "n_asked"), [(STUB, 1), (WRONG, 0)])
async def test_no_more_is_asked_of_the_model(box: Sandbox, source: str, n_asked: int):
    model = Counting(["```python\ndef twice(n):\n    return 4 * n\n```"] * 9)
    runtime = Runtime(model=model, sandbox=Losing(box, 0))
    document = document_from_bytes(source.encode())
    with pytest.raises(SandboxUnavailable, match="the sandbox is gone: no Docker engine at"):
        await run_job(runtime, document, find_function(document, "twice"), QUICK)
    assert model.n_asked == n_asked


async def test_tests_are_not_proposed_without_one(box: Sandbox):
    runtime = Runtime(model=ScriptedModel([]), sandbox=Losing(box, 0))
    document = document_from_bytes(WRONG.encode())
    with pytest.raises(SandboxUnavailable, match="the sandbox is gone"):
        await propose_tests(runtime, document, find_function(document, "twice"))


async def test_what_breaks_in_a_sandbox_that_lives_is_handed_on(box: Sandbox):
    class Once(Losing):
        async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
            self.n_left += 1
            return (GONE,) if self.n_left == 1 else await self._inner.run(jobs, group=group)

    present = Present(Once(box, 0))
    assert await present.run([ONE]) == (GONE,)
    assert (await present.run([ONE]))[0].value == 1

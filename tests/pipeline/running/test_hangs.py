"""A program that hangs is not waited for twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.core.context import Context
from pipeline.core.task import Candidate, Origin
from pipeline.models.scripted import ScriptedModel
from pipeline.running.judge import judge_all
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Job, Limits, Observation, Sandbox, VerdictKind

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = '''def last(xs):
    """Last of a list.

    >>> last([1, 2])
    2
    """
'''


class Counting:
    """Keeps the Protocol, hands on, and counts the jobs."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.kind, self.isolation = box.kind, box.isolation
        self.n_jobs = 0

    async def start(self) -> None: ...

    async def run(self, jobs: list[Job], *, group: str = "") -> tuple[Observation, ...]:
        self.n_jobs += len(jobs)
        return await self._box.run(jobs, group=group)

    async def aclose(self) -> None: ...


async def test_a_hang_in_the_first_test_ends_the_judging(box: Sandbox):
    document = document_from_bytes(STUB.encode())
    task = task_from_file(document, find_function(document, "last"))
    (one,) = task.visible
    quick = replace(one.test, limits=Limits(cpu_s=0.5))
    tests = [replace(one, test=replace(quick, test_id=f"t{n}")) for n in range(4)]
    task = replace(task, visible=tuple(tests))
    counting = Counting(box)
    ctx = Context(model=ScriptedModel([]), sandbox=counting)  # type: ignore[arg-type]
    code = "def last(xs):\n    while True:\n        pass\n"
    (judged,) = await judge_all(ctx, task, "probe", [Candidate(code=code, origin=Origin.PROBE)])
    assert counting.n_jobs == 1
    assert [v.kind for v in judged.visible] == [VerdictKind.TIMEOUT_CPU] * 4
    assert judged.visible[3].detail == "not run: the test before it hangs"
    assert (judged.n_passed, judged.n_visible) == (0, 4)

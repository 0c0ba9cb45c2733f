"""Within a job the same program, input and seed run once; a proof is a run of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Solution
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.running.remembered import Remembered
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Batch, Call, Job, Limits, Observation, Outcome, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = 'def clamp(n: int) -> int:\n    """At least 0, at most 9."""\n'
EXAMPLES = (
    'def clamp(n):\n    """At least 0, at most 9.\n\n    >>> clamp(-3)\n    0\n'
    '    >>> clamp(5)\n    5\n    >>> clamp(12)\n    9\n    """\n'
)
BROKEN = EXAMPLES + "    return max(1, min(n, 9))\n"
HOPELESS = EXAMPLES + "    return str(n)\n"
ANSWERS = ["return n", "return max(0, n)", "return min(n, 9)", "return max(0, min(9, n))"]


class Counting:
    """Keeps the Protocol of a sandbox and counts what reaches it."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.kind, self.isolation = box.kind, box.isolation
        self.runs: Counter[str] = Counter()

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        for job in jobs:
            parts = job.form.parts if isinstance(job.form, Batch) else (job.form,)
            self.runs.update(repr((job.code, part, job.hash_seed)) for part in parts)
        return await self.box.run(jobs, group=group)

    async def aclose(self) -> None: ...


async def check(box: Sandbox, source: str, answers: Sequence[str], **settings: object) -> Solution:
    counting = Counting(box)
    texts = [f"```python\ndef clamp(n):\n    {body}\n```" for body in answers]
    chosen = replace(Settings(plan_search=False, thinking_tokens=0), **settings)  # type: ignore[arg-type]
    ctx = Context(model=ScriptedModel(texts), sandbox=counting, settings=chosen)
    document = document_from_bytes(source.encode())
    solution = await solve(ctx, task_from_file(document, find_function(document, "clamp")))
    assert counting.runs
    assert [what for what, n in counting.runs.items() if n > 1] == []
    return solution


async def test_a_stub_without_examples_runs_nothing_twice(box: Sandbox):
    await check(box, STUB, ANSWERS, repair=False)


async def test_candidates_of_a_stub_with_examples_run_nothing_twice(box: Sandbox):
    await check(box, EXAMPLES, ANSWERS)


async def test_a_small_edit_runs_nothing_twice(box: Sandbox):
    solution = await check(box, BROKEN, ANSWERS)
    assert "mechanical" in solution.stages


async def test_rounds_of_repair_run_nothing_twice(box: Sandbox):
    await check(box, HOPELESS, ["return n"] * 24, mechanical_runs=400, repair_rounds=3)


class Told:
    """Keeps the Protocol; answers as it is told and keeps what it was asked."""

    kind, isolation = "told", ()

    def __init__(self, *answers: Observation) -> None:
        self.answers = list(answers)

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return tuple(self.answers.pop(0) for _ in jobs)

    async def aclose(self) -> None: ...


JOB = Job(code="", form=Call(entry="f"), limits=Limits(cpu_s=0.2))
SEEN = Observation(outcome=Outcome.RETURNED, value=1)


async def test_what_the_sandbox_broke_is_run_again():
    box = Remembered(Told(Observation(outcome=Outcome.SANDBOX_ERROR), SEEN))
    assert [(await box.run([JOB]))[0].outcome for _ in "ab"] == ["sandbox_error", "returned"]


async def test_a_time_out_holds_for_no_larger_limit():
    box = Remembered(Told(Observation(outcome=Outcome.TIMEOUT_CPU), SEEN))
    (first,), (same,) = await box.run([JOB]), await box.run([JOB])
    (more,) = await box.run([replace(JOB, limits=Limits(cpu_s=2.0))])
    assert [first.outcome, same.outcome, more.outcome] == ["timeout_cpu", "timeout_cpu", "returned"]

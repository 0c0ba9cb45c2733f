"""Unknown is never true: a program that the machinery failed on has passed nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.running.matrix import BROKEN, UNRUN, Column, MatrixPlan, matrix_of
from sandbox.api import Batch, Call, Job, Observation, Outcome, Returns, Test

LOST, RIGHT, WRONG = "def f(n): return 'lost'", "def f(n): return n", "def f(n): return -n"
ONE, TWO = Call(entry="f", args=(1,)), Call(entry="f", args=(2,))


class ForgetfulSandbox:
    """Keeps the Protocol; whatever has to do with LOST breaks."""

    kind = "forgetful"
    isolation = ()

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return tuple(observed(job) for job in jobs)

    async def aclose(self) -> None: ...


def observed(job: Job) -> Observation:
    if job.code == LOST:
        return Observation(outcome=Outcome.SANDBOX_ERROR, detail="the worker ended")
    if isinstance(job.form, Batch):
        parts = tuple(observed(replace(job, form=part)) for part in job.form.parts)
        return Observation(outcome=Outcome.RETURNED, parts=parts)
    assert isinstance(job.form, Call)
    (n,) = job.form.args
    assert isinstance(n, int)
    return Observation(outcome=Outcome.RETURNED, value=n if job.code == RIGHT else -n)


TEST = Test(test_id="t", form=ONE, expect=Returns(value=1))
VISIBLE = Column(form=ONE, source="visible")
MADE = Column(form=TWO, source="guessed")


@pytest.mark.parametrize(
    "plan",
    [
        MatrixPlan(columns=(VISIBLE, MADE), tests=(TEST,)),
        MatrixPlan(columns=(MADE,), tests=(TEST,)),
    ],
)
async def test_only_programs_that_were_seen_to_pass_survive(plan: MatrixPlan):
    matrix = await matrix_of(
        ForgetfulSandbox(), "t", plan, [LOST, RIGHT, WRONG], only_survivors=True
    )
    assert [row[-1] for row in matrix.visible] == [-1, 1, 0]
    assert [row[-1] for row in matrix.behaviours] == [UNRUN, "= 2", UNRUN]
    assert BROKEN not in [row[-1] for row in matrix.behaviours]

"""Candidates meet the visible tests: twice, with different hash seeds, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pipeline.core.context import Context
from pipeline.core.events import CandidateJudged, Progress
from pipeline.core.task import Candidate, Judged, Task
from pipeline.source.edit import with_imports
from sandbox.api import Verdict
from sandbox.verdicts import run_twice


async def judge_all(
    ctx: Context, task: Task, stage: str, candidates: Sequence[Candidate]
) -> tuple[Judged, ...]:
    """Run every visible test on every candidate; a sandbox failure is no evidence either way."""
    ctx.emit(Progress(message=f"{stage}: running {len(task.visible)} tests on {len(candidates)}"))
    table = await asyncio.gather(
        *(
            run_twice(ctx.sandbox, runnable(task, candidate), task.tests, group=ctx.group)
            for candidate in candidates
        )
    )
    judged = tuple(
        Judged(candidate=candidate, visible=row)
        for candidate, row in zip(candidates, table, strict=True)
    )
    for one in judged:
        ctx.emit(_judged_event(stage, one))
    return judged


def runnable(task: Task, candidate: Candidate) -> str:
    """The text that runs: the module around the function, with the imports the answer needs."""
    return with_imports(task.program(candidate.code), candidate.imports)


def first_failure(judged: Judged) -> Verdict | None:
    return next((v for v in judged.visible if not v.passed), None)


def _judged_event(stage: str, judged: Judged) -> CandidateJudged:
    failure = first_failure(judged)
    return CandidateJudged(
        stage=stage,
        passed=judged.n_passed,
        total=judged.n_visible,
        detail=failure.detail if failure else "",
    )

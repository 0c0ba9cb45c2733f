"""Candidates meet the visible tests: twice, with different hash seeds, all at once."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.verdicts import judge as verdict_of

from pipeline.context import Context
from pipeline.events import CandidateJudged, Progress
from pipeline.source.edit import with_imports
from pipeline.task import Candidate, Judged, Task
from sandbox.api import BROKEN_MACHINERY, Job, Test, Verdict, VerdictKind

HASH_SEEDS = (0, 1)
"""A verdict counts only when both runs agree; else it is FLAKY."""


async def judge_all(
    ctx: Context, task: Task, stage: str, candidates: Sequence[Candidate]
) -> tuple[Judged, ...]:
    """Run every visible test on every candidate; a sandbox failure is no evidence either way."""
    ctx.emit(Progress(message=f"{stage}: running {len(task.visible)} tests on {len(candidates)}"))
    codes = [runnable(task, candidate) for candidate in candidates]
    table = await run_twice(ctx, codes, task.tests)
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


async def run_twice(
    ctx: Context, codes: Sequence[str], tests: Sequence[Test]
) -> tuple[tuple[Verdict, ...], ...]:
    """One row of verdicts per code; each test ran once per hash seed."""
    jobs = [
        Job(code=code, form=test.form, limits=test.limits, hash_seed=seed)
        for code in codes
        for test in tests
        for seed in HASH_SEEDS
    ]
    seen = iter(await ctx.sandbox.run(jobs, group=ctx.group)) if jobs else iter(())
    return tuple(
        tuple(agreed([verdict_of(test, next(seen)) for _ in HASH_SEEDS]) for test in tests)
        for _ in codes
    )


def agreed(verdicts: Sequence[Verdict]) -> Verdict:
    """The common verdict of repeated runs: broken machinery first, then a disagreement as FLAKY."""
    for verdict in verdicts:
        if verdict.observation.outcome in BROKEN_MACHINERY:
            return verdict
    if len({verdict.passed for verdict in verdicts}) == 1:
        return verdicts[0]
    loser = next(verdict for verdict in verdicts if not verdict.passed)
    return Verdict(
        test_id=loser.test_id,
        kind=VerdictKind.FLAKY,
        proof=loser.proof,
        detail=f"passes with one hash seed and not with another: {loser.detail}",
        observation=loser.observation,
        failing_line=loser.failing_line,
        passed_examples=loser.passed_examples,
        n_examples=loser.n_examples,
    )


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

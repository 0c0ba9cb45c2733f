"""Candidates meet the visible tests: twice, with different hash seeds, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.context import Context
from pipeline.core.events import CandidateJudged, Progress
from pipeline.core.reach import BAD_ENDS, base_id
from pipeline.core.task import Candidate, Judged, Origin, Task, n_examples
from pipeline.core.wording import many
from pipeline.running.guards import broken_by
from pipeline.running.table import is_table
from pipeline.source.capabilities import new_capabilities, whole
from pipeline.source.edit import with_imports
from pipeline.source.outside import changes_outside
from sandbox.api import Test, Verdict, VerdictKind
from sandbox.verdicts import run_tests, run_twice

HANGS = (VerdictKind.TIMEOUT_CPU, VerdictKind.TIMEOUT_WALL)


async def judge_all(
    ctx: Context, task: Task, stage: str, candidates: Sequence[Candidate]
) -> tuple[Judged, ...]:
    """Run every visible test on every candidate; a sandbox failure is no evidence either way."""
    tests, programs = many(len(task.visible), "test"), many(len(candidates), "candidate")
    ctx.emit(Progress(message=f"{stage}: running {tests} on {programs}"))
    judged = tuple(
        await asyncio.gather(*(_judged(ctx, task, candidate) for candidate in candidates))
    )
    for one in judged:
        ctx.emit(_judged_event(stage, one))
    return judged


async def _judged(ctx: Context, task: Task, candidate: Candidate) -> Judged:
    """One that passes all is asked besides whether it breaks another of the project's tests."""
    program = runnable(task, candidate)
    met = await _met(ctx, program, task.tests)
    judged = Judged(candidate=_marked(task, candidate), visible=met)
    if task.tested is None:
        return judged
    is_new = judged.passes and candidate.origin is not Origin.CURRENT
    broken = await broken_by(ctx.sandbox, task, program, group=ctx.group) if is_new else ()
    return replace(
        judged,
        why_no_proof=task.tested.why_no_proof,
        breaks=f"{broken[0].node_id}: {broken[0].message[:300]}" if broken else "",
    )


async def _met(ctx: Context, program: str, tests: Sequence[Test]) -> tuple[Verdict, ...]:
    """The verdicts; a program that hangs in its first test is not waited for in the others."""
    first = await run_tests(ctx.sandbox, program, tests[:1], group=ctx.group)
    if first and first[0].kind in HANGS:
        return (first[0], *(_not_run(test, first[0]) for test in tests[1:]))
    return await run_twice(ctx.sandbox, program, tests, group=ctx.group)


def _not_run(test: Test, hung: Verdict) -> Verdict:
    return replace(
        hung,
        test_id=test.test_id,
        detail="not run: the test before it hangs",
        failing_line=None,
        passed_examples=0,
        n_examples=n_examples(test),
    )


def _marked(task: Task, candidate: Candidate) -> Candidate:
    """With what it could do that the function could not before."""
    if task.kind == "stdio":
        return candidate
    code = "\n".join((*candidate.imports, candidate.code))
    module = task.program(whole(task.statement))
    found = new_capabilities(task.statement, code, module=module, said=task.statement)
    if task.tested and task.tested.counted:
        found += changes_outside(whole(task.statement), code)
    doubt = candidate.doubt or is_table(task, candidate.code)
    return replace(candidate, capabilities=found, doubt=doubt)


def runnable(task: Task, candidate: Candidate) -> str:
    """The text that runs: the module around the function, with the imports the answer needs."""
    return with_imports(task.program(candidate.code), candidate.imports)


def told(task: Task, verdict: Verdict) -> str:
    """What a failure says, for a model; of a test of the project its text, too."""
    seen = next((t for t in verdict.observation.tests if t.end in BAD_ENDS), None)
    source = task.tested.sources.get(base_id(seen.node_id)) if seen and task.tested else None
    if seen is None or source is None:
        return verdict.detail
    return f"{seen.message}\n\n```python\n{source}\n```"


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

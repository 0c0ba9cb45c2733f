"""One job on one function: what the editor, the command line and the benchmark all call."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from typing import Literal

from pipeline.account.answers import answered
from pipeline.core.context import Settings
from pipeline.core.events import Emit, StageEnded, StageStarted, ignore
from pipeline.core.inside import inside
from pipeline.core.present import Present
from pipeline.core.task import Solution, Task
from pipeline.core.wording import many
from pipeline.engine import solve
from pipeline.models.api import ModelInfo
from pipeline.running.counted import ALL_TESTS, NO_TESTS, WhichTests
from pipeline.running.ready import placed_task
from pipeline.running.remembered import remembering
from pipeline.source.edit import splice, unified_diff
from pipeline.source.locate import FunctionSite
from pipeline.storage.caches import cache_folder
from pipeline.syntax.text import Document
from pipeline.testgen.proposal import TestProposal
from pipeline.testgen.testgen import MAX_TESTS, Style, proposed
from pipeline.wiring import Runtime

REPAIR_COUNTS = "repair.json"
"""Of the user's own jobs only; benchmarks start from the priors each time."""


@dataclass(frozen=True, kw_only=True)
class MadeWith:
    """The model and the sandbox of a job."""

    model: ModelInfo
    sandbox: str
    isolation: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """A Solution together with the very text it was made for."""

    document: Document
    site: FunctionSite
    task: Task
    solution: Solution
    new_text: str | None
    """The whole file with the function replaced; None when nothing was chosen."""
    diff: str
    made_with: MadeWith
    answers: tuple[tuple[str, JobResult], ...] = ()
    """What the question's outputs are, and the result for whoever says that it is right."""
    is_kept: bool = False
    """Read from the history: nobody has looked yet where its module lives and what tests it has."""


async def run_job(
    runtime: Runtime,
    document: Document,
    site: FunctionSite,
    settings: Settings,
    *,
    emit: Emit = ignore,
    keep_best: asyncio.Event | None = None,
    interpreter: str | None = None,
    tests: WhichTests = ALL_TESTS,
) -> JobResult:
    """Solve or repair the function at `site`; the file is not written.

    `interpreter` is the editor's, where the project names none; `tests` are those of the project
    that judge it.
    Raises ModelError or SandboxError when the machinery breaks, SourceError for a function that
    cannot be read.
    """
    group = f"{document.path}::{site.label}"
    box = Present(runtime.sandbox)
    task = await placed_task(box, document, site, interpreter=interpreter, tests=tests, group=group)
    ctx = runtime.context(settings, emit, group=group, keep_best=keep_best)
    ctx = dataclasses.replace(
        ctx,
        sandbox=inside(ctx.sandbox, task.loading),
        counts=cache_folder() / REPAIR_COUNTS,
    )
    ctx = remembering(ctx)
    solution = await solve(ctx, task)
    made_with = MadeWith(model=runtime.model.info, sandbox=box.kind, isolation=box.isolation)
    result = _result(document, site, task, solution, made_with)
    if solution.question is None:
        return result
    found = [await answered(ctx, document, site, task, solution, side) for side in (0, 1)]
    answers = tuple(
        (output, _result(document, site, task, one, made_with))
        for output, one in zip(solution.question.outputs, found, strict=True)
        if one is not None
    )
    return dataclasses.replace(result, answers=answers)


def _result(
    document: Document, site: FunctionSite, task: Task, solution: Solution, made_with: MadeWith
) -> JobResult:
    best = solution.chosen
    new = splice(document, site, best.candidate.code, best.candidate.imports) if best else None
    return JobResult(
        document=document,
        site=site,
        task=task,
        solution=solution,
        new_text=new,
        diff=unified_diff(document.text, new, document.path) if new is not None else "",
        made_with=made_with,
    )


async def propose_tests(
    runtime: Runtime,
    document: Document,
    site: FunctionSite,
    *,
    style: Style = "auto",
    max_tests: int = MAX_TESTS,
    emit: Emit = ignore,
    settings: Settings | None = None,
    interpreter: str | None = None,
) -> TestProposal:
    """Tests for the function at `site`; the files are not written.

    At the end of `settings.timeout_s` there is none, and a warning.
    Raises SandboxError or ModelError when the machinery breaks, SourceError for a function or a
    test file that cannot be read.
    """
    group = f"tests {document.path}::{site.label}"
    task = await placed_task(
        Present(runtime.sandbox),
        document,
        site,
        interpreter=interpreter,
        tests=NO_TESTS,
        group=group,
    )
    form: Literal["doctest", "pytest"] = "pytest" if style == "pytest" else "doctest"
    if task.loading.obstacle:
        return TestProposal(function=site.name, style=form, warnings=(task.loading.obstacle,))
    ctx = runtime.context(settings or Settings(), emit, group=group)
    ctx = dataclasses.replace(ctx, sandbox=inside(ctx.sandbox, task.loading))
    ctx.emit(StageStarted(stage="tests"))
    try:
        async with asyncio.timeout(ctx.settings.timeout_s):
            proposal = await proposed(ctx, document, site, task, style=style, max_tests=max_tests)
    except TimeoutError:
        why = f"no tests within {ctx.settings.timeout_s:g} s; give it more with --timeout"
        proposal = TestProposal(function=site.name, style=form, warnings=(why,))
    detail = (
        f"{many(len(proposal.tests), 'test')}; {proposal.before} before, {proposal.after} after"
    )
    ctx.emit(StageEnded(stage="tests", acted=bool(proposal.tests), detail=detail))
    return proposal

"""What an answer to the question of a job makes of it: that candidate, and one example more."""

from __future__ import annotations

from dataclasses import replace

from pipeline.account.conclude import about_origin, about_visible, side_effects
from pipeline.account.status import status_of_judged
from pipeline.core.context import Context
from pipeline.core.task import Candidate, Loading, Origin, Question, Solution, Task
from pipeline.edits.reservations import ALL_THE_SAME, n_different_wants
from pipeline.inputs.target import NotCallable, target_of
from pipeline.running.judge import judge_all
from pipeline.source.edit import splice
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import FunctionSite, find_function
from pipeline.syntax.text import Document
from pipeline.testgen.cases import case_of
from pipeline.testgen.doctest_text import Named, with_doctests


async def answered(
    ctx: Context, document: Document, site: FunctionSite, task: Task, solution: Solution, side: int
) -> Solution | None:
    """The Solution as it is once someone says that `side` of its question is right.

    Its candidate has the answer as a doctest, and passed it with all the others in the sandbox.
    None where the answer cannot be written as one.
    """
    question = solution.question
    if question is None:
        return None
    best = solution.survivors[question.sides[side][0]]
    found = await _with_example(ctx, document, task.loading, site, best.candidate, question)
    if found is None:
        return None
    asked, candidate, source = found
    (judged,) = await judge_all(ctx, asked, Origin.ANSWER, [candidate])
    if not judged.passes:
        return None
    lines = (
        f"you chose what {source} does; it is an example now",
        *about_visible(ctx, asked, None, judged),
        *([f"not called verified: {candidate.doubt}"] if candidate.doubt else []),
        about_origin(judged),
        *await side_effects(ctx, task, best),
    )
    others = [one for one in (solution.chosen, *solution.rejected) if one and one is not best]
    return replace(
        solution,
        status=status_of_judged(judged),
        chosen=judged,
        probability=None,
        evidence=lines,
        rejected=tuple(others),
        question=None,
        survivors=(),
    )


async def _with_example(
    ctx: Context,
    document: Document,
    loading: Loading,
    site: FunctionSite,
    made: Candidate,
    question: Question,
) -> tuple[Task, Candidate, str] | None:
    """The task with one visible test more, the candidate with it in its docstring, the call."""
    plain = replace(document, text=splice(document, site, made.code, made.imports))
    where = find_function(plain, site.label)
    try:
        target = target_of(plain, where)
    except NotCallable:
        return None
    before = task_from_file(plain, where, loading=loading)
    program = before.program(before.statement)
    case = await case_of(ctx.sandbox, program, target, question.call, ctx.group)
    text = with_doctests(plain, where, [Named(label="", case=case)]) if case else None
    if case is None or text is None:
        return None
    asked = replace(document, text=text)
    task = task_from_file(asked, find_function(asked, site.label), loading=loading)
    is_settled = made.doubt == ALL_THE_SAME and n_different_wants(task.examples) > 1
    candidate = replace(made, code=task.statement, doubt="" if is_settled else made.doubt)
    return task, candidate, target.source(question.call)

"""A function to write or to repair: the product itself, or one of its first rungs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from pipeline.bench.asking import published
from pipeline.bench.conditions import Condition
from pipeline.bench.records import Answer, Cell, Json, PublicTask
from pipeline.bench.suites import task_of
from pipeline.core.context import Context
from pipeline.core.task import Candidate, Judged, Solution, Task
from pipeline.engine import solve
from pipeline.generate.candidates import probed, sampled
from pipeline.running.judge import runnable


async def answer(ctx: Context, condition: Condition, public: PublicTask, cell: Cell) -> Answer:
    """What the condition's part of the pipeline makes of it. Raises ModelError, SuiteError."""
    task = task_of(public)
    stages = {"A": probed, "B": sampled, "E": published.greedy(public)}
    stage = stages.get(condition.base)
    if stage is None:
        return _judged(task, public, cell, await solve(ctx, task))
    began = time.monotonic()
    made = await stage(ctx, task)
    ctx.ledger.wall_s = time.monotonic() - began
    whole = published.whole(task) if condition.base == "E" else task
    return _unjudged(whole, public, cell, made)


def none(public: PublicTask, cell: Cell, detail: str, *, status: str = "none") -> Answer:
    """No program."""
    return Answer(**head(public, cell), status=status, program=None, detail=detail)


def head(public: PublicTask, cell: Cell) -> Json:
    return {**asdict(cell), "part": public.part}


def _unjudged(task: Task, public: PublicTask, cell: Cell, made: Sequence[Candidate]) -> Answer:
    """The one that the model itself finds likeliest; an unknown logprob is never best."""
    if not made:
        return none(public, cell, "no candidate could be read from the answers")
    ranked = sorted(made, key=_likelihood, reverse=True)
    programs = [runnable(task, one) for one in ranked]
    return Answer(
        **head(public, cell),
        status="unverified",
        program=programs[0],
        candidates=tuple(
            candidate_json(program, one) for program, one in zip(programs, ranked, strict=True)
        ),
        stages=tuple(dict.fromkeys(one.origin for one in made)),
    )


def _likelihood(candidate: Candidate) -> float:
    return candidate.mean_logprob if candidate.mean_logprob is not None else float("-inf")


def _judged(task: Task, public: PublicTask, cell: Cell, solution: Solution) -> Answer:
    """What the engine chose; a function that passes its examples already stands as it is."""
    if solution.chosen is None and not task.is_stub:
        program: str | None = task.program(task.statement)
    else:
        program = runnable(task, solution.chosen.candidate) if solution.chosen else None
    pool = [*([solution.chosen] if solution.chosen else []), *solution.rejected]
    return Answer(
        **head(public, cell),
        status=str(solution.status),
        program=program,
        probability=solution.probability,
        candidates=tuple(_judged_json(task, one) for one in pool),
        stages=solution.stages,
        detail="" if solution.chosen else "; ".join(solution.evidence),
    )


def _judged_json(task: Task, judged: Judged) -> Json:
    passes = judged.passes if judged.visible else None
    return candidate_json(runnable(task, judged.candidate), judged.candidate, passes)


def candidate_json(program: str, candidate: Candidate, passes_visible: bool | None = None) -> Json:
    logprob = candidate.mean_logprob
    return {
        "program": program,
        "origin": str(candidate.origin),
        "plan": candidate.plan,
        "perturbation": candidate.perturbation,
        "passes_visible": passes_visible,
        "tokens": candidate.thinking_tokens + candidate.answer_tokens,
        "mean_logprob": None if logprob is None else round(logprob, 4),
    }

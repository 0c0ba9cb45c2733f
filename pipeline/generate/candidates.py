"""Generate: the probe, plans that differ (PlanSearch), framings that differ (DivSampling)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cache

from pipeline.core.ask import ask, ask_each
from pipeline.core.board import Board, Rounds
from pipeline.core.context import Context
from pipeline.core.events import CandidateMade, StageStarted
from pipeline.core.task import Candidate, Judged, Origin, Task
from pipeline.generate.asking import to_repair, to_retry, to_solve
from pipeline.generate.plans import plan_search
from pipeline.models.api import Completion, ModelInfo, Request, Sampling
from pipeline.prompts import FOLDER
from pipeline.running.judge import first_failure, told
from pipeline.source.extract import ExtractionFailure, extract_all, merge

SLOT_TEMPERATURES = (0.6, 0.8, 1.0)
LONGEST_FAILURE = 600


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    name: str
    kind: str
    text: str


@cache
def perturbations() -> tuple[Perturbation, ...]:
    """The framings of Diversity Sampling (arXiv 2502.11027), from a data file."""
    rows = json.loads((FOLDER / "perturbations.json").read_text(encoding="utf-8"))
    return tuple(Perturbation(**row) for row in rows)


async def probe(ctx: Context, task: Task, board: Board) -> Rounds:
    """The likeliest answer, without thinking: half of all tasks end here.

    Of a function that is wrong there are two: written anew with the failing example in view, and
    mended.
    """
    if not ctx.settings.probe:
        return
    ctx.emit(StageStarted(stage=Origin.PROBE))
    requests = [greedy(ctx, request) for request in first_requests(ctx, task, board)]
    async with aclosing(as_they_come(ctx, task, Origin.PROBE, requests)) as rounds:
        async for made in rounds:
            yield made


async def generate(ctx: Context, task: Task, board: Board) -> Rounds:
    """k candidates that do not see each other."""
    ctx.emit(StageStarted(stage=Origin.GENERATE))
    hints = await slot_hints(ctx, task)
    requests = slot_requests(ctx, task, hints, failure=failure_shown(task, board.current))
    labels = _labels(hints)
    async with aclosing(as_they_come(ctx, task, Origin.GENERATE, requests, labels)) as rounds:
        async for made in rounds:
            yield made


async def as_they_come(
    ctx: Context,
    task: Task,
    stage: Origin,
    requests: Sequence[Request],
    labels: Sequence[tuple[str, str]] = (),
) -> Rounds:
    """The candidates of each answer as soon as it is whole, or all at the end where that is set."""
    if not ctx.settings.first_proof:
        yield read_all(ctx, task, stage, await ask(ctx, stage, requests), labels)
        return
    async with aclosing(ask_each(ctx, stage, requests)) as answers:
        async for slot, answer in answers:
            yield read_all(ctx, task, stage, [answer], labels[slot : slot + 1], first_slot=slot)


def first_requests(ctx: Context, task: Task, board: Board) -> tuple[Request, ...]:
    """What a job asks first; a wrong function is never shown as one to be written."""
    info, failure = ctx.model.info, failure_shown(task, board.current)
    if not failure:
        return (to_solve(info, task),)
    mended = to_repair(info, task, code=task.statement, failure=failure)
    return (
        (mended,) if info.prompts == "trained" else (to_retry(info, task, failure=failure), mended)
    )


def failure_shown(task: Task, judged: Judged | None) -> str:
    """What a function does wrong, for a prompt; "" for a stub, and for one that is not judged."""
    failure = first_failure(judged) if judged else None
    return clip(told(task, failure)) if failure else ""


async def probed(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """The answer that the model finds likeliest, without thinking."""
    request = greedy(ctx, to_solve(ctx.model.info, task))
    return read_all(ctx, task, Origin.PROBE, await ask(ctx, Origin.PROBE, [request]))


def greedy(ctx: Context, request: Request) -> Request:
    """The answer that the model finds likeliest, without thinking."""
    return replace(
        request,
        seed=ctx.settings.seed,
        max_tokens=ctx.settings.max_tokens,
        want_states=ctx.settings.lens and ctx.model.info.has_states,
    )


async def sampled(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """k candidates at once: a plan per slot, a framing where there is none."""
    hints = await slot_hints(ctx, task)
    answers = await ask(ctx, Origin.GENERATE, slot_requests(ctx, task, hints))
    return read_all(ctx, task, Origin.GENERATE, answers, _labels(hints))


Hint = tuple[str, Perturbation | None]
"""A plan, or a framing where it is empty."""


async def slot_hints(ctx: Context, task: Task) -> list[Hint]:
    return assign_hints(ctx, await plan_search(ctx, task) if ctx.settings.plan_search else ())


def slot_requests(
    ctx: Context, task: Task, hints: Sequence[Hint], *, failure: str = ""
) -> list[Request]:
    return [
        slot_request(ctx, task, hint=hint_text(plan, framing), slot=slot, failure=failure)
        for slot, (plan, framing) in enumerate(hints)
    ]


def _labels(hints: Sequence[Hint]) -> list[tuple[str, str]]:
    return [(plan, framing.name if framing else "") for plan, framing in hints]


def assign_hints(ctx: Context, plans: Sequence[str]) -> list[Hint]:
    """k pairs (plan, framing); no framing twice. The first slot of a run without plans is plain."""
    framings = perturbations() if ctx.settings.div_sampling else ()
    hints: list[Hint] = [(plan, None) for plan in plans]
    start = ctx.settings.seed
    for slot in range(len(hints), ctx.settings.k):
        framing = framings[(start + slot) % len(framings)] if framings else None
        hints.append(("", framing))
    return hints[: ctx.settings.k]


def hint_text(plan: str, framing: Perturbation | None) -> str:
    return f"Plan: {plan}" if plan else framing.text if framing else ""


def slot_request(ctx: Context, task: Task, *, hint: str, slot: int, failure: str = "") -> Request:
    """The statement first, what differs last, so that all slots share one prefill.

    `failure` tells what the function that stands there does wrong.
    """
    info = ctx.model.info
    return replace(
        to_retry(info, task, failure=failure, hint=hint)
        if failure
        else to_solve(info, task, hint=hint),
        seed=ctx.settings.seed * 1000 + slot + 1,
        max_tokens=ctx.settings.max_tokens,
        thinking_tokens=thinking_cap(ctx.model.info, ctx.settings.thinking_tokens),
        sampling=Sampling(temperature=SLOT_TEMPERATURES[slot % len(SLOT_TEMPERATURES)], min_p=0.05),
        want_states=ctx.settings.lens and ctx.model.info.has_states,
    )


def thinking_cap(info: ModelInfo, asked: int) -> int:
    return asked if info.has_thinking else 0


def read_all(
    ctx: Context,
    task: Task,
    origin: Origin,
    answers: Sequence[Completion],
    labels: Sequence[tuple[str, str]] = (),
    *,
    parent: int | None = None,
    first_slot: int = 0,
) -> tuple[Candidate, ...]:
    """The candidates in the answers; identical code once, unreadable answers are reported."""
    made: dict[str, Candidate] = {}
    for at, answer in enumerate(answers):
        plan, framing = labels[at] if at < len(labels) else ("", "")
        found = extract_all(answer.text, task)
        if isinstance(found, ExtractionFailure):
            ctx.emit(CandidateMade(stage=origin, code=None, detail=found.reason))
            continue
        for read in found:
            code = merge(task.statement, read) if task.kind != "stdio" else read.code
            ctx.emit(CandidateMade(stage=origin, code=code))
            candidate = Candidate(
                code=code,
                origin=origin,
                seed=ctx.settings.seed * 1000 + first_slot + at,
                plan=plan or None,
                perturbation=framing or None,
                parent=parent,
                thinking_tokens=answer.thinking_tokens,
                answer_tokens=answer.answer_tokens,
                mean_logprob=answer.mean_logprob,
                min_window_logprob=answer.min_window_logprob,
                states=answer.states,
                imports=read.imports,
            )
            made.setdefault(code, candidate)
    return tuple(made.values())


def clip(text: str, most: int = LONGEST_FAILURE) -> str:
    """The text, or its ends with a mark that says how much was left out."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [... {len(text) - most} characters left out ...] {text[-half:]}"

"""Generate: the probe, plans that differ (PlanSearch), framings that differ (DivSampling)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipeline.core.ask import ask
from pipeline.core.board import Board, Rounds
from pipeline.core.context import Context
from pipeline.core.events import CandidateMade, StageStarted
from pipeline.core.task import Candidate, Origin, Task
from pipeline.generate.asking import to_solve
from pipeline.generate.plans import plan_search
from pipeline.models.api import Completion, ModelInfo, Request, Sampling
from pipeline.prompts import FOLDER
from pipeline.source.extract import ExtractionFailure, extract_all, merge

SLOT_TEMPERATURES = (0.6, 0.8, 1.0)


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


async def probe(ctx: Context, task: Task, _board: Board) -> Rounds:
    """One greedy candidate without thinking: half of all tasks end here."""
    if ctx.settings.probe:
        ctx.emit(StageStarted(stage=Origin.PROBE))
        yield await probed(ctx, task)


async def generate(ctx: Context, task: Task, _board: Board) -> Rounds:
    """k candidates that do not see each other."""
    ctx.emit(StageStarted(stage=Origin.GENERATE))
    yield await sampled(ctx, task)


async def probed(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """The answer that the model finds likeliest, without thinking."""
    request = greedy(ctx, to_solve(ctx.model.info, task))
    return read_all(ctx, task, Origin.PROBE, await ask(ctx, Origin.PROBE, [request]), [("", "")])


def greedy(ctx: Context, request: Request) -> Request:
    """The answer that the model finds likeliest, without thinking."""
    return replace(
        request,
        seed=ctx.settings.seed,
        max_tokens=ctx.settings.max_tokens,
        want_states=ctx.settings.lens and ctx.model.info.has_states,
    )


async def sampled(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """k candidates: a plan per slot, a framing where there is none."""
    plans = await plan_search(ctx, task) if ctx.settings.plan_search else ()
    hints = assign_hints(ctx, plans)
    requests = [
        slot_request(ctx, task, hint=hint_text(plan, framing), slot=slot)
        for slot, (plan, framing) in enumerate(hints)
    ]
    answers = await ask(ctx, Origin.GENERATE, requests)
    labels = [(plan, framing.name if framing else "") for plan, framing in hints]
    return read_all(ctx, task, Origin.GENERATE, answers, labels)


def assign_hints(ctx: Context, plans: Sequence[str]) -> list[tuple[str, Perturbation | None]]:
    """k pairs (plan, framing); no framing twice. The first slot of a run without plans is plain."""
    framings = perturbations() if ctx.settings.div_sampling else ()
    hints: list[tuple[str, Perturbation | None]] = [(plan, None) for plan in plans]
    start = ctx.settings.seed
    for slot in range(len(hints), ctx.settings.k):
        framing = framings[(start + slot) % len(framings)] if framings else None
        hints.append(("", framing))
    return hints[: ctx.settings.k]


def hint_text(plan: str, framing: Perturbation | None) -> str:
    return f"Plan: {plan}" if plan else framing.text if framing else ""


def slot_request(ctx: Context, task: Task, *, hint: str, slot: int) -> Request:
    """The statement first, what differs last, so that all slots share one prefill."""
    return replace(
        to_solve(ctx.model.info, task, hint=hint),
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
    labels: Sequence[tuple[str, str]],
    *,
    parent: int | None = None,
) -> tuple[Candidate, ...]:
    """The candidates in the answers; identical code once, unreadable answers are reported."""
    made: dict[str, Candidate] = {}
    for slot, (answer, (plan, framing)) in enumerate(zip(answers, labels, strict=False)):
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
                seed=ctx.settings.seed * 1000 + slot,
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

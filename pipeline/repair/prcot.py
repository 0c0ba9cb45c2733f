"""PR-CoT: one true failure, a few perspectives as parallel branches (after arXiv 2601.07780)."""

from __future__ import annotations

from dataclasses import replace

from pipeline.core.ask import ask
from pipeline.core.board import Board, Rounds, Try
from pipeline.core.context import Context
from pipeline.core.events import StageStarted
from pipeline.core.task import Candidate, Judged, Origin, Task
from pipeline.edits.minimise import smallest_failure
from pipeline.generate.asking import to_repair
from pipeline.generate.candidates import (
    clip,
    failure_shown,
    read_all,
    slot_request,
    thinking_cap,
)
from pipeline.models.api import Request, Sampling
from pipeline.repair.anchors import FRESH, pick_parent
from pipeline.repair.memory import memory_of
from pipeline.repair.policy import choose_moves, learn
from pipeline.running.judge import first_failure, runnable, told
from sandbox.api import Verdict

PERSPECTIVES = (
    ("logic", ""),
    ("missing case", "Look for a case that the code forgets."),
    ("assumption", "Question what the code takes for granted."),
    ("other algorithm", "Use another algorithm."),
)


async def repair(ctx: Context, task: Task, board: Board) -> Rounds:
    """Rounds that each learn from those before; one that brings no example more is the last.

    Without such an end small models lose by every further round (arXiv 2604.21950).
    """
    for round_ in range(ctx.settings.repair_rounds if ctx.settings.repair else 0):
        before = _most_passed(board)
        ctx.emit(StageStarted(stage=Origin.REPAIR))
        yield await repaired(ctx, task, board, round_)
        if _most_passed(board) <= before:
            return


def _most_passed(board: Board) -> int:
    return board.nearest.n_passed if board.nearest else 0


async def repaired(ctx: Context, task: Task, board: Board, round_: int) -> tuple[Candidate, ...]:
    """Branches that fix the best candidate's first failure, or start afresh where that pays more.

    Only the failure of a visible test drives an edit. () when there is none to show.
    """
    parent = pick_parent(task, board)
    failure = first_failure(parent) if parent else None
    if parent is None or failure is None:
        return ()
    moves = choose_moves(ctx, round_, ctx.settings.repair_branches, _usual_tokens(ctx, board))
    shown = await _shown(ctx, task, board, parent, failure) if "repair" in moves else ""
    requests, labels = [], []
    for branch, move in enumerate(moves):
        name, hint = PERSPECTIVES[(branch + round_) % len(PERSPECTIVES)]
        slot = 10 * round_ + branch
        requests.append(
            slot_request(
                ctx,
                task,
                hint=_new_plan(board, hint),
                slot=20 + slot,
                failure=failure_shown(task, board.current),
            )
            if move == "restart"
            else _repair_request(ctx, task, parent, shown, hint, 40 + slot)
        )
        labels.append(("", FRESH if move == "restart" else name))
    answers = await ask(ctx, Origin.REPAIR, requests)
    board.tries += [
        Try(move=move, tokens=answer.thinking_tokens + answer.answer_tokens)
        for move, answer in zip(moves, answers, strict=False)
    ]
    index = next((i for i, one in enumerate(board.judged) if one is parent), None)
    made = read_all(ctx, task, Origin.REPAIR, answers, labels, parent=index)
    return tuple(replace(one, parent=None) if one.perturbation == FRESH else one for one in made)


def learned(ctx: Context, board: Board) -> None:
    """Count what the rounds of this job brought."""
    won = [one for one in board.made_by(Origin.REPAIR) if one.passes]
    n_fresh = sum(one.candidate.perturbation == FRESH for one in won)
    learn(ctx, board.tries, {"restart": n_fresh, "repair": len(won) - n_fresh})


async def _shown(ctx: Context, task: Task, board: Board, parent: Judged, failure: Verdict) -> str:
    """One small true failure, then what was tried in vain: the same for all branches."""
    smallest = await smallest_failure(
        ctx.sandbox,
        task,
        parent.candidate.code,
        program=runnable(task, parent.candidate),
        group=ctx.group,
    )
    shown = clip(str(smallest) if smallest else told(task, failure))
    return f"{shown}\n{memory_of(task, board)}".strip()


def _usual_tokens(ctx: Context, board: Board) -> float:
    """What a candidate of this job cost; half the cap where none was made."""
    made = [one.candidate for one in board.judged if one.candidate.answer_tokens]
    total = sum(one.answer_tokens + one.thinking_tokens for one in made)
    return total / len(made) if made else ctx.settings.max_tokens / 2


def _new_plan(board: Board, hint: str) -> str:
    """A perspective for a fresh start; plans that have failed are named so as to be left alone."""
    plans = {one.candidate.plan: None for one in board.made_by(Origin.GENERATE)}
    failed = [plan for plan in plans if plan]
    if not failed:
        return hint
    return f"These plans failed, use another one: {clip('; '.join(failed))}"


def _repair_request(
    ctx: Context, task: Task, parent: Judged, failure: str, hint: str, slot: int
) -> Request:
    return replace(
        to_repair(ctx.model.info, task, code=parent.candidate.code, failure=failure, hint=hint),
        seed=ctx.settings.seed * 1000 + slot,
        max_tokens=ctx.settings.max_tokens,
        thinking_tokens=thinking_cap(ctx.model.info, ctx.settings.thinking_tokens),
        sampling=Sampling(temperature=0.7, min_p=0.05),
        want_states=ctx.settings.lens and ctx.model.info.has_states,
    )

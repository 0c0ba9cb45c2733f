"""PR-CoT: one true failure, a few perspectives as parallel branches (after arXiv 2601.07780)."""

from __future__ import annotations

from pipeline.ask import ask, user
from pipeline.board import Board
from pipeline.context import Context
from pipeline.events import Decided
from pipeline.generate import read_all, slot_request, thinking_cap
from pipeline.judge import first_failure, runnable
from pipeline.models.api import Request, Sampling
from pipeline.prompts import render
from pipeline.repair.minimise import smallest_failure
from pipeline.task import Candidate, Judged, Task

PERSPECTIVES = (
    ("logic", ""),
    ("missing case", "Look for a case that the code forgets."),
    ("assumption", "Question what the code takes for granted."),
    ("other algorithm", "Use another algorithm."),
)
LONGEST_FAILURE = 600


async def repair(ctx: Context, task: Task, board: Board, round_: int) -> tuple[Candidate, ...]:
    """Branches that fix the best candidate's first failure; from round two on one starts afresh.

    Only the failure of a visible test drives an edit. () when there is none to show.
    """
    parent = pick_parent(board)
    failure = first_failure(parent) if parent else None
    if parent is None or failure is None:
        return ()
    smallest = await smallest_failure(
        ctx.sandbox,
        task,
        parent.candidate.code,
        program=runnable(task, parent.candidate),
        group=ctx.group,
    )
    shown = str(smallest) if smallest else failure.detail
    requests, labels = [], []
    for slot in range(ctx.settings.repair_branches):
        name, hint = PERSPECTIVES[(slot + round_) % len(PERSPECTIVES)]
        fresh = round_ > 0 and slot == ctx.settings.repair_branches - 1
        requests.append(
            slot_request(ctx, task, hint=hint, slot=20 + 10 * round_ + slot)
            if fresh
            else _repair_request(ctx, task, parent, shown, hint, 40 + 10 * round_ + slot)
        )
        labels.append(("", "fresh start" if fresh else name))
    ctx.emit(
        Decided(
            what="repair round",
            choice=f"{len(requests)} branches from a candidate by {parent.candidate.origin}",
            numbers={"round": round_, "passed": parent.n_passed, "total": parent.n_visible},
        )
    )
    return read_all(ctx, task, "repair", await ask(ctx, "repair", requests), labels)


def pick_parent(board: Board) -> Judged | None:
    """The nearest miss: a failing candidate that passes most examples."""
    failing = [one for one in board.judged if one.visible and not one.passes]
    if board.current and board.current.visible and not board.current.passes:
        failing.append(board.current)
    return max(failing, key=lambda one: one.n_passed, default=None)


def _repair_request(
    ctx: Context, task: Task, parent: Judged, failure: str, hint: str, slot: int
) -> Request:
    return Request(
        messages=user(
            render("repair", source=parent.candidate.code, failure=clip(failure), hint=hint)
        ),
        seed=ctx.settings.seed * 1000 + slot,
        max_tokens=ctx.settings.max_tokens,
        thinking_tokens=thinking_cap(ctx.model.info, ctx.settings.thinking_tokens),
        sampling=Sampling(temperature=0.7, min_p=0.05),
        want_states=ctx.settings.lens and ctx.model.info.has_states,
    )


def clip(text: str, most: int = LONGEST_FAILURE) -> str:
    """The text, or its ends with a mark that says how much was left out."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [... {len(text) - most} characters left out ...] {text[-half:]}"

"""Where survivors differ, the user is asked which output is right; it becomes an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.core.task import Status

if TYPE_CHECKING:
    from atlas_lsp.window import Window
    from pipeline.job import JobResult

NEITHER = "Neither"
LONGEST = 40
"""Characters on a button."""


def possible_answers(result: JobResult) -> Iterator[tuple[str, str, JobResult]]:
    """(call, output, what is offered then) of an open question."""
    question = result.solution.question
    if question is not None:
        yield from ((question.source, output, one) for output, one in result.answers)


async def answer_of_user(window: Window, result: JobResult) -> JobResult | None:
    """What the user's answer makes of the result; None where there is no answer."""
    question = result.solution.question
    if question is None or not window.client.can_ask:
        return None
    texts = [output for output, _ in result.answers]
    titles = _titles(texts)
    shown = " or ".join(question.outputs)
    message = (
        f"candidates for `{result.site.name}` differ: what is right for {question.source}, {shown}?"
    )
    picked = await window.ask(message, (*titles, NEITHER))
    if picked in titles:
        return result.answers[titles.index(picked)][1]
    return denied(result) if picked == NEITHER else None


def denied(result: JobResult) -> JobResult:
    """The same result, which nobody may call good any more."""
    solution = result.solution
    assert solution.question is not None
    said = (
        f"you chose neither output for {solution.question.source}; write the right one as an "
        "example in the docstring, and repair"
    )
    doubted = replace(
        solution,
        status=Status.UNVERIFIED,
        evidence=(said, *solution.evidence),
        question=None,
        survivors=(),
    )
    return replace(result, solution=doubted, answers=())


def _titles(outputs: list[str]) -> list[str]:
    """Short enough for a button, and different."""
    short = [
        text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 + 1 :]}"
        for text in outputs
    ]
    return short if len(set(short)) == len(short) else ["The first", "The second"]

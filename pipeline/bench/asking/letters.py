"""A question with choices: one letter, greedily, or the one that most of k samples give."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.bench.asking.function import head, none
from pipeline.bench.conditions import Condition
from pipeline.bench.records import Answer, Cell, Json, PublicTask
from pipeline.core.ask import ask, user
from pipeline.core.context import Context
from pipeline.generate.candidates import thinking_cap
from pipeline.models.api import Completion, Request, Sampling

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How a runner asks, and how it reads the answer."""

    asked: str
    choice: str
    read: Callable[[str], str]


def last_line(text: str) -> str:
    """The letter after the last `ANSWER:`."""
    found = re.findall(r"(?i)ANSWER\s*:\s*\**\(?([A-J])\b", text)
    return found[-1].upper() if found else ""


def answer_is(text: str) -> str:
    """The letter of `The answer is (B).`, else the last one that stands alone in brackets."""
    found = re.findall(r"(?i)the (?:best |correct )?answer is:?\s*\**\(?([A-J])\b", text)
    found = found or re.findall(r"\(([A-J])\)", text)
    return found[-1].upper() if found else ""


CONVENTIONS = {
    "last-line": Convention(
        asked="Answer this multiple-choice question. Think step by step, and write as the last"
        " line of your answer `ANSWER: $LETTER`, where LETTER is one of {letters}.\n\n"
        "{question}\n\n{choices}",
        choice="{letter}) {text}",
        read=last_line,
    ),
    "lm-eval": Convention(
        asked="What is the correct answer to this question: {question}\n\nChoices:\n{choices}\n\n"
        'Let\'s think step by step, and end with "The answer is (LETTER)."',
        choice="({letter}) {text}",
        read=answer_is,
    ),
}


async def answer(ctx: Context, condition: Condition, public: PublicTask, cell: Cell) -> Answer:
    """A is one greedy answer; every other condition is a vote of its k samples."""
    way, began = CONVENTIONS[public.more["convention"]], time.monotonic()
    completions = await ask(ctx, "letters", _requests(ctx, condition, _asked(way, public)))
    ctx.ledger.wall_s = time.monotonic() - began
    letters = [way.read(one.text) for one in completions]
    votes = Counter(letter for letter in letters if letter)
    if not votes:
        return none(public, cell, "no letter could be read from the answers")
    chosen, n_votes = votes.most_common(1)[0]
    return Answer(
        **head(public, cell),
        status="unverified",
        program=chosen,
        candidates=tuple(map(_candidate, letters, completions)),
        stages=("letters",),
        detail=f"{n_votes} of {len(letters)}",
    )


def _asked(way: Convention, public: PublicTask) -> str:
    texts = public.more["choices"]
    choices = "\n".join(
        way.choice.format(letter=letter, text=text)
        for letter, text in zip(LETTERS, texts, strict=False)
    )
    letters = ", ".join(LETTERS[: len(texts)])
    return way.asked.format(question=public.source, choices=choices, letters=letters)


def _requests(ctx: Context, condition: Condition, text: str) -> list[Request]:
    is_greedy = condition.base in "AE"
    return [
        Request(
            messages=user(text),
            seed=ctx.settings.seed * 1000 + n,
            max_tokens=ctx.settings.max_tokens,
            thinking_tokens=thinking_cap(ctx.model.info, ctx.settings.thinking_tokens),
            sampling=Sampling() if is_greedy else Sampling(temperature=0.8),
        )
        for n in range(1 if is_greedy else ctx.settings.k)
    ]


def _candidate(letter: str, completion: Completion) -> Json:
    return {
        "program": letter,
        "origin": "letters",
        "tokens": completion.thinking_tokens + completion.answer_tokens,
    }

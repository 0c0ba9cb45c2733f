"""A problem in steps: each prompt shows the code that was generated for the steps before."""

from __future__ import annotations

import json
import time

from pipeline.bench.asking.function import head, none
from pipeline.bench.conditions import Condition
from pipeline.bench.records import Answer, Cell, Json, PublicTask
from pipeline.core.ask import ask, user
from pipeline.core.context import Context
from pipeline.models.api import Request
from pipeline.source.extract import code_blocks

ASKED = (
    "{problem}\n\nThis problem is solved in steps. What is imported already:\n\n"
    "```python\n{dependencies}\n```\n\nThe code of the steps before:\n\n"
    "```python\n{before}\n```\n\nThe next step:\n\n{description}\n{background}\n"
    "```python\n{header}\n\n{return_line}\n```\n\n"
    "Write this step's function, with this header and this return line, in one ```python block;"
    " no imports, no example, nothing of the steps before."
)


async def answer(ctx: Context, condition: Condition, public: PublicTask, cell: Cell) -> Answer:
    """Greedy, step by step, under every condition: no step has a visible test to choose by."""
    began = time.monotonic()
    codes: list[str] = []
    for n, step in enumerate(public.more["steps"]):
        codes.append(step["given"] or await _written(ctx, public, step, codes, n))
    ctx.ledger.wall_s = time.monotonic() - began
    if not any(code.strip() for code in codes):
        return none(public, cell, "no step's code could be read from the answers")
    return Answer(
        **head(public, cell),
        status="unverified",
        program=json.dumps(codes),
        stages=("steps",),
        detail=f"{len(codes)} steps",
    )


async def _written(ctx: Context, public: PublicTask, step: Json, codes: list[str], n: int) -> str:
    background = f"\nBackground: {step['background']}\n" if step["background"] else ""
    text = ASKED.format(
        problem=public.source,
        dependencies=public.more["dependencies"],
        before="\n\n".join(codes),
        description=step["description"],
        background=background,
        header=step["header"],
        return_line=step["return_line"],
    )
    seed = ctx.settings.seed * 1000 + n
    request = Request(messages=user(text), seed=seed, max_tokens=ctx.settings.max_tokens)
    answers = await ask(ctx, "steps", [request])
    blocks = code_blocks(answers[0].text) if answers else ()
    return "\n\n".join(blocks) if blocks else (answers[0].text if answers else "")

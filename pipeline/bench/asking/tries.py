"""A whole file in two tries: the second is shown what the tests said of the first."""

from __future__ import annotations

import time

from pipeline.bench.asking.function import head, none
from pipeline.bench.conditions import Condition
from pipeline.bench.records import Answer, Cell, Json, PublicTask
from pipeline.bench.unittests import Said, form_of, read
from pipeline.core.ask import ask
from pipeline.core.context import Context
from pipeline.models.api import Message, Request
from pipeline.source.extract import code_blocks
from sandbox.api import Job, Limits

FIRST = "first try"
MAX_OUTPUT = 4000
"""Characters of the tests' output that the second try is shown."""
LIMITS = Limits(cpu_s=60.0, wall_s=180.0, memory_mb=256)
ASKED = (
    "{instructions}\n\n####\n\nUse the instructions above to write `{file}`, which now is:\n\n"
    "```python\n{stub}\n```\n\nKeep the names of the functions and classes: other code calls them."
    " Use the standard library only. Answer with the whole file in one ```python block."
)
AGAIN = (
    "The tests said:\n\n```\n{output}\n```\n\nThe tests are right. Mend `{file}` and answer with"
    " the whole file in one ```python block."
)


async def answer(ctx: Context, condition: Condition, public: PublicTask, cell: Cell) -> Answer:
    """The last try; the first stands beside it under its own mark. One try only for A."""
    more, began = public.more, time.monotonic()
    said = ASKED.format(instructions=public.source, file=more["file"], stub=more["stub"])
    messages = [Message(role="user", content=said)]
    tries: list[str] = []
    for _ in range(1 if condition.base in "AE" else 2):
        text = await _completed(ctx, messages, len(tries))
        blocks = code_blocks(text)
        tries.append(max(blocks, key=len) if blocks else text)
        result = await _tried(ctx, tries[-1], more)
        if result.passed:
            break
        again = AGAIN.format(output=result.output[:MAX_OUTPUT], file=more["file"])
        messages += [Message(role="assistant", content=text), Message(role="user", content=again)]
    ctx.ledger.wall_s = time.monotonic() - began
    if not any(one.strip() for one in tries):
        return none(public, cell, "no file could be read from the answers")
    return Answer(
        **head(public, cell),
        status="verified" if result.passed else "unverified",
        program=tries[-1],
        candidates=tuple(_candidate(one, n) for n, one in enumerate(tries)),
        stages=("tries",),
        detail=f"{len(tries)} tries",
    )


async def _completed(ctx: Context, messages: list[Message], n: int) -> str:
    request = Request(
        messages=tuple(messages),
        seed=ctx.settings.seed * 1000 + n,
        max_tokens=4 * ctx.settings.max_tokens,
    )
    answers = await ask(ctx, "tries", [request])
    return answers[0].text if answers else ""


async def _tried(ctx: Context, program: str, more: Json) -> Said:
    form = form_of(more["tests"], (more["module"],))
    (seen,) = await ctx.sandbox.run([Job(code=program, form=form, limits=LIMITS)], group=ctx.group)
    return read(seen)


def _candidate(program: str, n: int) -> Json:
    origin = "generate" if n == 0 else "repair"
    return {"program": program, "origin": origin} | ({"mark": FIRST} if n == 0 else {})

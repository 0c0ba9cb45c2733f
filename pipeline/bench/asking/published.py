"""The protocol of the published figures: EvalPlus's chat prompt, greedy, sanitised (condition E).

The user's text holds the suite's own prompt, the answer is made to begin with a code fence, and
of what comes only the imports and what the function reaches is kept.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Awaitable, Callable

from pipeline.bench.records import PublicTask
from pipeline.core.ask import ask, user
from pipeline.core.context import Context
from pipeline.core.task import Candidate, Task
from pipeline.models.api import Completion, Request
from pipeline.syntax.text import parse

MAX_TOKENS = 768
ASKED = (
    "Please provide a self-contained Python script that solves the following problem in a"
    " markdown code block:\n```\n{prompt}\n```\n"
)
BEGUN = (
    "Below is a Python script with a self-contained function that solves the problem and passes"
    " corresponding tests:\n```python\n"
)
FENCE = "```"
Stage = Callable[[Context, Task], Awaitable[tuple[Candidate, ...]]]


def greedy(public: PublicTask) -> Stage:
    """One greedy answer to the suite's own prompt; the candidate is the whole script."""
    prompt = (public.prompt or public.source).strip()

    async def stage(ctx: Context, task: Task) -> tuple[Candidate, ...]:
        request = Request(
            messages=user(ASKED.format(prompt=prompt)),
            seed=ctx.settings.seed,
            max_tokens=MAX_TOKENS,
            stop=(f"\n{FENCE}\n",),
            prefill=BEGUN,
        )
        answers = await ask(ctx, "published", [request])
        return tuple(_candidate(ctx, task, one) for one in answers)

    return stage


def _candidate(ctx: Context, task: Task, answer: Completion) -> Candidate:
    return Candidate(
        code=sanitised(script_of(answer.text), task.entry_point),
        origin="published",  # type: ignore[arg-type,unused-ignore]
        seed=ctx.settings.seed,
        answer_tokens=answer.answer_tokens,
        mean_logprob=answer.mean_logprob,
    )


def script_of(text: str) -> str:
    """What stands in the fence that the answer was begun with, or in one of its own."""
    text = text.removeprefix(BEGUN)
    head, fence, rest = text.partition(f"{FENCE}python\n")
    return (rest if fence else head).partition(f"\n{FENCE}")[0]


def sanitised(text: str, entry: str) -> str:
    """The longest run of lines that is Python, and of that the imports and what `entry` reaches."""
    code = longest_python(text)
    tree = parse(code)
    if tree is None:
        return code
    named = {name: one for one in tree.body for name in _names(one)}
    reached, waiting = set(), [entry.partition(".")[0]]
    while waiting:
        name = waiting.pop()
        if name in named and name not in reached:
            reached.add(name)
            waiting += [n.id for n in ast.walk(named[name]) if isinstance(n, ast.Name)]
    kept = [
        one
        for one in tree.body
        if isinstance(one, ast.Import | ast.ImportFrom) or reached & set(_names(one))
    ]
    return "\n".join(ast.get_source_segment(code, one) or "" for one in kept)


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def longest_python(text: str) -> str:
    """Of all runs of lines that parse the longest; "" where there is none."""
    lines = text.splitlines()
    for length in range(len(lines), 0, -1):
        for start in range(len(lines) - length + 1):
            part = "\n".join(lines[start : start + length])
            if parse(part) is not None:
                return part
    return ""


def whole(task: Task) -> Task:
    """The task whose program is the answer as it is."""
    return dataclasses.replace(task, before="", after="", indent="")

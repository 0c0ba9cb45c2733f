"""What a model is asked for a function, and how its answer is begun for it.

Chat models get the function without its body, and an answer that already stands at the body.
A model that was trained on other prompts is asked with those, and begins by itself.
"""

from __future__ import annotations

from pipeline.core.ask import user
from pipeline.core.task import Task
from pipeline.models.api import ModelInfo, Request
from pipeline.prompts import render
from pipeline.source.extract import head_of, without_docstring

MOST_TEST_LINES = 40
"""Of the project's tests that a prompt shows: a small model reads no more of them."""


def to_solve(info: ModelInfo, task: Task, *, hint: str = "") -> Request:
    """A request to write the function (or program); seed, caps and sampling are left to fill in."""
    if info.prompts == "trained":
        return Request(
            messages=user(render("solve", style="trained", source=task.shown, hint=hint))
        )
    return _begun(task, render("solve", source=_source(task), kind=_kind(task), hint=hint))


def to_retry(info: ModelInfo, task: Task, *, failure: str, hint: str = "") -> Request:
    """To write it anew, knowing what failed; the wrong code, which would be copied, is left out."""
    if info.prompts == "trained":
        return to_solve(info, task, hint=hint)
    source, kind = _source(task), _kind(task)
    return _begun(task, render("again", source=source, kind=kind, failure=failure, hint=hint))


def to_repair(info: ModelInfo, task: Task, *, code: str, failure: str, hint: str = "") -> Request:
    """To mend `code`, of which `failure` tells what it does wrong."""
    if info.prompts == "trained":
        told = task.told(code)
        text = render("repair", style="trained", source=told, failure=failure, hint=hint)
        return Request(messages=user(text))
    wrong = code if task.kind == "stdio" else without_docstring(code)
    text = render(
        "repair",
        source=_source(task),
        kind=_kind(task),
        failure=failure,
        code=wrong.rstrip(),
        hint=hint,
    )
    return _begun(task, text)


def source_shown(info: ModelInfo, task: Task) -> str:
    """What all prompts about the task begin with, between fences."""
    return task.shown if info.prompts == "trained" else _source(task)


def _source(task: Task) -> str:
    if task.kind == "stdio":
        return task.shown.rstrip()
    head = head_of(task.told(task.statement)).rstrip()
    around = "\n".join(filter(None, (task.context.rstrip(), task.nearby.rstrip())))
    before = f"{around}\n\n\n" if around else ""
    tests = task.tested.shown(MOST_TEST_LINES) if task.tested else ""
    return f"{before}{head}" + (f"\n\n\n# Its tests\n{tests}" if tests else "")


def _kind(task: Task) -> str:
    return "program" if task.kind == "stdio" else "function"


def _begun(task: Task, prompt: str) -> Request:
    if task.kind == "stdio":
        return Request(messages=user(prompt))
    return Request(messages=user(prompt), function=_name(task), prefill=_prefill(task))


def _name(task: Task) -> str:
    parts = task.entry_point.split(".")
    return parts[-2] if parts[-1] in ("setter", "deleter") and len(parts) > 1 else parts[-1]


def _prefill(task: Task) -> str:
    """A fence, the imports of the module, the signature and the docstring."""
    lines = task.context.splitlines()
    imports = "".join(f"{line}\n" for line in lines if line.startswith(("import ", "from ")))
    gap = "\n\n" if imports else ""
    return f"```python\n{imports}{gap}{head_of(task.told(task.statement))}"

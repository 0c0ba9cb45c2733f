"""What the sandbox lacks is no fault of the code: the modules that a task needs and has not.

What it does not cover: a module that is there and fails on import.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence

from pipeline.core.context import Context
from pipeline.core.task import Judged, Task
from pipeline.syntax.text import parse
from sandbox.api import Call, Doctest, Expression, Job, Outcome, Sandbox, TestCode

HERE = "a module of the project"
"""What a relative import reaches; a program that stands alone has none."""
_NO_MODULE = re.compile(r"No module named '([^']+)'")
_ABSENT = """\
import importlib.util, sys
def absent(name):
    try:
        return name not in sys.modules and importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        return True
[name for name in {names!r} if absent(name)]
"""


async def lacking(ctx: Context, task: Task, current: Judged | None = None) -> tuple[str, ...]:
    """Names of modules that the function or its examples import and the sandbox has not.

    Also an optional import counts (`try: import numpy`): without it the code is another one.
    `current` is the function as it stands, judged: what it was seen to miss counts too.
    """
    # In a project what its own environment lacks, it lacks for its users as well.
    alone = task.loading.world is None
    found = dict.fromkeys(await absent(ctx.sandbox, task, group=ctx.group) if alone else ())
    found.update(dict.fromkeys(missed(current) if current else ()))
    return tuple(found)


async def absent(sandbox: Sandbox, task: Task, *, group: str = "") -> tuple[str, ...]:
    """The imports of the task's program and examples that the sandbox cannot find; runs at most
    one job.
    """
    asked = tuple(dict.fromkeys(_imported(task)))
    here = tuple(name for name in asked if name == HERE)
    names = [name for name in asked if name != HERE and name not in sys.stdlib_module_names]
    if not names:
        return here
    job = Job(code="", form=Expression(source=_ABSENT.format(names=names)))
    (seen,) = await sandbox.run([job], group=group)
    is_told = seen.outcome is Outcome.RETURNED and isinstance(seen.value, list)
    said = seen.value if is_told and isinstance(seen.value, list) else []
    return (*here, *(name for name in names if name in said))


def missed(judged: Judged) -> Iterator[str]:
    """The modules that its runs did not find."""
    for verdict in judged.visible:
        for seen in (verdict.observation, *verdict.observation.parts):
            if seen.outcome is Outcome.MISSING_MODULE:
                message = seen.exception.message if seen.exception else ""
                named = _NO_MODULE.search(message)
                yield named[1] if named else (message or "a module")


def _imported(task: Task) -> Iterator[str]:
    for text in (task.program(task.statement), *_examples(task)):
        tree = parse(text)
        for node in ast.walk(tree) if tree else ():
            yield from _names(node)


def _names(node: ast.AST) -> Sequence[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0] if not node.level else HERE]
    return ()


def _examples(task: Task) -> Iterator[str]:
    for test in task.tests:
        match test.form:
            case Doctest(examples=examples):
                yield "".join(example.source for example in examples)
            case Expression(source=source) | TestCode(source=source):
                yield source
            case Call():
                continue

"""How a task is put to a model, a module for each kind; a new one is found by being here.

The solver's side: no hidden test comes through here. A module gives `answer(ctx, condition,
public, cell)`; the public task says by its `kind` which one it wants.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec

from pipeline.bench.conditions import Condition
from pipeline.bench.records import Answer, Cell, PublicTask, SuiteError
from pipeline.core.context import Context

Ask = Callable[[Context, Condition, PublicTask, Cell], Awaitable[Answer]]


def way_of(public: PublicTask) -> Ask:
    """How this task is asked. Raises SuiteError for a kind that there is not."""
    name = f"{__name__}.{public.kind}"
    if not public.kind.isidentifier() or find_spec(name) is None:
        raise SuiteError(f"task {public.task_id}: nobody knows how to ask a {public.kind!r}")
    ask: Ask = import_module(name).answer
    return ask

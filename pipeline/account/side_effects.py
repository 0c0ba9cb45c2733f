"""What a repair changes beyond the failing examples, in sentences for the evidence.

Both versions run on calls that nobody complained about; a call on which the old version does not
do the same twice says nothing. This lists differences, it does not judge them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.context import Context
from pipeline.core.task import Task
from pipeline.inputs.target import NotCallable, Target, target_of
from pipeline.running.screen import LEAST_S, Seen, screen
from pipeline.source.edit import with_imports
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, SourceError, literal_of
from pipeline.testgen.cases import Case, Look, plain_case
from pipeline.testgen.plausible import fitting
from pipeline.testgen.trials import Inputs, calls_for
from sandbox.api import Call, Observation, Outcome

MOST_SENTENCES = 3
MOST_CALLS = 120
LONGEST = 60
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One call on which two versions differ."""

    source: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"changes {self.source} from {self.before} to {self.after}"


async def behaviour_changes(
    ctx: Context,
    task: Task,
    before_code: str,
    after_code: str,
    *,
    imports: Sequence[str] = (),
) -> tuple[str, ...]:
    """Sentences such as "changes f([]) from None to 0", the shortest calls first.

    `imports` are lines that `after_code` needs. () where the function cannot be called from
    outside, where nothing changes, and where the sandbox could not run it.
    """
    target = target_of_task(task)
    if target is None:
        return ()
    before = task.program(before_code)
    look = Look(sandbox=ctx.sandbox, program=before, group=ctx.group)
    inputs = Inputs.of(task, target, before_code)
    calls = await calls_for(inputs, look.returned(target), ctx.settings.seed)
    cases = [plain_case(target, call) for call in _outside(task, calls)]
    if not cases:
        return ()
    changes = await _changes(ctx, cases, before, with_imports(task.program(after_code), imports))
    changes.sort(key=lambda change: (len(str(change)), str(change)))
    return tuple(_sentences(changes, len(cases)))


def _sentences(changes: Sequence[Change], n_calls: int) -> Iterator[str]:
    """Few changes one by one; where most calls change, one of them has to do."""
    is_much = 2 * len(changes) > n_calls
    yield from map(str, changes[: 1 if is_much else MOST_SENTENCES])
    n_more = len(changes) - MOST_SENTENCES
    if is_much and len(changes) > 1:
        yield f"gives another result on {len(changes)} of {n_calls} other calls that were tried"
    elif n_more > 0:
        yield f"and on {n_more} more of {n_calls} other calls that were tried"


def target_of_task(task: Task) -> Target | None:
    """How the task's function is called; None where it cannot be, from outside."""
    if task.kind == "stdio":
        return None
    document = Document(text=task.program(task.statement))
    try:
        return target_of(document, find_function(document, task.entry_point))
    except (NotCallable, SourceError):
        return None


def _outside(task: Task, calls: Sequence[Call]) -> list[Call]:
    """Calls like those of the examples, without those calls themselves."""
    known = {repr(call) for call in task.calls}
    return [call for call in fitting(task, calls) if repr(call) not in known][:MOST_CALLS]


async def _changes(ctx: Context, cases: Sequence[Case], before: str, after: str) -> list[Change]:
    tests = [case.test for case in cases]

    async def screened(programs: Sequence[str], hash_seed: int) -> Sequence[Seen]:
        return await screen(
            ctx.sandbox,
            programs,
            tests,
            limit_s=LEAST_S,
            patience=len(tests),
            hash_seed=hash_seed,
            group=ctx.group,
        )

    old, new = await screened([before, after], 0)
    (again,) = await screened([before], 1)
    found = []
    for i, case in enumerate(cases):
        was, twice, now = (_did(one.observed[i]) for one in (old, again, new))
        is_told = was is not None and now is not None and len(was) + len(now) <= 2 * LONGEST
        if is_told and was == twice and was and now and not _same(was, now):
            found.append(Change(source=case.lines[-1], before=was, after=now))
    return found


def _did(seen: Observation) -> str | None:
    """What a call showed; None where it was not seen, or shows where something lies in memory."""
    if seen.outcome is not Outcome.RETURNED or not seen.got:
        return None
    exception = seen.parts[-1].exception
    if exception is not None:
        return f"raising {exception.type}"
    said = seen.got[-1].strip() or "None"
    return None if _ADDRESS.search(said) else said


def _same(one: str, other: str) -> bool:
    """Equal as text, or as values (the order of a set means nothing)."""
    if one == other:
        return True
    value = literal_of(one)
    return value is not None and value == literal_of(other) and "{" in one

"""What a repair changes of the calls that the project's tests make, in sentences for the evidence.

Only calls count that give the same again on the function as it was: what depends on something else
than its arguments says nothing. This lists differences, it does not judge them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.core.context import Context
from pipeline.core.task import Judged, Task
from pipeline.core.wording import many
from pipeline.source.edit import with_imports
from sandbox.api import (
    Batch,
    CallSeen,
    Job,
    Observation,
    Outcome,
    Policy,
    Raises,
    Returns,
    Test,
    Verdict,
)
from sandbox.verdicts import judge

MOST_NAMED = 3
LONGEST = 60
"""Characters of a call, and of a result."""


async def recorded_changes(ctx: Context, task: Task, best: Judged) -> tuple[str, ...]:
    """How many of the recorded calls give what they gave, and the shortest of those that do not.

    () for a stub, where nothing was recorded, and where the sandbox could not run it.
    """
    calls = task.tested.recorded if task.tested and not task.is_stub else ()
    if not calls:
        return ()
    made = best.candidate
    after = with_imports(task.program(made.code), made.imports)
    form = Batch(parts=tuple(call.form for call in calls))
    jobs = [Job(code=code, form=form) for code in (task.program(task.statement), after)]
    old, new = await ctx.sandbox.run(jobs, group=ctx.group)
    rows = list(zip(calls, old.parts, new.parts, strict=False))
    steady = [(call, now, _of(call, now)) for call, was, now in rows if _of(call, was).passed]
    told = [one for one in steady if one[2].is_evidence]
    changed = [(call, now) for call, now, verdict in told if not verdict.passed]
    return tuple(_sentences(changed, len(told)))


def _of(call: CallSeen, seen: Observation) -> Verdict:
    """Whether it gives what was recorded."""
    expect = (
        Raises(type=call.raised) if call.raised else Returns(value=call.value, policy=Policy.EXACT)
    )
    test = Test(test_id=call.shown, form=call.form, expect=expect)
    return judge(test, seen)


def _sentences(changed: Sequence[tuple[CallSeen, Observation]], n_all: int) -> Iterator[str]:
    if not n_all:
        return
    what = f"{many(n_all, 'different call')} that the project's tests make"
    yield f"gives another result on {len(changed)} of {what}"
    told = sorted(
        (f"changes {call.shown} from {_recorded(call)} to {_told(now)}" for call, now in changed),
        key=lambda text: (len(text), text),
    )
    yield from [text for text in told if len(text) <= 4 * LONGEST][:MOST_NAMED]


def _recorded(call: CallSeen) -> str:
    return f"raising {call.raised}" if call.raised else repr(call.value)


def _told(seen: Observation) -> str:
    if seen.exception is not None:
        return f"raising {seen.exception.type}"
    return repr(seen.value) if seen.outcome is Outcome.RETURNED else seen.outcome.value

"""What candidates do on generated inputs, and which of them do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.context import Context
from pipeline.judge import runnable
from pipeline.select.inputs import mutated_calls, visible_calls
from pipeline.task import Judged, Task
from sandbox.api import Batch, Call, Job, Limits, Observation, Outcome

QUICK = Limits(cpu_s=0.5, wall_s=1.5)
N_FIRST, MAX_HUNG = 6, 2
"""A candidate that hangs on so many of the first inputs is not asked about the others."""
HUNG = "hangs"


@dataclass(frozen=True, kw_only=True)
class Behaviours:
    """One row per candidate, one column per valid input; equal texts mean equal behaviour."""

    inputs: tuple[Call, ...]
    rows: tuple[tuple[str, ...], ...]

    def clusters(self) -> tuple[tuple[int, ...], ...]:
        """Indices of candidates that did the same everywhere, in order of the first one."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, row in enumerate(self.rows):
            groups.setdefault(row, []).append(index)
        return tuple(tuple(group) for group in groups.values())

    def difference(self, one: int, other: int) -> tuple[Call, str, str] | None:
        """The shortest input on which two candidates differ, with both outputs."""
        differing = [
            (call, a, b)
            for call, a, b in zip(self.inputs, self.rows[one], self.rows[other], strict=True)
            if a != b
        ]
        return min(differing, key=lambda found: len(repr(found[0])), default=None)


async def behaviours(ctx: Context, task: Task, pool: Sequence[Judged]) -> Behaviours:
    """Run every candidate on mutated visible inputs, each in one process of its own.

    Inputs on which no candidate returns a value are dropped: they are probably not valid.
    """
    calls = mutated_calls(visible_calls(task), seed=ctx.settings.seed)
    if not calls or not pool:
        return Behaviours(inputs=(), rows=((),) * len(pool))
    table: list[list[str]] = [[] for _ in pool]
    for chunk in (calls[:N_FIRST], calls[N_FIRST:]):
        rows = [i for i, row in enumerate(table) if chunk and row.count(HUNG) < MAX_HUNG]
        jobs = [
            Job(code=runnable(task, pool[i].candidate), form=Batch(parts=chunk), limits=QUICK)
            for i in rows
        ]
        for i, seen in zip(rows, await ctx.sandbox.run(jobs, group=ctx.group), strict=True):
            did_all = [did(part) for part in seen.parts]
            table[i] += did_all if len(did_all) == len(chunk) else ["broken"] * len(chunk)
    table = [row + [HUNG] * (len(calls) - len(row)) for row in table]
    valid = [i for i in range(len(calls)) if any(row[i].startswith("= ") for row in table)]
    return Behaviours(
        inputs=tuple(calls[i] for i in valid),
        rows=tuple(tuple(row[i] for i in valid) for row in table),
    )


def did(part: Observation) -> str:
    """What one run did, as a text that is equal for equal behaviour."""
    if part.outcome is Outcome.RETURNED:
        return f"= {part.value!r}"
    if part.outcome is Outcome.RAISED and part.exception:
        return f"raises {part.exception.type}"
    if part.outcome in (Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL):
        return HUNG
    return str(part.outcome)

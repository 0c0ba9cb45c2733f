"""What candidates do on generated inputs, and which of them do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.context import Context
from pipeline.core.task import Judged, Task
from pipeline.inputs.mutated import mutated_calls
from pipeline.running.judge import runnable
from pipeline.running.matrix import BROKEN, HUNG, PROGRAM, behaviour, mutated_samples, plan_of
from sandbox.api import Batch, Call, Job, Limits, Observation, Outcome, Program

QUICK = Limits(cpu_s=0.5, wall_s=1.5)
RETURNED = "= "
"""How the text of a returned value begins."""
TAKEN = 0.8
"""Share of the candidates that take the best guessed input; others must be taken by so many."""
N_FIRST, MAX_HUNG = 6, 2
"""A candidate that hangs on so many of the first inputs is not asked about the others."""


@dataclass(frozen=True, kw_only=True)
class Behaviours:
    """One row per candidate, one column per valid input; equal texts mean equal behaviour."""

    inputs: tuple[Call | Program, ...]
    rows: tuple[tuple[str, ...], ...]

    def clusters(self) -> tuple[tuple[int, ...], ...]:
        """Indices of candidates that did the same everywhere, in order of the first one."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, row in enumerate(self.rows):
            groups.setdefault(row, []).append(index)
        return tuple(tuple(group) for group in groups.values())

    def difference(self, one: int, other: int) -> tuple[Call | Program, str, str] | None:
        """The shortest input on which two candidates differ, with both outputs."""
        differing = [
            (call, a, b)
            for call, a, b in zip(self.inputs, self.rows[one], self.rows[other], strict=True)
            if a != b
        ]
        return min(differing, key=lambda found: len(repr(found[0])), default=None)


async def behaviours(
    ctx: Context, task: Task, pool: Sequence[Judged], more: Sequence[Program] = ()
) -> Behaviours:
    """Run every candidate on mutated visible inputs, and a program on `more` too.

    Without an example the inputs are made from the annotations, or guessed. Inputs on which no
    candidate returns a value are dropped: they are probably not valid.
    """
    forms = [*_mutated(task, ctx.settings.seed), *more]
    if not forms or not pool:
        return Behaviours(inputs=(), rows=((),) * len(pool))
    programs = [runnable(task, one.candidate) for one in pool]
    table: list[list[str]] = [[] for _ in pool]
    for chunk in (forms[:N_FIRST], forms[N_FIRST:]):
        rows = [i for i, row in enumerate(table) if chunk and row.count(HUNG) < MAX_HUNG]
        for i, texts in zip(rows, await _did(ctx, [programs[i] for i in rows], chunk), strict=True):
            table[i] += texts
    table = [row + [HUNG] * (len(forms) - len(row)) for row in table]
    taken = [sum(row[i].startswith(RETURNED) for row in table) for i in range(len(forms))]
    # What was made without any example fits where it fits most of them.
    least = 1.0 if task.visible else max(1.0, TAKEN * max(taken))
    valid = [i for i, n in enumerate(taken) if n >= least]
    return Behaviours(
        inputs=tuple(forms[i] for i in valid),
        rows=tuple(tuple(row[i] for i in valid) for row in table),
    )


def _mutated(task: Task, seed: int) -> Sequence[Call | Program]:
    if task.kind != "stdio" and task.visible:
        return mutated_calls(task.calls, seed=seed)
    if task.kind != "stdio":
        forms = [column.form for column in plan_of(task, seed=seed).columns]
        return [form for form in forms if isinstance(form, Call)]
    return mutated_samples(task, seed)


async def _did(
    ctx: Context, programs: Sequence[str], forms: Sequence[Call | Program]
) -> list[list[str]]:
    """[program][form]; calls share a process for each program, programs have one each."""
    calls = tuple(form for form in forms if isinstance(form, Call))
    if calls:
        jobs = [Job(code=code, form=Batch(parts=calls), limits=QUICK) for code in programs]
        found = [
            [did(part) for part in seen.parts]
            for seen in await ctx.sandbox.run(jobs, group=ctx.group)
        ]
        return [row if len(row) == len(calls) else [BROKEN] * len(calls) for row in found]
    jobs = [Job(code=code, form=form, limits=PROGRAM) for code in programs for form in forms]
    every = [behaviour(seen) for seen in await ctx.sandbox.run(jobs, group=ctx.group)]
    return [every[i : i + len(forms)] for i in range(0, len(every), len(forms))]


def did(part: Observation) -> str:
    """What one run did, as a text that is equal for equal behaviour."""
    if part.outcome is Outcome.RETURNED:
        return f"{RETURNED}{part.value!r}"
    if part.outcome is Outcome.RAISED and part.exception:
        return f"raises {part.exception.type}"
    if part.outcome in (Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL):
        return HUNG
    return str(part.outcome)

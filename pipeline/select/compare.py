"""The candidates of a live job in one matrix, for all who compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.context import Context
from pipeline.core.task import Judged, Task
from pipeline.running.judge import runnable
from pipeline.running.matrix import Behaviours, Matrix, matrix_of, plan_of
from sandbox.api import Program


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A matrix and whose rows it holds."""

    matrix: Matrix
    pool: tuple[Judged, ...]

    def places(self, some: Sequence[Judged]) -> list[int]:
        """Their indices in the matrix."""
        known = {id(one): place for place, one in enumerate(self.pool)}
        return [known[id(one)] for one in some]

    def behaviours(self, some: Sequence[Judged]) -> Behaviours:
        """What these do on inputs like those of the examples, or on guessed ones."""
        return self.matrix.behaviours_of(self.places(some), ("visible",))


async def compare(
    ctx: Context, task: Task, pool: Sequence[Judged], more: Sequence[Program] = ()
) -> Compared:
    """Run them on the visible inputs and on made ones; costs no token. Raises SandboxError.

    `more` are inputs for programs, beside those that are made of the samples.
    """
    unique = tuple({id(one): one for one in pool}.values())
    programs = [runnable(task, one.candidate) for one in unique]
    plan = plan_of(task, seed=ctx.settings.seed, more=more)
    matrix = await matrix_of(ctx.sandbox, task.task_id, plan, programs, group=ctx.group)
    return Compared(matrix=matrix, pool=unique)

"""Mechanical repair as a stage of the engine: patches become candidates."""

from __future__ import annotations

from pipeline.context import Context
from pipeline.events import Progress
from pipeline.repair.mechanical import repair_mechanically
from pipeline.task import Candidate, Task

MOST_PATCHES = 3


async def mechanical(ctx: Context, task: Task) -> tuple[Candidate, ...]:
    """The best few plausible patches of the function as it stands, found without the model."""
    ctx.emit(Progress(message="mechanical: trying small edits"))
    patches = await repair_mechanically(
        ctx.sandbox, task, deadline_s=ctx.settings.mechanical_s, jobs_group=ctx.group
    )
    return tuple(
        Candidate(code=patch.code, origin="mechanical", plan="; ".join(patch.edits))
        for patch in patches[:MOST_PATCHES]
    )

"""P(right) of the candidates of a live job, where the posterior was calibrated for its model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline.core.context import Context
from pipeline.core.events import Decided, StageEnded
from pipeline.core.task import Judged, Task
from pipeline.lens.record import lens_folder
from pipeline.running.judge import runnable
from pipeline.running.matrix import matrix_of, plan_of
from pipeline.select.evidence import draw
from pipeline.select.posterior import Posterior, from_json, nearest
from sandbox.api import Program

STAGE = "posterior"
PACKAGED = Path(__file__).parent


def calibration_file(sha256: str) -> str:
    return f"{sha256[:16]}.posterior.json"


@lru_cache(maxsize=4)
def calibrated_for(sha256: str, folder: Path | None = None) -> tuple[Posterior, ...]:
    """The weights fitted on this very model file: the user's, then those shipped; else none."""
    for place in (folder or lens_folder(), PACKAGED):
        try:
            data = json.loads((place / calibration_file(sha256)).read_text("utf-8"))
            if sha256 and data.get("model_sha256") == sha256:
                return from_json(data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return ()


async def weigh(
    ctx: Context, task: Task, pool: Sequence[Judged], more: Sequence[Program] = ()
) -> dict[int, float]:
    """P(right) of each candidate, by id(); empty, aloud, where nothing was calibrated.

    `pool` holds samples of the model only: small edits share a parent, which was not calibrated.
    `more` are inputs for programs, beside those that are made of the samples.
    Raises ModelError and SandboxError.
    """
    kinds = _kinds(ctx, task)
    model = nearest(calibrated_for(ctx.model.info.sha256), kinds, max(1, len(pool)))
    if model is None or not pool:
        why = "no sample to weigh" if model else f"not calibrated for {ctx.model.info.name}"
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail=why))
        return {}
    programs = [runnable(task, one.candidate) for one in pool]
    plan = plan_of(task, seed=ctx.settings.seed, more=more)
    matrix = await matrix_of(ctx.sandbox, task.task_id, plan, programs, group=ctx.group)
    if not matrix.inputs and not task.visible:
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail="no input to compare candidates on"))
        return {}
    seen = draw(matrix, range(len(pool)), kinds)
    chances = model.of(seen)
    said = {
        id(pool[place]): model.calibrated(float(chances[at]))
        for at, group in enumerate(seen.groups)
        for place in group.members
    }
    ctx.emit(
        Decided(
            what=STAGE,
            choice=f"{max(said.values()):.0%} for the likeliest of {len(seen.groups)} behaviours",
            numbers={"none": float(chances[-1]), "groups": len(seen.groups), "k": model.k},
        )
    )
    ctx.emit(StageEnded(stage=STAGE, acted=True, detail=f"weighed {len(pool)} candidates"))
    return said


def _kinds(ctx: Context, task: Task) -> tuple[str, ...]:
    wanted = {"visible": bool(task.visible), "agreement": ctx.settings.agreement}
    return tuple(kind for kind, use in wanted.items() if use)

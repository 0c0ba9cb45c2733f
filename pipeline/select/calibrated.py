"""P(right) of the candidates of a live job, where the posterior was calibrated for its model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.core.context import Context
from pipeline.core.events import Decided, StageEnded
from pipeline.core.task import Judged, Task
from pipeline.lens.record import lens_folder
from pipeline.running.matrix import Matrix
from pipeline.select.compare import Compared
from pipeline.select.evidence import draw
from pipeline.select.posterior import Posterior, from_json, nearest

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


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Candidates in groups of equal behaviour, the likeliest first."""

    groups: tuple[tuple[int, ...], ...]
    """Places among those considered, the most frequent program first."""
    chances: tuple[float, ...]
    """Calibrated, one for each group."""
    none: float
    """P(all are wrong), as the sum of the evidence says it."""


def weighed(
    matrix: Matrix, considered: Sequence[int], kinds: Sequence[str], model: Posterior
) -> Weighed:
    """The one log-odds sum over the evidence, for live candidates and recorded ones."""
    seen = draw(matrix, considered, kinds)
    raw = [float(chance) for chance in model.of(seen)]
    order = sorted(range(len(seen.groups)), key=lambda at: -raw[at])
    return Weighed(
        groups=tuple(seen.groups[at].members for at in order),
        chances=tuple(model.calibrated(raw[at]) for at in order),
        none=raw[-1],
    )


def weigh(ctx: Context, task: Task, pool: Sequence[Judged], compared: Compared) -> dict[int, float]:
    """P(right) of each candidate, by id(); empty, aloud, where nothing was calibrated.

    `pool` holds samples of the model only: small edits share a parent, which was not calibrated.
    """
    kinds = _kinds(ctx, task)
    model = nearest(calibrated_for(ctx.model.info.sha256), kinds, max(1, len(pool)))
    if model is None or not pool:
        why = "no sample to weigh" if model else f"not calibrated for {ctx.model.info.name}"
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail=why))
        return {}
    if not compared.matrix.inputs and not task.visible:
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail="no input to compare candidates on"))
        return {}
    found = weighed(compared.matrix, compared.places(pool), kinds, model)
    said = {
        id(pool[place]): chance
        for group, chance in zip(found.groups, found.chances, strict=True)
        for place in group
    }
    ctx.emit(
        Decided(
            what=STAGE,
            choice=f"{max(said.values()):.0%} for the likeliest of {len(found.groups)} behaviours",
            numbers={"none": found.none, "groups": len(found.groups), "k": model.k},
        )
    )
    ctx.emit(StageEnded(stage=STAGE, acted=True, detail=f"weighed {len(pool)} candidates"))
    return said


def _kinds(ctx: Context, task: Task) -> tuple[str, ...]:
    wanted = {"visible": bool(task.visible), "agreement": ctx.settings.agreement}
    return tuple(kind for kind, use in wanted.items() if use)

"""P(right) of the candidates of a live job, where the posterior was calibrated for its model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
CAUTIOUS = "any.posterior.json"
"""Fitted across models, each foretold by the others; for those that nobody calibrated."""


def calibration_file(sha256: str) -> str:
    return f"{sha256[:16]}.posterior.json"


@dataclass(frozen=True, kw_only=True)
class FittedWeights:
    """Weights for a model, and whether they were fitted on this very file."""

    models: tuple[Posterior, ...]
    is_own: bool


@lru_cache(maxsize=4)
def calibrated_for(sha256: str, folder: Path | None = None) -> FittedWeights:
    """The weights fitted on this very model file: the user's, then those shipped; else the
    cautious ones, from other models.
    """
    for place in (folder or lens_folder(), PACKAGED):
        if sha256 and (own := _read(place / calibration_file(sha256), sha256)):
            return FittedWeights(models=own, is_own=True)
    return FittedWeights(models=_read(PACKAGED / CAUTIOUS, ""), is_own=False)


def _read(path: Path, sha256: str) -> tuple[Posterior, ...]:
    """() for a file that is not there, is torn, or belongs to another model."""
    try:
        data = json.loads(path.read_text("utf-8"))
        return from_json(data) if data.get("model_sha256") == sha256 else ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
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


@dataclass(frozen=True, kw_only=True)
class Odds:
    """P(right) of each candidate."""

    chances: Mapping[int, float] = field(default_factory=dict)
    """By id(); empty where nothing could be weighed."""
    is_own: bool = True
    """Fitted on this very model; else across others, and only as sure as the least of them."""


def weigh(ctx: Context, task: Task, pool: Sequence[Judged], compared: Compared) -> Odds:
    """Says aloud why there is nothing where there is nothing.

    `pool` holds samples of the model only: small edits share a parent, which was not calibrated.
    """
    kinds = _kinds(ctx, task)
    calibration = calibrated_for(ctx.model.info.sha256)
    model = nearest(calibration.models, kinds, max(1, len(pool)))
    if model is None or not pool:
        why = "no sample to weigh" if model else "no weights for this evidence"
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail=why))
        return Odds()
    if not compared.matrix.inputs and not task.visible:
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail="no input to compare candidates on"))
        return Odds()
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
    whose = "" if calibration.is_own else " with other models' odds"
    ctx.emit(StageEnded(stage=STAGE, acted=True, detail=f"weighed {len(pool)} candidates{whose}"))
    return Odds(chances=said, is_own=calibration.is_own)


def _kinds(ctx: Context, task: Task) -> tuple[str, ...]:
    wanted = {"visible": bool(task.visible), "agreement": ctx.settings.agreement}
    return tuple(kind for kind, use in wanted.items() if use)

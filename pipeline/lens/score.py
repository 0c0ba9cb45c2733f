"""What a lens says of candidates, in numpy; everything doubtful is an `Abstained` with its reason.

The lens is a tie-break: its log-odds are calibrated on unseen tasks and clipped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.task import Candidate
from pipeline.lens.record import (
    PACKAGED,
    Head,
    Lens,
    LensError,
    lens_folder,
    lens_name,
    load_lens,
)
from pipeline.models.api import HiddenStates, ModelInfo

if TYPE_CHECKING:
    from pipeline.lens.record import Array

CLIP = 0.7
"""Nats; a lens never outweighs a test (docs/decisions/lens.md)."""
FAR = 2.0
"""How many times farther from the training data than any of it is out of distribution."""


@dataclass(frozen=True, kw_only=True)
class Abstained:
    reason: str
    """One plain sentence."""


def lens_log_odds(
    candidates: Sequence[Candidate], model: ModelInfo, *, lens: Lens | None = None
) -> tuple[float, ...] | Abstained:
    """What the hidden states add to the log-odds of each candidate being right, within +-CLIP.

    Relative to the training's base rate, so it is a term of a log-odds sum.
    Without `lens` the one that is installed for the model; it must have earned its place.
    """
    found = lens or installed_lens(model)
    if isinstance(found, Abstained):
        return found
    if not found.earns_its_place:
        return Abstained(reason=f"the lens of {found.model_name} did not beat the free measures")
    energies = energies_of(candidates, model, found)
    if isinstance(energies, Abstained):
        return energies
    prior = math.log(found.base_rate / (1 - found.base_rate))
    odds = [found.energy.slope * one + found.energy.offset - prior for one in energies]
    return tuple(max(-CLIP, min(CLIP, one)) for one in odds)


def energies_of(
    candidates: Sequence[Candidate], model: ModelInfo, lens: Lens
) -> tuple[float, ...] | Abstained:
    """C(x) of each candidate, low is good; all of them or none: unknown is never best."""
    misfit = _misfit(model, lens)
    if misfit:
        return Abstained(reason=misfit)
    values = []
    for index, candidate in enumerate(candidates):
        value = _value(lens.energy, features(candidate.states, lens.dim))
        if isinstance(value, Abstained):
            return Abstained(reason=f"candidate {index}: {value.reason}")
        values.append(value)
    return tuple(values)


def installed_lens(model: ModelInfo) -> Lens | Abstained:
    """The lens for this very model file: the user's own one first, then the packaged one."""
    if not model.sha256:
        return Abstained(reason=f"{model.name or 'the model'} has no sha256 to find a lens by")
    return _installed(model.sha256, lens_folder())


@lru_cache(maxsize=4)
def _installed(sha256: str, folder: Path) -> Lens | Abstained:
    for path in (folder / lens_name(sha256), PACKAGED / lens_name(sha256)):
        if path.is_file():
            try:
                return load_lens(path)
            except LensError as exc:
                return Abstained(reason=str(exc))
    return Abstained(reason="no lens was trained for this model; `atlas lens train` makes one")


def features(states: HiddenStates | None, dim: int) -> Array | Abstained:
    """Problem and code as one vector of 3 * dim: prompt's last state, mean of the code, last."""
    import numpy as np

    if states is None:
        return Abstained(reason="it came without hidden states")
    parts = (states.prompt_last, states.mean_code, states.last)
    if any(part.shape != (dim,) for part in parts):
        return Abstained(reason=f"its states are not of dimension {dim}")
    return np.concatenate(parts).astype(np.float32)


def apply(head: Head, x: Array) -> Array:
    """The head's value for each row of x, shape (m, n)."""
    import numpy as np

    z = np.clip((x - head.mean) / head.std, -CLAMP, CLAMP)
    inner = z @ head.w1.T + head.b1
    value: Array = (inner * (0.5 + 0.5 * np.tanh(inner / 2))) @ head.w2 + head.b2
    return value


CLAMP = 8.0
"""Standard deviations; beyond them a state counts as this far away."""


def distance(head: Head, x: Array) -> Array:
    """Mean square of each standardised row: how far from the training data it lies."""
    import numpy as np

    found: Array = np.square((x - head.mean) / head.std).mean(axis=1)
    return found


def _value(head: Head, x: Array | Abstained) -> float | Abstained:
    import numpy as np

    if isinstance(x, Abstained):
        return x
    if not np.isfinite(x).all():
        return Abstained(reason="its states hold values that are no numbers")
    row = x[None, :]
    far = float(distance(head, row)[0])
    if not far <= FAR * head.farthest:
        return Abstained(reason="its states are unlike all that the lens was trained on")
    value = float(apply(head, row)[0])
    return value if math.isfinite(value) else Abstained(reason="its energy is no number")


def _misfit(model: ModelInfo, lens: Lens) -> str:
    if model.sha256 != lens.model_sha256:
        given = f"{model.name} ({model.sha256[:12] or 'no sha256'})"
        trained = f"{lens.model_name} ({lens.model_sha256[:12]})"
        return f"the lens was trained for {trained}, not for {given}"
    if model.dim != lens.dim:
        return f"the model's states have dimension {model.dim}, the lens was trained for {lens.dim}"
    return ""

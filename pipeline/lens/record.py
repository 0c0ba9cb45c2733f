"""A trained lens as a file: weights as safetensors, facts as JSON in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

FORMAT = "atlas-lens-1"
PACKAGED = Path(__file__).parent / "data"
MAX_BYTES = 64 << 20
"""More than any lens has; a larger file is refused unread."""


class LensError(Exception):
    """A file that is no lens or no pool, or too few labels; its text is one line with the mend."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """`w2 . silu(w1 z + b1) + b2` of a standardised input, and Platt's line over it."""

    mean: Array
    """Shape (n,), as `std`."""
    std: Array
    w1: Array
    """Shape (hidden, n)."""
    b1: Array
    w2: Array
    """Shape (hidden,)."""
    b2: float
    slope: float
    """Log-odds of being right = slope * value + offset; negative for an energy."""
    offset: float
    farthest: float
    """Largest mean square of a standardised input in training."""


@dataclass(frozen=True, kw_only=True)
class Lens:
    """What was trained, for which model, on how much."""

    model_sha256: str
    model_name: str
    dim: int
    """Of the model's states; the energy reads three of them."""
    energy: Head
    base_rate: float
    """Share of right candidates in training."""
    earns_its_place: bool
    """On unseen tasks it told right from wrong better than every free measure."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained and what was measured."""


def lens_folder() -> Path:
    """Where lenses that a user trained are looked for: beside the models."""
    return user_data_path("atlas", appauthor=False) / "lenses"


def lens_name(model_sha256: str) -> str:
    """The file name of a model's lens."""
    return f"{model_sha256[:16]}.safetensors"


def save_lens(lens: Lens, path: Path) -> None:
    """Write the file. Raises OSError."""
    import numpy as np
    from safetensors.numpy import save

    head = lens.energy
    tensors = {
        f"energy.{part}": np.ascontiguousarray(getattr(head, part), np.float32)
        for part in ("mean", "std", "w1", "b1", "w2")
    }
    scalars = [head.b2, head.slope, head.offset, head.farthest]
    tensors["energy.scalars"] = np.array(scalars, dtype=np.float64)
    about = {
        "model_sha256": lens.model_sha256,
        "model_name": lens.model_name,
        "dim": lens.dim,
        "base_rate": lens.base_rate,
        "earns_its_place": lens.earns_its_place,
        "facts": dict(lens.facts),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"format": FORMAT, "about": json.dumps(about, sort_keys=True)}
    path.write_bytes(save(tensors, metadata=metadata))


def load_lens(path: Path) -> Lens:
    """Read the file. Raises LensError for everything that is no whole, finite lens."""
    import numpy as np

    tensors, about = read_tensors(path, FORMAT)
    try:
        lens = Lens(
            model_sha256=str(about["model_sha256"]),
            model_name=str(about["model_name"]),
            dim=int(about["dim"]),
            energy=_head(tensors, "energy"),
            base_rate=float(about["base_rate"]),
            earns_its_place=about["earns_its_place"] is True,
            facts=about["facts"],
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise LensError(f"{path} is no whole lens ({exc}); `atlas lens train` makes one") from exc
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise LensError(f"{path} holds weights that are no numbers; train it anew")
    if len(lens.energy.mean) != 3 * lens.dim:
        raise LensError(f"{path} does not fit states of dimension {lens.dim}; train it anew")
    return lens


def read_tensors(path: Path, expected: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and the JSON of a file that we wrote. Raises LensError."""
    import numpy as np
    from safetensors import SafetensorError, safe_open

    try:
        if path.stat().st_size > MAX_BYTES and expected == FORMAT:
            raise LensError(f"{path} has more than {MAX_BYTES >> 20} MB; that is no lens")
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            tensors = {name: np.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") != expected:
            raise LensError(f"{path} is no {expected} file but {metadata.get('format')!r}")
        about = json.loads(metadata["about"])
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise LensError(f"no file at {path}; `atlas lens harvest` and `train` make them") from exc
    except (SafetensorError, KeyError, ValueError) as exc:
        raise LensError(f"{path} is damaged or no safetensors file: {exc}") from exc
    return tensors, about


def _head(tensors: Mapping[str, Any], name: str) -> Head:
    mean, std, w1, b1, w2 = (tensors[f"{name}.{p}"] for p in ("mean", "std", "w1", "b1", "w2"))
    n, hidden = len(mean), len(b1)
    if (std.shape, w1.shape, w2.shape) != ((n,), (hidden, n), (hidden,)):
        raise ValueError(f"the shapes of {name} do not fit each other")
    b2, slope, offset, farthest = map(float, tensors[f"{name}.scalars"])
    return Head(
        mean=mean, std=std, w1=w1, b1=b1, w2=w2,
        b2=b2, slope=slope, offset=offset, farthest=farthest,
    )  # fmt: skip

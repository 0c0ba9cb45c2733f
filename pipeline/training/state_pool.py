"""Labelled candidates with their hidden states: what a lens is trained and measured on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.lens.record import LensError, read_tensors

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FORMAT = "atlas-lens-pool-1"
COLUMNS = (
    "x",
    "task",
    "passed",
    "visible",
    "greedy",
    "mean_logprob",
    "min_window_logprob",
    "n_chars",
    "n_prompt_tokens",
    "cluster",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class StatePool:
    """One row per candidate; all arrays have its length."""

    x: npt.NDArray[np.float32]
    """Shape (n, 3 * dim): prompt's last state, mean of the code, last."""
    task: npt.NDArray[np.int32]
    """Index into `keys`."""
    passed: npt.NDArray[np.bool_]
    """Every hidden test of its (training) task passed in the sandbox."""
    visible: npt.NDArray[np.bool_]
    """Every visible test passed."""
    greedy: npt.NDArray[np.bool_]
    mean_logprob: npt.NDArray[np.float32]
    min_window_logprob: npt.NDArray[np.float32]
    n_chars: npt.NDArray[np.int32]
    n_prompt_tokens: npt.NDArray[np.int32]
    cluster: npt.NDArray[np.float32]
    """Share of the task's candidates that behave alike on generated inputs; NaN: unknown."""
    keys: tuple[str, ...]
    """One per task: tasks with the same key are never split."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Model, settings, and what was left out with its count."""

    @property
    def dim(self) -> int:
        return int(self.x.shape[1]) // 3

    @property
    def n_tasks(self) -> int:
        return len(self.keys)

    def rows(self, chosen: npt.NDArray[np.bool_]) -> StatePool:
        """The chosen candidates only; tasks keep their numbers."""
        columns = {name: getattr(self, name)[chosen] for name in COLUMNS}
        return StatePool(**columns, keys=self.keys, about=self.about)


def save_pool(pool: StatePool, path: Path) -> None:
    """Raises OSError."""
    import numpy as np
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(getattr(pool, name)) for name in COLUMNS}
    about = json.dumps({"about": dict(pool.about), "keys": pool.keys}, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save(tensors, metadata={"format": FORMAT, "about": about}))


def load_pool(path: Path) -> StatePool:
    """Raises LensError for a file that is no whole pool."""
    import numpy as np

    tensors, about = read_tensors(path, FORMAT)
    missing = [name for name in COLUMNS if name not in tensors]
    if missing or {len(tensors[name]) for name in COLUMNS} != {len(tensors["x"])}:
        raise LensError(f"{path} is no whole pool (column {(missing or ['x'])[0]!r}); harvest anew")
    if not np.isfinite(tensors["x"]).all():
        raise LensError(f"{path} holds states that are no numbers; harvest anew")
    columns = {name: tensors[name] for name in COLUMNS}
    return StatePool(**columns, keys=tuple(about["keys"]), about=about["about"])


def require_labels(pool: StatePool, *, tasks: int, failures: int) -> None:
    """Raises LensError where there is too little to learn from, with the counts."""
    n_failures, n_right = int((~pool.passed).sum()), int(pool.passed.sum())
    if pool.n_tasks < tasks or n_failures < failures or n_right < failures:
        raise LensError(
            f"the pool has {pool.n_tasks} tasks, {n_right} right and {n_failures} wrong candidates;"
            f" it takes {tasks} tasks and {failures} of each: harvest more"
        )


def join(pools: Sequence[StatePool]) -> StatePool:
    """Several harvests of one model as one. Raises LensError for different models."""
    import numpy as np

    models = {pool.about.get("model_sha256") for pool in pools}
    if len(models) != 1:
        raise LensError("the pools are of different models; train one lens for each")
    starts = np.cumsum([0, *(pool.n_tasks for pool in pools)])
    columns = {name: np.concatenate([getattr(p, name) for p in pools]) for name in COLUMNS}
    shifted = [pool.task + start for pool, start in zip(pools, starts, strict=False)]
    columns["task"] = np.concatenate(shifted).astype(np.int32)
    keys = tuple(key for pool in pools for key in pool.keys)
    return StatePool(**columns, keys=keys, about=pools[0].about)

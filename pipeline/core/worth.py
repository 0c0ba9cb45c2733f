"""Which rungs are worth their tokens on a model: what they were seen to bring, by size, as data.

Points of solved tasks per use; `worth.json` says where each figure comes from.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.models.api import ModelInfo

TABLE = Path(__file__).with_name("worth.json")

Rung = Literal["plans", "judge", "self_tests"]


def pays(info: ModelInfo, rung: Rung) -> bool:
    """Whether the rung was seen to bring anything on models of this size."""
    return gain_of(info, rung) > 0


def gain_of(info: ModelInfo, rung: Rung) -> float:
    """Points per use; what is told for an unknown size where the backend does not say it."""
    return float(_rungs(info)[rung]["gain"])


def _rungs(info: ModelInfo) -> dict[str, Any]:
    table = _table()
    if not info.n_params:
        return dict(table["unknown"])
    fitting = (s for s in table["sizes"] if s["below"] is None or info.n_params < s["below"])
    return dict(next(fitting)["rungs"])


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table

"""nano-bench, the hidden part: for scorers only; a process that solves must never import it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

HIDDEN = Path(__file__).parent / "data" / "nano_bench.hidden.jsonl.gz"
CANARY = "atlas-nano-bench-hidden-6f1d2c9e"
"""In every record; must never show up in what a solver reads or writes."""


@dataclass(frozen=True, kw_only=True)
class HiddenTests:
    task_id: str
    tests: tuple[tuple[str, str], ...]
    """(expression, repr of what it should give)."""
    reference: str
    """A right function, without docstring."""


def load_hidden() -> dict[str, HiddenTests]:
    """Hidden tests by task id."""
    with gzip.open(HIDDEN, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {
        row["task_id"]: HiddenTests(
            task_id=row["task_id"],
            tests=tuple((expression, expected) for expression, expected in row["tests"]),
            reference=row["reference"],
        )
        for row in rows
    }

"""nano-bench, the public part: stubs with visible doctests.

The hidden tests live in `pipeline.nano.hidden`, which only scorers may import.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["seen", "composed", "unseen", "repair"]
PARTS: tuple[Part, ...] = ("seen", "composed", "unseen", "repair")
PUBLIC = Path(__file__).parent / "data" / "nano_bench.jsonl.gz"


@dataclass(frozen=True, kw_only=True)
class BenchTask:
    task_id: str
    part: Part
    """`seen`: trained families with new values, names, wordings.
    `composed`: joins that training never showed. `unseen`: families that it never showed.
    `repair`: all of these, with a wrong body.
    """
    source: str
    """The function as a user has it: signature, docstring with doctests, stub or wrong body."""
    entry_point: str


def load_bench(part: Part | None = None) -> tuple[BenchTask, ...]:
    """The tasks of one part, or of all, in the order of the file."""
    with gzip.open(PUBLIC, "rt", encoding="utf-8") as lines:
        tasks = tuple(BenchTask(**json.loads(line)) for line in lines)
    return tuple(t for t in tasks if part is None or t.part == part)

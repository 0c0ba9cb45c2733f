"""What is known of models beyond their files: a table by the name that a file gives itself."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict

TABLE = Path(__file__).with_name("traits.json")


class Traits(TypedDict, total=False):
    """Fields of ModelInfo."""

    prompts: Literal["chat", "trained"]


def traits_of(name: str) -> Traits:
    """{} for a model that the table does not know."""
    return _table().get(name, {})


@cache
def _table() -> dict[str, Traits]:
    table: dict[str, Traits] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table

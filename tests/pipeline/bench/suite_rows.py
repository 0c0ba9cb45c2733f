"""Suites that the tests make themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

WriteSuite = Callable[..., Path]


def double_task(n: int, **more: Any) -> dict[str, Any]:
    """A task that the scripted model of `drive.py` can solve."""
    source = f'''def double(n):
    """Twice n, task {n}.

    >>> double(2)
    4
    >>> double({n + 3})
    {2 * (n + 3)}
    """
'''
    row = {
        "task_id": f"double/{n}",
        "part": ("even", "odd")[n % 2],
        "source": source,
        "entry_point": "double",
        "hidden_tests": [{"input": [x], "output": 2 * x} for x in (-7, 60, 11 + n)],
    }
    return row | more


@pytest.fixture
def write_suite(tmp_path: Path) -> WriteSuite:
    """Writes rows as JSONL and gives the path."""

    def write(rows: Sequence[object], name: str = "suite.jsonl") -> Path:
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write

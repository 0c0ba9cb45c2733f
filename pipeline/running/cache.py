"""Matrices on disk, a file for each task, so that no program runs twice for the same plan."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from pipeline.running.matrix import FORMAT, QUICK, Matrix, MatrixPlan


class Cache:
    """A folder of matrices; a file that is torn or of another format counts as missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Matrix | None:
        try:
            with gzip.open(self._folder / f"{key}.json.gz", "rt", encoding="utf-8") as file:
                return matrix_from(json.load(file))
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, matrix: Matrix) -> None:
        """Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{key}.json.gz"
        torn = path.with_name(f".torn-{os.getpid()}-{path.name}")
        torn.write_bytes(gzip.compress(json.dumps(as_json(matrix)).encode(), 3))
        torn.replace(path)


def key_of(
    task_id: str, plan: MatrixPlan, programs: tuple[str, ...], *, only_survivors: bool
) -> str:
    """Names what would be run: the plan, the programs, the limits and the format."""
    what = repr((FORMAT, QUICK, plan, programs, only_survivors))
    digest = hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{''.join(c if c.isalnum() else '_' for c in task_id)[:60]}-{digest}"


def as_json(matrix: Matrix) -> dict[str, Any]:
    """Behaviours as indices into their distinct texts."""
    texts: dict[str, int] = {}
    rows = [[texts.setdefault(t, len(texts)) for t in row] for row in matrix.behaviours]
    kept = asdict(replace(matrix, forms=()))
    return {**kept, "behaviours": rows, "texts": list(texts)}


def matrix_from(data: dict[str, Any]) -> Matrix:
    """The other way. Raises KeyError, TypeError, ValueError for what is no matrix."""
    texts = data.pop("texts")
    behaviours = tuple(tuple(texts[i] for i in row) for row in data["behaviours"])
    columns = {f.name: _frozen(data[f.name]) for f in fields(Matrix)}
    return Matrix(**{**columns, "behaviours": behaviours})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value

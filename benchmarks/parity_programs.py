"""The programs of `parity`: references, right ones made from them by rewriting, mutated ones."""

from __future__ import annotations

import ast
import copy
import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.syntax.text import parse

SIX = {
    "Mbpp/234": "def volume_cube(l):\n    return l*l*l\n",
    "Mbpp/606": "import math\ndef radian_degree(d):\n    return math.radians(d)\n",
    "Mbpp/581": "import math\ndef surface_Area(b, h):\n"
    "    return round(b * b + 2 * b * math.sqrt((b / 2) ** 2 + h * h))\n",
    "Mbpp/558": "def digit_distance_nums(a, b):\n    x, y = str(a), str(b)\n"
    "    n = max(len(x), len(y))\n"
    "    return sum(abs(int(p) - int(q)) for p, q in zip(x.zfill(n), y.zfill(n)))\n",
    "Mbpp/14": "def find_Volume(a, b, c):\n    return 0.5*a*b*c\n",
    "Mbpp/731": "import math\ndef lateralsurface_cone(r, h):\n"
    "    return math.pi * r * (r * r + h * h) ** 0.5\n",
}
"""Right programs that were failed before the rule was EvalPlus's own."""


@dataclass(frozen=True, kw_only=True)
class Case:
    task_id: str
    kind: str
    """`reference`, `six`, `right` or `wrong`."""
    solution: str


def known(path: Path, *, quick: bool) -> Iterator[Case]:
    """Each reference, and those of the six whose task is in this suite."""
    sources = {row["task_id"]: _reference(row) for row in _rows(path)}
    for task_id, source in list(sources.items())[: 10 if quick else None]:
        yield Case(task_id=task_id, kind="reference", solution=source)
    for task_id, source in SIX.items():
        if task_id in sources:
            yield Case(task_id=task_id, kind="six", solution=source)


def drawn(path: Path, kind: str, seed: int) -> Iterator[Case]:
    """Without end: `right` or `wrong` programs made from references, no two the same."""
    rows, seen = _rows(path), set()
    rng, made = random.Random(f"{seed} {kind}"), {"right": right, "wrong": wrong}[kind]
    while True:
        row = rng.choice(rows)
        solution = made(_reference(row), row["entry_point"], rng)
        if solution is not None and solution not in seen:
            seen.add(solution)
            yield Case(task_id=row["task_id"], kind=kind, solution=solution)


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _reference(row: dict[str, Any]) -> str:
    return str(row["prompt"] + row["canonical_solution"])


def right(source: str, entry: str, rng: random.Random) -> str | None:
    """Another text that does the same: turned comparisons, swapped branches, a wrapper."""
    tree = parse(source)
    if tree is None:
        return None
    if rng.random() < 0.35:
        inner = rng.choice(_SAME)
        return f"{source}\n\n_own = {entry}\ndef {entry}(*args):\n    out = _own(*args)\n{inner}"
    places = [n for n in ast.walk(tree) if _turn(copy.deepcopy(n)) is not None]
    if not places:
        return None
    chosen = set(map(id, rng.sample(places, min(len(places), rng.randint(1, 4)))))
    return ast.unparse(ast.fix_missing_locations(_Replace(chosen, _turn).visit(tree)))


_SAME = (
    "    import copy\n    return copy.deepcopy(out)\n",
    "    return out * (1 + 1e-12) if type(out) is float else out\n",
    "    return [*out] if type(out) is list else out\n",
    "    return out + 0 if type(out) in (int, float) else out\n",
    "    return dict(out) if type(out) is dict else out\n",
)
_MIRROR = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
           ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}  # fmt: skip


def _turn(node: ast.AST) -> ast.AST | None:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[other]) if type(op) in _MIRROR:
            return ast.Compare(left=other, ops=[_MIRROR[type(op)]()], comparators=[left])
        case ast.If(test=test, body=body, orelse=[_, *_] as orelse):
            turned = ast.UnaryOp(op=ast.Not(), operand=test)
            return ast.If(test=turned, body=orelse, orelse=body)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            turned = ast.UnaryOp(op=ast.Not(), operand=test)
            return ast.IfExp(test=turned, body=orelse, orelse=body)
    return None


def wrong(source: str, entry: str, rng: random.Random) -> str | None:
    """One small thing changed, in the program or in what it returns."""
    tree = parse(source)
    if tree is None:
        return None
    if rng.random() < 0.5:
        inner = rng.choice(_SPOILT)
        return f"{source}\n\n_own = {entry}\ndef {entry}(*args):\n    out = _own(*args)\n{inner}"
    places = [n for n in ast.walk(tree) if _spoil(copy.deepcopy(n), random.Random(0)) is not None]
    if not places:
        return None
    chosen = {id(rng.choice(places))}
    spoilt = _Replace(chosen, lambda node: _spoil(node, rng)).visit(tree)
    return ast.unparse(ast.fix_missing_locations(spoilt))


_SPOILT = (
    "    return tuple(out) if type(out) is list else list(out) if type(out) is tuple else out\n",
    "    return out * (1 + 1e-4) if type(out) is float else out\n",
    "    return out + 1e-7 if type(out) is float else out\n",
    "    return out + 1 if type(out) is int else out\n",
    "    return float(out) if type(out) is int else out\n",
    "    return int(out) if type(out) is bool else not out\n",
    "    return out[::-1] if type(out) in (list, tuple, str) else None\n",
    "    return out[:-1] if type(out) in (list, tuple, str) else str(out)\n",
    "    return [*out, *out[:1]] if type(out) is list else out\n",
    "    return iter(out) if type(out) is list else out\n",
    "    return args[0] if args else out\n",
    "    raise ValueError(out)\n",
    "    import sys\n    sys.exit(0)\n",
    "    print(out)\n",
)
_OTHER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
          ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
          ast.FloorDiv: ast.Div, ast.Div: ast.FloorDiv, ast.Mod: ast.FloorDiv,
          ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip


def _spoil(node: ast.AST, rng: random.Random) -> ast.AST | None:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[other]) if type(op) in _OTHER:
            return ast.Compare(left=left, ops=[_OTHER[type(op)]()], comparators=[other])
        case ast.BinOp(left=left, op=op, right=other) if type(op) in _OTHER:
            return ast.BinOp(left=left, op=_OTHER[type(op)](), right=other)
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(op=_OTHER[type(op)](), values=values)
        case ast.Constant(value=bool() as value):
            return ast.Constant(value=not value)
        case ast.Constant(value=int() as value):
            return ast.Constant(value=value + rng.choice((1, -1)))
    return None


class _Replace(ast.NodeTransformer):
    def __init__(self, chosen: set[int], change: Any) -> None:
        self._chosen, self._change = chosen, change

    def visit(self, node: ast.AST) -> Any:
        wanted = id(node) in self._chosen
        node = self.generic_visit(node)
        return (self._change(node) or node) if wanted else node

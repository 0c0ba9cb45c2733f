"""Small wrong versions of a right body: one operator, constant, name or condition changed."""

from __future__ import annotations

import ast
import copy
from random import Random

_COMPARES: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
    ast.Div: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
}
_NAMES = {
    "min": "max",
    "max": "min",
    "sum": "len",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "upper": "lower",
    "lower": "upper",
    "append": "extend",
    "startswith": "endswith",
    "endswith": "startswith",
    "keys": "values",
    "values": "keys",
    "lstrip": "rstrip",
    "isdigit": "isalpha",
    "isalpha": "isdigit",
}


def mutate(body: str, rng: Random) -> str | None:
    """A changed body, or None where nothing can be changed; may by chance behave the same."""
    tree = ast.parse("def f():\n" + "\n".join("    " + line for line in body.splitlines()))
    spots = [node for node in ast.walk(tree) if _changes(node)]
    if not spots:
        return None
    rng.choice(_changes(rng.choice(spots)))()
    changed = ast.unparse(tree)
    return "\n".join(line[4:] for line in changed.splitlines()[1:])


def _changes(node: ast.AST) -> list[_Change]:
    changes: list[_Change] = []
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        changes += [_Change(node, "ops", [op()]) for op in _COMPARES.get(type(node.ops[0]), ())]
    if isinstance(node, ast.BinOp):
        changes += [_Change(node, "op", op()) for op in _OPERATORS.get(type(node.op), ())]
    if isinstance(node, ast.BoolOp):
        changes.append(_Change(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()))
    if isinstance(node, ast.Constant) and type(node.value) is int:
        changes += [
            _Change(node, "value", node.value + 1),
            _Change(node, "value", abs(node.value - 1)),
        ]
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        changes.append(_Change(node, "value", not node.value))
    if isinstance(node, ast.Name) and node.id in _NAMES:
        changes.append(_Change(node, "id", _NAMES[node.id]))
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        changes.append(_Change(node, "attr", _NAMES[node.attr]))
    if isinstance(node, ast.comprehension) and node.ifs:
        changes.append(_Change(node, "ifs", []))
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.UnaryOp):
        negated = ast.UnaryOp(op=ast.Not(), operand=copy.deepcopy(node.test))
        changes.append(_Change(node, "test", negated))
    if isinstance(node, ast.Slice) and node.lower is None and node.upper is not None:
        changes += [_Change(node, "lower", node.upper), _Change(node, "upper", None)]
    return changes


class _Change:
    def __init__(self, node: ast.AST, field: str, value: object) -> None:
        self._node, self._field, self._value = node, field, value

    def __call__(self) -> None:
        setattr(self._node, self._field, self._value)

"""Plain values that can be read from an expression without running it: a bit more than literals.

`list(range(3))`, `"a b".split()`, `[1] * 3`, `dict(a=1)`; an iterator is read as its list.
"""

from __future__ import annotations

import ast

from pipeline.syntax.text import Literal, literal_of

LONGEST = 60
"""Items or characters of a value that is made by repeating or counting."""
_BOXES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "sorted": sorted}
_AS_LIST = {"iter", "deque"}


def readable(node: ast.expr) -> Literal | None:
    """The value, or None. Nothing of the code is run: only our own `range`, `*` and `+`."""
    found = literal_of(node)
    if found is not None:
        return found
    try:
        return _made(node)
    except (TypeError, ValueError, OverflowError, MemoryError):
        return None


def _made(node: ast.expr) -> Literal | None:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            values = [readable(item) for item in items]
            if not all(values):
                return None
            box = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
            return Literal(box(one.value for one in values if one))
        case ast.Dict(keys=keys, values=values):
            pairs = [
                (key and readable(key), readable(value))
                for key, value in zip(keys, values, strict=True)
            ]
            if not all(key and value for key, value in pairs):
                return None
            return Literal({key.value: value.value for key, value in pairs if key and value})
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return _called(name, args, keywords)
        case ast.Call(func=ast.Attribute(value=value, attr="split"), args=[]):
            text = readable(value)
            return Literal(text.value.split()) if text and isinstance(text.value, str) else None
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() as op, right=right):
            return _arithmetic(readable(left), op, readable(right))
    return None


def _called(name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Literal | None:
    if name == "dict" and not args:
        named = {k.arg: readable(k.value) for k in keywords}
        return Literal({k: v.value for k, v in named.items() if v}) if all(named.values()) else None
    given = [readable(arg) for arg in args]
    if not all(given) or keywords:
        return None
    values = [one.value for one in given if one]
    ends = [v for v in values if isinstance(v, int)]
    if name == "range" and ends and len(ends) == len(values):
        counted = range(*ends)
        return Literal(list(counted)) if len(counted) <= LONGEST else None
    if name in _AS_LIST and len(values) == 1:
        return Literal(list(values[0]))  # type: ignore[call-overload]
    if name in _BOXES and len(values) <= 1:
        return Literal(_BOXES[name](*values))  # type: ignore[operator]
    return None


def _arithmetic(left: Literal | None, op: ast.operator, right: Literal | None) -> Literal | None:
    if left is None or right is None:
        return None
    one, other = left.value, right.value
    if isinstance(op, ast.Add):
        return Literal(one + other)  # type: ignore[operator]
    n = other if isinstance(other, int) else one
    size = len(one) if isinstance(one, str | list | tuple) else 1
    if not isinstance(n, int) or abs(n) * size > LONGEST:
        return None
    return Literal(one * other)  # type: ignore[operator]

"""Literal values in code: in an expression, and in the tables of a module that a function reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from pipeline.syntax.text import literal_of

MOST_KEYS = 40
_BOXES = {"set", "frozenset", "tuple", "list", "dict", "OrderedDict", "MappingProxyType"}
Tables = Mapping[str, tuple[object, ...]]
"""For each name that stands for a table its keys, or its items."""


def constants_in(*nodes: ast.expr) -> list[object]:
    """The literal that each expression is; the items of a tuple, a list or a set of them."""
    found: list[object] = []
    for node in nodes:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            found += constants_in(*node.elts)
        elif (value := literal_of(node)) is not None and _is_scalar(value.value):
            found.append(value.value)
    return found


def tables_of(module: ast.Module, node: ast.AST) -> Tables:
    """Of the module's own top level, then of the function."""
    found = {}
    for stmt in (*module.body, *ast.walk(node)):
        for name, value in _assigned(stmt):
            if keys := tuple(_keys(value))[:MOST_KEYS]:
                found[name] = keys
    return found


def table_values(node: ast.expr, tables: Tables) -> list[object]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return list(tables.get(name, ()))
        case ast.Dict():
            return list(_keys(node))
    return []


def _assigned(stmt: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match stmt:
        case ast.Assign(targets=targets, value=value):
            yield from ((t.id, value) for t in targets if isinstance(t, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def _keys(node: ast.expr) -> Iterator[object]:
    match node:
        case ast.Dict(keys=keys):
            yield from constants_in(*(key for key in keys if key is not None))
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            yield from constants_in(*items)
            yield from (
                value
                for item in items
                if isinstance(item, ast.Tuple) and item.elts
                for value in constants_in(item.elts[0])
            )
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]):
            if name in _BOXES:
                yield from _keys(first)
        case ast.DictComp(generators=[ast.comprehension(iter=over)]):
            yield from _keys(over)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)

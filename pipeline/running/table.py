"""A table of the wanted values is no solution: a candidate that holds them beside their inputs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from pipeline.core.task import Task
from pipeline.syntax.text import literal_of, parse
from sandbox.api import Call

TOO_PLAIN = frozenset(map(repr, (None, True, False, 0, 1, -1, 2, "", [], (), {}, set())))
"""Values that stand in honest code for many reasons."""
LEAST, MOST = 2, 0.6
"""So many examples, and this share of those that count, make a table."""


def is_table(task: Task, code: str) -> str:
    """Why the code looks like a table of the examples, in words; "" where it does not.

    Of an example both the inputs and the wanted value stand in it as literals; or the wanted values
    stand in a literal with holes, which something that was computed of the inputs looks up.
    """
    tree = parse(code)
    if tree is None:
        return ""
    return _by_inputs(task, tree) or _by_computed_key(task, tree)


def _by_inputs(task: Task, tree: ast.Module) -> str:
    pairs = ((_inputs(call), want) for call, want in task.results)
    telling = [(of, want) for of, want in pairs if not {*map(repr, of), repr(want)} <= TOO_PLAIN]
    if len(telling) < LEAST:
        return ""
    written = frozenset(_literals(tree))
    there = written | TOO_PLAIN

    def is_held(inputs: Sequence[object], want: object) -> bool:
        if not {*map(repr, inputs), repr(want)} <= there:
            return False
        # A plain value proves nothing beside an input that honest code may name, as a word.
        is_whole = repr(want) in written and any(map(_is_long, inputs))
        return repr(want) not in TOO_PLAIN or is_whole

    n_held = sum(is_held(inputs, want) for inputs, want in telling)
    if n_held < LEAST or n_held < MOST * len(telling):
        return ""
    of = f"{n_held} of {len(telling)} examples"
    return f"inputs and wanted values of {of} stand in it as literals"


def _inputs(call: Call) -> tuple[object, ...]:
    return (*call.args, *call.kwargs.values())


def _is_long(value: object) -> bool:
    """Nothing that a program names for another reason than that it was an example."""
    match value:
        case str():
            return len(value) > 12 or len(value.split()) > 1
        case list() | tuple() | dict() | set():
            return len(value) > 1
        case int() | float():
            return abs(value) >= 100 or value != value // 1
    return False


def _by_computed_key(task: Task, tree: ast.Module) -> str:
    """`{15: 2, 3: 0, 7: 3}[len(s)]`; not `days[n % 7]`, which has something for every key."""
    wanted = [repr(want) for _, want in task.results]
    for node in ast.walk(tree):
        values = _looked_up(node)
        n_there = sum(want in values for want in wanted)
        if len(set(wanted)) > LEAST and values and n_there >= MOST * len(wanted):
            of = f"{n_there} of {len(wanted)} examples"
            return f"wanted values of {of} stand in a table with holes in it"
    return ""


def _looked_up(node: ast.AST) -> frozenset[str]:
    """The values of a literal with holes that a computed key is looked up in."""
    match node:
        case ast.Subscript(value=holder, slice=key):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Dict() as holder, attr="get"), args=[key, *_]):
            pass
        case _:
            return frozenset()
    found = literal_of(holder)
    if found is None or not isinstance(key, ast.Call | ast.BinOp):
        return frozenset()
    match found.value:
        case dict() as table if sorted(map(repr, table)) != sorted(map(repr, range(len(table)))):
            return frozenset(map(repr, table.values()))
        case list() | tuple() as row if row and 2 * max(map(row.count, row)) >= len(row) > 3:
            return frozenset(map(repr, row))
    return frozenset()


def _literals(tree: ast.Module) -> Iterator[str]:
    """Every literal, also as a list or a tuple, since a key of a dict must be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.UnaryOp):
            found = literal_of(node)
            if found is None:
                continue
            yield repr(found.value)
            if isinstance(found.value, tuple):
                yield repr(list(found.value))
            if isinstance(found.value, list):
                yield repr(tuple(found.value))

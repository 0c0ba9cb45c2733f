"""A table of the wanted values is no solution: a candidate that holds them beside their inputs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipeline.core.task import Task
from pipeline.syntax.text import literal_of, parse

TOO_PLAIN = frozenset(map(repr, (None, True, False, 0, 1, -1, 2, "", [], (), {}, set())))
"""Values that stand in honest code for many reasons."""
LEAST, MOST = 2, 0.6
"""So many examples, and this share of those that count, make a table."""


def is_table(task: Task, code: str) -> str:
    """Why the code looks like a table of the examples, in words; "" where it does not.

    Of an example both the inputs and the wanted value must stand in it as literals.
    """
    telling = [(args, want) for args, want in _pairs(task) if not {*args, want} <= TOO_PLAIN]
    tree = parse(code)
    if tree is None or len(telling) < LEAST:
        return ""
    there = frozenset(_literals(tree)) | TOO_PLAIN
    held = [want for args, want in telling if {*args, want} <= there and want not in TOO_PLAIN]
    if len(held) < LEAST or len(held) < MOST * len(telling):
        return ""
    of = f"{len(held)} of {len(telling)} examples"
    return f"inputs and wanted values of {of} stand in it as literals"


def _pairs(task: Task) -> Iterator[tuple[frozenset[str], str]]:
    for call, want in task.results:
        yield frozenset(map(repr, (*call.args, *call.kwargs.values()))), repr(want)


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

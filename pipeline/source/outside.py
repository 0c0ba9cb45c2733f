"""What a function changes of what it neither made nor was given; found in its syntax tree.

Beside `capabilities`, for tests that share a process with the candidate: what is left in a class or
a table of the module can make one test pass for what another did. What it does not cover: methods
that change their object (`TABLE.append`).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from pipeline.syntax.text import parse

CHANGES = "changes what others use"


def changes_outside(before: str, after: str) -> tuple[str, ...]:
    """The first such change of `after`, in words; () where `before` makes one too."""
    if any(_changes(before)):
        return ()
    return tuple(f"{CHANGES} ({where})" for where in _changes(after))[:1]


def _changes(code: str) -> Iterator[str]:
    tree = parse(code)
    if tree is None:
        return
    declared = {n for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names}
    local = frozenset(_bound_in(tree)) - declared
    yield from (f"global {name}" for name in sorted(declared))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if not isinstance(root, ast.Name) or root.id not in local:
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("setattr", "delattr"):
            owner = node.args[0] if node.args else None
            if not isinstance(owner, ast.Name) or owner.id not in local:
                yield ast.unparse(node)


def _bound_in(tree: ast.AST) -> Iterator[str]:
    """Parameters, and names that are bound to something that the function made or was given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield from () if hasattr(builtins, node.id) else (node.id,)

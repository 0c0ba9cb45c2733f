"""A module's text without the answers that its docstrings give away: what runs is never the key.

Lines stay where they are, so that tracebacks and traced lines mean the same. What it does not
cover: answers in comments, in other strings, or in files that the module reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from pipeline.syntax.text import parse

_OPENING = re.compile(r"[A-Za-z]{0,2}(\"\"\"|'''|\"|')")


def blanked(text: str, examples: Sequence[str] = ()) -> str:
    """The text with doctests, and lines that hold one of the `examples`, blank in its docstrings.

    Text that does not parse comes back as it is.
    """
    tree = parse(text) if ">>>" in text or any(one in text for one in examples) else None
    if tree is None:
        return text
    lines = text.split("\n")
    for node in _docstrings(tree):
        _blank(lines, node, examples)
    return "\n".join(lines)


def inner_lines(function: str) -> tuple[str, ...]:
    """The lines of the function's docstring, as they stand, but the first and the last."""
    tree = parse(function)
    holder = ast.Module(body=tree.body[:1], type_ignores=[]) if tree else None
    found = next(_docstrings(holder), None) if holder else None
    if found is None:
        return ()
    return tuple(function.split("\n")[found.lineno : (found.end_lineno or found.lineno) - 1])


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        first = node.body[0] if isinstance(node, scopes) and node.body else None
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value


def _blank(lines: list[str], node: ast.Constant, examples: Sequence[str]) -> None:
    """In place. The first and the last line keep their quotes."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    opening = _OPENING.match(lines[first][len(head) :])
    if opening is None:
        return
    start = len(head) + opening.end()
    end = len(lines[last].encode()[: node.end_col_offset].decode()) - len(opening[1])
    is_inside = False
    for at in range(first, last + 1):
        low = start if at == first else 0
        high = end if at == last else len(lines[at])
        inner = lines[at][low:high]
        is_inside = inner.strip().startswith(">>>") or (is_inside and bool(inner.strip()))
        if is_inside or any(one in inner for one in examples):
            lines[at] = lines[at][:low] + lines[at][high:]

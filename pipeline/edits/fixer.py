"""What is plainly wrong with an answer and can be put right without a model or a search.

A result that is computed and not returned, and a name that is bound nowhere and one letter off
from one that is. Imports that are missing come with the reading of the answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipeline.core.task import Task
from pipeline.source.names import BUILTINS, bound, needed
from pipeline.syntax.text import Document, parse

SHORTEST = 3
"""Letters of a name; shorter ones are all alike."""


def fixes(task: Task, code: str) -> Iterator[tuple[str, str]]:
    """(code, what was done) for each fault that is found; the code is the whole function."""
    tree = parse(code)
    if tree is None or not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        return
    fixed, done = _with_return(code, tree.body[0])
    if done:
        yield fixed, done
    renamed = _with_names(task, code, tree.body[0])
    if renamed is not None:
        yield renamed


def _with_return(code: str, function: ast.FunctionDef) -> tuple[str, str]:
    """The function with the value of its last statement returned, if it returns nothing at all."""
    last = function.body[-1]
    own = [n for n in ast.walk(function) if isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom))]
    document = Document(text=code)
    if own:
        return code, ""
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Constant):
        at = document.offset_of_node(last.lineno, last.col_offset)
        return f"{code[:at]}return {code[at:]}", "return what the last line computes"
    name = _result_name(function)
    if not name:
        return code, ""
    unit = " " * last.col_offset
    return f"{code.rstrip()}\n{unit}return {name}\n", f"return {name}"


def _result_name(function: ast.FunctionDef) -> str:
    """What the function fills: the first name that it binds at its top level."""
    parameters = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    for stmt in function.body:
        if isinstance(stmt, (ast.Assign, ast.AnnAssign)):
            names = sorted(bound(stmt) - parameters)
            if len(names) == 1:
                return names[0]
    return ""


def _with_names(task: Task, code: str, function: ast.FunctionDef) -> tuple[str, str] | None:
    """The function with each unknown name replaced by the one known name that is like it."""
    module = parse(task.before + task.indent + "pass\n" + task.after)
    there = frozenset().union(*(bound(s) for s in module.body)) if module else frozenset()
    if module is None or "*" in there:
        return None
    local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    local |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    known = there | local | {function.name, *BUILTINS}
    unknown = needed(code) - there - BUILTINS - {function.name}
    swaps = {}
    for name in unknown:
        alike = [k for k in known - unknown if len(k) >= SHORTEST and is_one_off(name, k)]
        if len(alike) == 1:
            swaps[name] = alike[0]
    if not swaps:
        return None
    return _replaced(code, function, swaps), "; ".join(f"{a} is {b}" for a, b in swaps.items())


def _replaced(code: str, function: ast.FunctionDef, swaps: dict[str, str]) -> str:
    document = Document(text=code)
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in swaps]
    places = [(document.offset_of_node(n.lineno, n.col_offset), n.id) for n in names]
    for at, name in sorted(places, reverse=True):
        code = code[:at] + swaps[name] + code[at + len(name) :]
    return code


def is_one_off(a: str, b: str) -> bool:
    """One letter is other, missing, too many, or has changed places with the next one."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(min(a, b)))
    if len(a) == len(b):
        return a[head + 1 :] == b[head + 1 :] or (
            a[head : head + 2] == b[head : head + 2][::-1] and a[head + 2 :] == b[head + 2 :]
        )
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    at = next((i for i, (x, y) in enumerate(zip(longer, shorter, strict=False)) if x != y), -1)
    return longer[:at] + longer[at + 1 :] == shorter if at >= 0 else longer[:-1] == shorter

"""Which names a piece of a module binds and which it needs; statically,
so it errs on the side of needing more.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator

from pipeline.syntax.text import parse, scopes_of

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "__builtins__"}
_DYNAMIC = frozenset({"globals", "locals", "vars", "exec", "eval", "__import__", "modules"})


def needed(source: str) -> frozenset[str]:
    """Global names that `source` reads or changes, also in annotations written as strings.

    Local variables do not count; what cannot be analysed counts with every name in it.
    """
    tree = parse(source)
    if tree is None:
        return frozenset(re.findall(r"[^\W\d]\w*", source))
    table = scopes_of(source)
    if table is None:
        return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    return frozenset(_globals_of(table)) | frozenset(_in_annotations(tree))


def _globals_of(top: symtable.SymbolTable) -> Iterator[str]:
    stack = [top]
    while stack:
        table = stack.pop()
        at_module = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() if at_module else symbol.is_global():
                yield symbol.get_name()
        stack.extend(table.get_children())


def _in_annotations(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            for part in ast.walk(annotation) if isinstance(annotation, ast.expr) else ():
                if isinstance(part, ast.Name):
                    yield part.id
                elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                    quoted = parse(part.value)
                    yield from (
                        n.id for n in ast.walk(quoted or tree) if quoted and isinstance(n, ast.Name)
                    )


def bound(stmt: ast.stmt) -> frozenset[str]:
    """Names that the statement binds in the scope it stands in; `*` for a star import."""
    return frozenset(_bound(stmt))


def is_dynamic(node: ast.AST) -> bool:
    """It reaches for names in ways that cannot be followed: `globals()`, `exec`, `sys.modules`."""
    return any(
        (isinstance(part, ast.Name) and part.id in _DYNAMIC)
        or (isinstance(part, ast.Attribute) and part.attr in _DYNAMIC)
        for part in ast.walk(node)
    )


def mutates(stmt: ast.stmt, names: Iterable[str]) -> bool:
    """A statement at module level that changes one of `names` in place: `T[0] = 1`,
    `T.append(1)`, `T += [1]`.
    """
    roots: set[str] = set()
    if isinstance(stmt, ast.Assign):
        roots = {_root(t) for t in stmt.targets if isinstance(t, (ast.Subscript, ast.Attribute))}
    elif isinstance(stmt, ast.AugAssign):
        roots = {_root(stmt.target)}
    elif isinstance(stmt, ast.Delete):
        roots = {_root(t) for t in stmt.targets if isinstance(t, (ast.Subscript, ast.Attribute))}
    elif isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call):
        func = stmt.value.func
        roots = {_root(func)} if isinstance(func, ast.Attribute) else set()
    elif isinstance(stmt, (ast.For, ast.While, ast.With, ast.If, ast.Try)):
        inner = (s for s in ast.walk(stmt) if isinstance(s, ast.stmt) and s is not stmt)
        simple = (ast.Assign, ast.AugAssign, ast.Delete, ast.Expr)
        return any(isinstance(s, simple) and mutates(s, names) for s in inner)
    return bool(roots & set(names))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _bound(stmt: ast.AST) -> Iterator[str]:
    stack: list[ast.AST] = [stmt]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(
            node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            yield node.name
        stack.extend(ast.iter_child_nodes(node))

"""What an edit could do to the tests that share a process with it; found in its syntax tree.

Beside `capabilities`, and stricter: a test of the project believes what it finds in its process.
What it does not cover: what is done through a name that is put together at run time, of which only
the putting together shows.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from pipeline.source.capabilities import aliases_of, dotted_name
from pipeline.syntax.text import parse

MACHINERY = frozenset(
    (
        *("pytest", "_pytest", "pluggy", "unittest", "doctest", "nose", "hypothesis", "mock"),
        *("coverage", "_hypothesis_pytestplugin", "conftest", "faulthandler", "linecache"),
    )
)
COMPARED = frozenset(
    (
        *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__contains__"),
        *("__hash__", "__len__", "__instancecheck__", "__subclasscheck__", "__getattr__"),
        *("__getattribute__", "__repr__", "__str__", "__iter__", "__class__", "__del__"),
        *("__float__", "__int__", "__index__", "__round__", "__sub__", "__rsub__", "__abs__"),
        *("__req__", "__approx__", "__array_ufunc__", "__array_priority__", "__set_name__"),
    )
)
"""What a test asks of a value; an answer of one's own makes any assertion hold."""
INSIDE = frozenset(
    (
        *("f_back", "f_globals", "f_locals", "f_builtins", "f_trace", "f_code", "tb_frame"),
        *("gi_frame", "cr_frame", "ag_frame", "__traceback__", "__subclasses__", "__globals__"),
        *("__builtins__", "__code__", "__closure__", "__defaults__", "__kwdefaults__", "__mro__"),
        *("__bases__", "__base__", "__dict__", "__wrapped__", "__loader__", "__spec__"),
        *("__setattr__", "__delattr__", "__getattribute__", "__class_getitem__", "mro"),
    )
)
_ENDS = frozenset(("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"))
_OF_SYS = frozenset(("argv", "path", "flags", "excepthook", "unraisablehook", "displayhook"))


def forging(before: str, after: str, *, module: str = "") -> tuple[str, ...]:
    """What `after` can do to its tests and `before` cannot, in words, with where.

    Both are the function's text, `module` is its file before, whose imports it may use.
    """
    around = dict(aliases_of(parse(module)))
    known = {what for what, _ in _found(before, around)}
    new: dict[str, str] = {}
    for what, where in _found(after, around):
        if what not in known:
            new.setdefault(what, where)
    return tuple(f"{what} ({where})" for what, where in new.items())


def _found(code: str, around: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    tree = parse(code)
    if tree is None:
        return
    aliases = {**around, **dict(aliases_of(tree))}
    local = frozenset(_bound_in(tree)) - frozenset(_declared_global(tree))
    for node in ast.walk(tree):
        yield from _of_name(node, aliases)
        yield from _of_class(node)
        yield from _of_change(node, local)
        yield from _of_call(node, local)


def _of_name(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    machinery = "reaches the test machinery"
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names]
        names = names if isinstance(node, ast.Import) else [node.module or ""]
        yield from ((machinery, n) for n in names if n.partition(".")[0] in MACHINERY)
    if isinstance(node, ast.Attribute | ast.Name):
        dotted = dotted_name(node, aliases)
        root, _, rest = dotted.partition(".")
        if root in MACHINERY and root in {v.partition(".")[0] for v in aliases.values()}:
            yield machinery, dotted
        if root == "sys" and rest.partition(".")[0] in _OF_SYS:
            yield "asks how it is run", dotted
    if isinstance(node, ast.Name) and node.id == "__builtins__":
        yield "reaches into the interpreter", node.id
    if isinstance(node, ast.Attribute) and node.attr in INSIDE:
        yield "reaches into the interpreter", node.attr
    if isinstance(node, ast.Name) and node.id in _ENDS and isinstance(node.ctx, ast.Load):
        yield "ends a test from inside", node.id


def _of_class(node: ast.AST) -> Iterator[tuple[str, str]]:
    what = "makes values that answer for themselves"
    if isinstance(node, ast.ClassDef):
        for inner in ast.walk(node):
            name = getattr(inner, "name", "") or (
                inner.id if isinstance(inner, ast.Name) and _is_stored(inner) else ""
            )
            if name in COMPARED:
                yield what, f"{node.name}.{name}"
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type" and len(node.args) > 1:
        yield what, "type(...)"


def _is_stored(node: ast.Name | ast.Attribute | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _of_change(node: ast.AST, local: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is changed outside of the function: attributes and items of what it did not make."""
    what = "changes what others use"
    if isinstance(node, ast.Global):
        yield what, f"global {', '.join(node.names)}"
    if not isinstance(node, ast.Attribute | ast.Subscript) or not _is_stored(node):
        return
    if isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr.endswith("__"):
        yield what, node.attr
    root: ast.expr = node
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    if not isinstance(root, ast.Name) or root.id not in local:
        yield what, ast.unparse(node)


def _of_call(node: ast.AST, local: frozenset[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    name = node.func.id
    if name in local:
        return
    if name in ("setattr", "delattr"):
        yield "changes what others use", name
    if name in ("getattr", "hasattr") and len(node.args) > 1:
        asked = node.args[1]
        value = asked.value if isinstance(asked, ast.Constant) else None
        if not isinstance(value, str) or value in INSIDE:
            yield "reaches what it names itself", name


def _declared_global(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names


def _bound_in(tree: ast.AST) -> Iterator[str]:
    """Parameters, and names that are bound to something that the function made or was given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and _is_stored(node) and not hasattr(builtins, node.id):
            yield node.id

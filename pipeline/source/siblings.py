"""What an answer adds to the class beside its method: put into the method, or refused by name.

An edit touches one function, so a new sibling method becomes an inner function, a new constant
of the class a local one, and `self.name` is rewritten to match.
Not covered: a new sibling that is overridden in subclasses, and one read through another object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.source.locate import FunctionNode
from pipeline.source.names import bound
from pipeline.syntax.indentation import dedented
from pipeline.syntax.text import Document

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_KNOWN_DECORATORS = ("staticmethod", "classmethod", "property")


@dataclass(frozen=True, kw_only=True)
class Inlined:
    code: str
    """The method, dedented, with what it needed of its new siblings called by bare names."""
    siblings: tuple[str, ...]
    """Sources that go before its body, dedented, in the order of the class."""


def with_siblings(
    document: Document, owner: ast.ClassDef, method: FunctionNode, have: ast.ClassDef | None
) -> Inlined | str:
    """`method` of the answer's class `owner`, made to work in the class that is there (`have`).

    Gives a reason, in one line, where something it needs can be had only by another edit.
    """
    known = _attributes(have) if have else frozenset()
    offered = {name: stmt for stmt in owner.body for name in bound(stmt) if name not in known}
    offered = {name: stmt for name, stmt in offered.items() if stmt is not method}
    wanted = _closure(owner, method, offered)
    missing = _set_elsewhere(owner, method, known, offered) if have and not have.bases else ()
    if missing:
        return f"the answer needs {owner.name}.{missing[0]}, which only another method sets"
    for name in wanted:
        if not _can_move(offered[name]):
            return f"the answer needs {owner.name}.{name}, which is not there"
    if taken := wanted & _locals(method):
        return f"the answer needs {owner.name}.{min(taken)}, and has another {min(taken)} inside"
    moved = {name: offered[name] for name in wanted}
    stmts = {id(stmt): stmt for stmt in owner.body if bound(stmt) & wanted}
    return Inlined(
        code=_source(document, owner, method, moved),
        siblings=tuple(_source(document, owner, stmt, moved) for stmt in stmts.values()),
    )


def _attributes(owner: ast.ClassDef) -> frozenset[str]:
    """What the class binds, and what its methods set on the object."""
    names = frozenset().union(*(bound(stmt) for stmt in owner.body))
    return names | {name for stmt in owner.body for name in _set_on_self(stmt)}


def _set_on_self(stmt: ast.stmt) -> Iterator[str]:
    own = _first_parameter(stmt)
    for node in _attributes_of(stmt, {own} - {""}):
        if isinstance(node.ctx, ast.Store):
            yield node.attr


def _attributes_of(stmt: ast.stmt, names: set[str]) -> Iterator[ast.Attribute]:
    for node in ast.walk(stmt):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id in names:
            yield node


def _set_elsewhere(
    owner: ast.ClassDef,
    method: FunctionNode,
    known: frozenset[str],
    offered: Mapping[str, ast.stmt],
) -> tuple[str, ...]:
    """Attributes that the method reads and only its new siblings (`__init__`, ...) would set."""
    others = [stmt for stmt in owner.body if stmt is not method]
    theirs = {name for stmt in others for name in _set_on_self(stmt)}
    new = theirs - known - set(offered) - set(_set_on_self(method))
    return tuple(name for name in _read(owner, method) if name in new)


def _closure(
    owner: ast.ClassDef, method: FunctionNode, offered: Mapping[str, ast.stmt]
) -> frozenset[str]:
    wanted: set[str] = set()
    open_: list[ast.stmt] = [method]
    while open_:
        for name in _read(owner, open_.pop()):
            if name in offered and name not in wanted:
                wanted.add(name)
                open_.append(offered[name])
    return frozenset(wanted)


def _read(owner: ast.ClassDef, stmt: ast.stmt) -> Iterator[str]:
    return (node.attr for node in _uses(owner, stmt))


def _uses(owner: ast.ClassDef, stmt: ast.stmt) -> Iterator[ast.Attribute]:
    """`self.name`, `cls.name` and `Class.name`, where they are read."""
    own = {_first_parameter(stmt), owner.name} - {""}
    return (node for node in _attributes_of(stmt, own) if isinstance(node.ctx, ast.Load))


def _first_parameter(stmt: ast.stmt) -> str:
    if not isinstance(stmt, _FUNCTIONS) or _decorator(stmt) == "staticmethod":
        return ""
    names = [*stmt.args.posonlyargs, *stmt.args.args]
    return names[0].arg if names else ""


def _decorator(stmt: ast.stmt) -> str:
    """`""` for none, `?` for what cannot be followed."""
    decorators = stmt.decorator_list if isinstance(stmt, _FUNCTIONS) else []
    names = [d.id if isinstance(d, ast.Name) else "?" for d in decorators]
    return "" if not names else names[0] if names[0] in _KNOWN_DECORATORS else "?"


def _can_move(stmt: ast.stmt) -> bool:
    if isinstance(stmt, _FUNCTIONS):
        return _decorator(stmt) != "?" and not stmt.name.startswith("__")
    return isinstance(stmt, (ast.Assign, ast.AnnAssign))


def _locals(method: FunctionNode) -> frozenset[str]:
    names = {n.id for n in ast.walk(method) if isinstance(n, ast.Name)}
    return frozenset(names | {a.arg for a in ast.walk(method) if isinstance(a, ast.arg)})


# --- rewriting ---------------------------------------------------------------------------------


def _source(
    document: Document, owner: ast.ClassDef, stmt: ast.stmt, moved: Mapping[str, ast.stmt]
) -> str:
    """The statement dedented, without decorators that mean nothing inside a function."""
    start, end = _span(document, stmt, keep_decorators=not any(stmt is m for m in moved.values()))
    text = document.text[start:end]
    for at, stop, new in sorted(_changes(document, owner, stmt, moved), reverse=True):
        text = text[: at - start] + new + text[stop - start :]
    line = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    return dedented(line + text, line).strip("\n") + "\n"


def _changes(
    document: Document, owner: ast.ClassDef, stmt: ast.stmt, moved: Mapping[str, ast.stmt]
) -> Iterator[tuple[int, int, str]]:
    """(start, end, new text) for each use of what has moved."""
    calls = {id(n.func): n for n in ast.walk(stmt) if isinstance(n, ast.Call)}
    for use in _uses(owner, stmt):
        if use.attr not in moved:
            continue
        assert isinstance(use.value, ast.Name)
        start, end = _offsets(document, use)
        through = use.value.id
        bare = _bare(moved[use.attr], use.attr, through, is_class=through == owner.name)
        call = calls.get(id(use))
        if bare is None and call is not None:
            more = ", " if call.args or call.keywords else ""
            end = document.text.index("(", end) + 1
            yield start, end, f"{use.attr}({_receiver(moved[use.attr], stmt, through)}{more}"
        else:
            receiver = _receiver(moved[use.attr], stmt, through)
            yield start, end, bare or f"{use.attr}.__get__({receiver})"


def _bare(stmt: ast.stmt, name: str, through: str, *, is_class: bool) -> str | None:
    """What stands for the attribute itself; None for a method that takes its receiver."""
    decorator = _decorator(stmt)
    if not isinstance(stmt, _FUNCTIONS) or decorator == "staticmethod":
        return name
    if decorator == "property":
        return f"{name}({through})"
    return name if is_class and decorator == "" else None


def _receiver(target: ast.stmt, user: ast.stmt, through: str) -> str:
    """`self`, or the class for a class method that is reached through an object."""
    if _decorator(target) != "classmethod":
        return through
    is_object = through == _first_parameter(user) and _decorator(user) != "classmethod"
    return f"type({through})" if is_object else through


def _span(document: Document, stmt: ast.stmt, *, keep_decorators: bool) -> tuple[int, int]:
    start, end = _offsets(document, stmt)
    decorators = stmt.decorator_list if isinstance(stmt, _FUNCTIONS) and keep_decorators else []
    if decorators:
        first = document.offset_of_node(decorators[0].lineno, decorators[0].col_offset)
        start = document.text.rindex("@", 0, first)
    return start, end


def _offsets(document: Document, node: ast.stmt | ast.expr) -> tuple[int, int]:
    start = document.offset_of_node(node.lineno, node.col_offset)
    return start, document.offset_of_node(node.end_lineno or 0, node.end_col_offset or 0)

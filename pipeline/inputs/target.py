"""How a function is called: its parameters, the object it belongs to, a call as source text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.source.locate import FunctionNode, FunctionSite, node_of
from pipeline.syntax.text import Document
from sandbox.api import Call

_BUILT_IN_OWNERS = {"staticmethod", "classmethod"}
_PROPERTIES = {"property", "cached_property"}


@dataclass(frozen=True, kw_only=True)
class Param:
    name: str
    annotation: ast.expr | None
    default: ast.expr | None
    """None where a caller has to give it."""
    is_keyword: bool = False
    is_variadic: bool = False
    """`*args`: any number of values."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A function as its callers see it; `Call.args` begin with the arguments of the constructor."""

    name: str
    """Dotted: `f`, `Stack.push`."""
    owner: str
    """The class of which an object is made first; empty where none is needed."""
    made_with: tuple[Param, ...]
    """What the constructor must be given."""
    params: tuple[Param, ...]
    is_async: bool = False
    is_property: bool = False
    is_generator: bool = False
    raises: frozenset[str] = frozenset()
    """Classes that the function raises itself; other exceptions are accidents."""

    @property
    def given(self) -> tuple[Param, ...]:
        return (*self.made_with, *self.params)

    def source(self, call: Call) -> str:
        """`f([1], key=2)`, `Stack(3).push(1)`."""
        n = len(self.made_with) if self.owner else 0
        keywords = [f"{name}={value!r}" for name, value in call.kwargs.items()]
        arguments = ", ".join([*(repr(value) for value in call.args[n:]), *keywords])
        if not self.owner:
            return f"{self.name}({arguments})"
        made = f"{self.owner}({', '.join(repr(value) for value in call.args[:n])})"
        last = self.name.rpartition(".")[2]
        return f"{made}.{last}" if self.is_property else f"{made}.{last}({arguments})"


class NotCallable(Exception):
    """No test can call this function from outside; the text says why."""


def target_of(document: Document, site: FunctionSite) -> Target:
    """Raises NotCallable for nested functions and setters."""
    if site.owner == "function":
        raise NotCallable(f"{site.name} is inside another function; test that one")
    node = node_of(document, site)
    decorators = {last_name(d) for d in node.decorator_list}
    if decorators & {"setter", "deleter"}:
        raise NotCallable(f"{site.name} is called by an assignment; test what reads it")
    is_method = site.owner == "class"
    is_bound = is_method and not decorators & _BUILT_IN_OWNERS
    params = tuple(_params(node))
    owner = site.name.rpartition(".")[0] if is_bound else ""
    return Target(
        name=site.name,
        owner=owner,
        made_with=_constructor(document, owner) if owner else (),
        params=params[1:] if is_method and "staticmethod" not in decorators else params,
        is_async=site.is_async,
        is_property=bool(decorators & _PROPERTIES),
        is_generator=any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(node)),
        raises=frozenset(_raised(node)),
    )


def _own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """Without what is in functions inside of it."""
    stack: list[ast.AST] = [*node.body]
    while stack:
        at = stack.pop()
        yield at
        if not isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack += ast.iter_child_nodes(at)


def _params(node: FunctionNode) -> Iterator[Param]:
    spec = node.args
    plain = [*spec.posonlyargs, *spec.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(spec.defaults))
    for arg, default in zip(plain, [*defaults, *spec.defaults], strict=True):
        yield Param(name=arg.arg, annotation=arg.annotation, default=default)
    if spec.vararg:
        yield Param(
            name=spec.vararg.arg,
            annotation=spec.vararg.annotation,
            default=None,
            is_variadic=True,
        )
    for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        yield Param(name=arg.arg, annotation=arg.annotation, default=default, is_keyword=True)


def _constructor(document: Document, owner: str) -> tuple[Param, ...]:
    """What `__init__` (or the fields of a dataclass) must be given."""
    node = _class(document.tree, owner)
    if node is None:
        return ()
    for stmt in node.body:
        if isinstance(stmt, ast.FunctionDef) and stmt.name == "__init__":
            return tuple(p for p in list(_params(stmt))[1:] if _is_required(p))
    if "dataclass" in {last_name(d) for d in node.decorator_list}:
        return tuple(
            Param(name=stmt.target.id, annotation=stmt.annotation, default=None)
            for stmt in node.body
            if isinstance(stmt, ast.AnnAssign)
            and isinstance(stmt.target, ast.Name)
            and stmt.value is None
        )
    return ()


def _is_required(param: Param) -> bool:
    return param.default is None and not param.is_variadic and not param.is_keyword


def _class(tree: ast.Module, dotted: str) -> ast.ClassDef | None:
    body: Sequence[ast.stmt] = tree.body
    found = None
    for name in dotted.split("."):
        found = next((s for s in body if isinstance(s, ast.ClassDef) and s.name == name), None)
        if found is None:
            return None
        body = found.body
    return found


def definition(tree: ast.Module, dotted: str) -> FunctionNode | None:
    """The last function of that name, in the class of that name."""
    owner, _, last = dotted.rpartition(".")
    place = _class(tree, owner) if owner else tree
    found = [
        stmt
        for stmt in (place.body if place else ())
        if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef) and stmt.name == last
    ]
    return found[-1] if found else None


def _raised(node: FunctionNode) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Raise) and part.exc is not None:
            yield last_name(part.exc)
        elif isinstance(part, ast.Assert):
            yield "AssertionError"


def last_name(node: ast.expr) -> str:
    """`f` of `f`, `a.f`, `a.f()` and `f(1)(2)`; empty for anything else."""
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

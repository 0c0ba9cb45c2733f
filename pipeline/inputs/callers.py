"""Calls of a function that stand in other code with arguments that can be read.

Names are followed to what they were bound to in the same function, in `parametrize` and in loops
over literals; nothing is run. What cannot be read is left out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.inputs.readable import readable
from pipeline.inputs.target import Target, last_name
from pipeline.source.doctest_parser import read_examples
from pipeline.syntax.text import Literal, parse
from sandbox.api import Call

MOST_ROWS = 12
"""Of one `parametrize` or loop."""
MOST_NODES = 3000
"""Of the syntax of one value, once names are followed."""
Names = Mapping[str, ast.expr]


@dataclass(frozen=True, kw_only=True)
class WrittenCall:
    """A call as somebody wrote it."""

    call: Call
    is_checked: bool
    """It stands in an assertion: a test of it is there."""
    raises: str = ""
    """The exception that the test around it wants."""


def written_calls(tree: ast.Module, target: Target) -> Iterator[WrittenCall]:
    """In order: those of the module's top level, then of its functions and of its docstrings."""
    reading = _Reading(target)
    names = reading.block(tree.body, {}, [])
    fixtures = dict(_fixtures(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for row in _rows(node, {**names, **fixtures}):
                reading.block(node.body, row, [])
    for node in ast.walk(tree):
        shown: dict[str, ast.expr] = {}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            for stmt in _examples(ast.get_docstring(node) or ""):
                reading.statement(stmt, shown, [], is_checked=True)
    yield from reading.found


def _examples(docstring: str) -> Iterator[ast.stmt]:
    try:
        found = read_examples(docstring).examples
    except ValueError:
        return
    for example in found:
        tree = parse(example.source)
        yield from tree.body if tree else ()


def _fixtures(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Fixtures that give one expression."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            last_name(d) == "fixture" for d in node.decorator_list
        ):
            last = node.body[-1]
            if isinstance(last, ast.Return) and last.value and len(node.body) <= 2:
                yield node.name, last.value


def _rows(node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names) -> Iterator[Names]:
    """What its parameters may be, as `pytest.mark.parametrize` says."""
    marks = [d for d in node.decorator_list if isinstance(d, ast.Call) and len(d.args) >= 2]
    rows: list[dict[str, ast.expr]] = [dict(names)]
    for mark in marks:
        if last_name(mark) != "parametrize":
            continue
        given = readable(mark.args[0])
        table = _bound(mark.args[1], names)
        if given is None or not isinstance(table, ast.List | ast.Tuple):
            continue
        wanted = given.value
        keys = wanted.split(",") if isinstance(wanted, str) else list(map(str, wanted))  # type: ignore[call-overload]
        keys = [key.strip() for key in keys]
        made = [dict(zip(keys, _cells(one, len(keys)), strict=False)) for one in table.elts]
        rows = [{**row, **more} for more in made[:MOST_ROWS] for row in rows[:MOST_ROWS]]
    yield from rows[:MOST_ROWS]


def _cells(node: ast.expr, n: int) -> Sequence[ast.expr]:
    if isinstance(node, ast.Call) and last_name(node) == "param":
        return node.args
    if n == 1:
        return [node]
    return node.elts if isinstance(node, ast.Tuple | ast.List) else []


class _Bind(ast.NodeTransformer):
    """Names replaced by what they stand for."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.left = MOST_NODES

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.names.get(node.id)
        if found is None or self.left <= 0:
            return node
        self.left -= sum(1 for _ in ast.walk(found))
        return copy.deepcopy(found) if self.left > 0 else node


def _bound(node: ast.expr, names: Names) -> ast.expr:
    bound = _Bind(names).visit(copy.deepcopy(node))
    assert isinstance(bound, ast.expr)
    return bound


class _Reading:
    """Statements in order, with what names stand for."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.found: list[WrittenCall] = []

    def block(self, body: Sequence[ast.stmt], names: Names, raised: Sequence[str]) -> Names:
        now = dict(names)
        for stmt in body:
            self.statement(stmt, now, raised)
        return now

    def statement(
        self,
        stmt: ast.stmt,
        now: dict[str, ast.expr],
        raised: Sequence[str],
        *,
        is_checked: bool = False,
    ) -> None:
        match stmt:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.calls(value, now, raised, is_checked=False)
                _bind(name, _bound(value, now), now)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                self.calls(value, now, raised, is_checked=False)
                _unpack(targets, _bound(value, now), now)
            case ast.AugAssign(target=ast.Name(id=name)):
                now.pop(name, None)
            case ast.For(target=target, iter=over, body=body):
                for row in _turns(target, _bound(over, now), now):
                    self.block(body, row, raised)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                wanted = [name for item in items if (name := _wanted(item.context_expr))]
                now.update(self.block(body, now, [*raised, *wanted]))
            case ast.If(body=body, orelse=other) | ast.While(body=body, orelse=other):
                self.block(body, now, raised)
                self.block(other, now, raised)
            case ast.Try(body=body):
                self.block(body, now, raised)
            case _:
                self.calls(stmt, now, raised, is_checked=is_checked or _is_check(stmt))

    def calls(
        self, node: ast.AST, names: Names, raised: Sequence[str], *, is_checked: bool
    ) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and (call := self.call(part, names)) is not None:
                name = raised[-1] if raised else ""
                one = WrittenCall(call=call, is_checked=is_checked or bool(name), raises=name)
                if one not in self.found:
                    self.found.append(one)

    def call(self, node: ast.Call, names: Names) -> Call | None:
        """The call as one of the target; None where it is of another, or not to be read."""
        made = self._made(node, names)
        if made is None:
            return None
        args = [readable(_bound(arg, names)) for arg in node.args]
        named = {k.arg: readable(_bound(k.value, names)) for k in node.keywords if k.arg}
        if not all(args) or not all(named.values()) or len(named) < len(node.keywords):
            return None
        values = (*made, *(arg.value for arg in args if arg))
        kwargs = {name: value.value for name, value in named.items() if value}
        return Call(entry=self.target.name, args=values, kwargs=kwargs)

    def _made(self, node: ast.Call, names: Names) -> tuple[object, ...] | None:
        """The arguments of the object that a method is called on; () for a plain function."""
        owner, _, last = self.target.name.rpartition(".")
        match node.func:
            case ast.Name(id=name) if name == last and not owner:
                return ()
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=attr) if (
                attr == last and not self.target.owner
            ):
                return (
                    ()
                    if name == owner.rpartition(".")[2] or (not owner and name != "self")
                    else None
                )
            case ast.Attribute(value=value, attr=attr) if attr == last and self.target.owner:
                return self._constructed(_bound(value, names))
        return None

    def _constructed(self, node: ast.expr) -> tuple[object, ...] | None:
        if not isinstance(node, ast.Call) or node.keywords:
            return None
        if last_name(node) != self.target.owner.rpartition(".")[2]:
            return None
        given = [readable(arg) for arg in node.args]
        if len(given) != len(self.target.made_with) or not all(given):
            return None
        return tuple(one.value for one in given if isinstance(one, Literal))


def _bind(name: str, value: ast.expr, now: dict[str, ast.expr]) -> None:
    """Remember what a name stands for, where that may be read one day."""
    if isinstance(value, ast.List | ast.Tuple | ast.Dict | ast.Call) or readable(value):
        now[name] = value
    else:
        now.pop(name, None)


def _unpack(targets: Sequence[ast.expr], value: ast.expr, now: dict[str, ast.expr]) -> None:
    items = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    for target, item in zip(targets, items, strict=False):
        if isinstance(target, ast.Name):
            _bind(target.id, item, now)


def _turns(target: ast.expr, over: ast.expr, names: Names) -> Iterator[Names]:
    """What names stand for in each turn of a loop over literals; one turn for any other loop."""
    if isinstance(over, ast.Call) and last_name(over) == "items" and not over.args:
        inner = over.func
        table = inner.value if isinstance(inner, ast.Attribute) else None
        if isinstance(table, ast.Dict):
            pairs = zip(table.keys, table.values, strict=True)
            over = ast.List(elts=[ast.Tuple(elts=[k, v], ctx=ast.Load()) for k, v in pairs if k])
    items = over.elts if isinstance(over, ast.List | ast.Tuple) else []
    for item in items[:MOST_ROWS]:
        row = dict(names)
        if isinstance(target, ast.Name):
            row[target.id] = item
        elif isinstance(target, ast.Tuple):
            _unpack(target.elts, item, row)
        yield row
    if not items:
        yield names


def _wanted(node: ast.expr) -> str:
    """`ValueError` of `pytest.raises(ValueError)`."""
    if not isinstance(node, ast.Call) or not node.args:
        return ""
    name = last_name(node).lower()
    if name not in ("raises", "assertraises", "assertraisesregex"):
        return ""
    first = node.args[0]
    return last_name(first)


def _is_check(stmt: ast.stmt) -> bool:
    if isinstance(stmt, ast.Assert):
        return True
    if not isinstance(stmt, ast.Expr) or not isinstance(stmt.value, ast.Call):
        return False
    return last_name(stmt.value).lower().startswith(("assert", "eq"))

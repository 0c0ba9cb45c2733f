"""Values that are no literals, as a test writes them: `datetime.date(2016, 2, 14)`, `Point(x=1)`.

Read from what `repr` gives: an expression of literals and of classes that are known here, or that
the module under test defines. Whether it equals the value has to be tried.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.inputs.target import last_name
from pipeline.syntax.text import parse_expression

BUILT_IN = frozenset({"range", "set", "frozenset", "bytearray", "slice"})
MODULES = frozenset({"datetime"})
"""Whose name stands in a `repr`, before that of the class."""
KNOWN = {
    **{"Decimal": "decimal", "Fraction": "fractions", "UUID": "uuid", "inf": "math"},
    **dict.fromkeys(("Counter", "OrderedDict", "deque"), "collections"),
    "SimpleNamespace": "types",
}
"""The module of what stands in a `repr` without it."""
_PARTS = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.Load),
    *(ast.Call, ast.keyword, ast.Attribute, ast.Name, ast.BinOp, ast.Add, ast.Sub),
)


@dataclass(frozen=True, kw_only=True)
class Spelled:
    """An expression as it stands in a test file, and the import lines that it needs there."""

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """The names that a test file can use."""

    module: str
    """Under test, as its tests import it."""
    own: frozenset[str] = frozenset()
    """Classes of that module."""
    imported: frozenset[str] = frozenset()
    """What that module takes from others: it may raise them."""
    bound: Mapping[str, str] = field(default_factory=dict)
    """What names of the test file mean: `datetime.date`; empty for what no import says."""

    @classmethod
    def of(cls, module: str, source: ast.Module, tests: ast.Module | None) -> Namespace:
        """`source` is the module under test, `tests` the test file where there is one."""
        return cls(
            module=module,
            own=frozenset(_classes(source)),
            imported=frozenset(_imported(source)),
            bound=dict(_bound(tests)) if tests else {},
        )

    def value(self, text: str) -> Spelled | None:
        """What `repr` gave, spelled for the test file; None for what cannot be written there."""
        tree = parse_expression(text)
        if tree is None or any(not isinstance(node, _PARTS) for node in ast.walk(tree)):
            return None
        spelling = _Spelling(self)
        text = ast.unparse(spelling.visit(tree))
        return None if spelling.is_lost else Spelled(text=text, lines=tuple(spelling.lines))

    def exception(self, name: str) -> Spelled | None:
        """An exception of Python's own, of the module under test, or one that it imports."""
        if hasattr(builtins, name):
            return Spelled(text=name) if name not in self.bound else None
        return self.reach(self.module, name) if name in self.own | self.imported else None

    def reach(self, module: str, name: str) -> Spelled | None:
        """`name` of `module`, by the names that the file has, else by a new one."""
        for bound, meaning in self.bound.items():
            if meaning == f"{module}.{name}":
                return Spelled(text=bound)
        for bound, meaning in self.bound.items():
            if meaning == module:
                return Spelled(text=f"{bound}.{name}")
        if module in MODULES and module not in self.bound:
            return Spelled(text=f"{module}.{name}", lines=(f"import {module}",))
        if name in self.bound:
            return None
        return Spelled(text=name, lines=(f"from {module} import {name}",))


class _Spelling(ast.NodeTransformer):
    def __init__(self, words: Namespace) -> None:
        self.words = words
        self.lines: dict[str, None] = {}
        self.is_lost = False

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in MODULES - self.words.own:
            return self._put(node, self.words.reach(node.value.id, node.attr))
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.words.own:
            return self._put(node, self.words.reach(self.words.module, node.id))
        if node.id in KNOWN:
            return self._put(node, self.words.reach(KNOWN[node.id], node.id))
        self.is_lost |= node.id not in BUILT_IN or node.id in self.words.bound
        return node

    def _put(self, node: ast.expr, spelled: Spelled | None) -> ast.expr:
        tree = parse_expression(spelled.text) if spelled else None
        self.is_lost |= tree is None
        self.lines.update(dict.fromkeys(spelled.lines if spelled else ()))
        return tree or node


def elsewhere(text: str, own: frozenset[str]) -> str:
    """The value in the namespace of the module under test: what is known from the standard library
    is fetched there, and no name is bound.
    """
    tree = parse_expression(text)
    return text if tree is None else ast.unparse(_Fetched(own).visit(tree))


class _Fetched(ast.NodeTransformer):
    def __init__(self, own: frozenset[str]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.own or node.id not in {*KNOWN, *MODULES}:
            return node
        inside = f".{node.id}" if node.id in KNOWN else ""
        fetched = f"__import__({KNOWN.get(node.id, node.id)!r}){inside}"
        return parse_expression(fetched) or node


def _classes(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and last_name(node.value) in ("namedtuple", "NamedTuple"):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def _bound(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    yield alias.asname or top, alias.name if alias.asname else top
            case ast.ImportFrom(module=module, names=names, level=0):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, ""
            case ast.Assign(targets=targets):
                yield from ((one.id, "") for one in targets if isinstance(one, ast.Name))

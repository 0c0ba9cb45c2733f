"""What the enumeration of edits shares: the text with offsets, the names, and what was found."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.edits.scope import Scopes
from pipeline.syntax.text import parse_expression

_WORD = re.compile(r"[^\W\d]\w*")
_ATOMS = (
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.JoinedStr,
)
_LOOSE = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.Compare, ast.Tuple)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace `text[start:end]` by `new`."""

    start: int
    end: int
    new: str
    line: int
    """1-based line of the function's text that it changes."""
    what: str
    """In words: `change < to <= in line 4`."""
    kind: str
    """A key of `kinds.WEIGHTS`."""
    prior: float
    """How likely bugs are of this kind and place, relative to others; not a probability."""
    names: frozenset[str] = frozenset()
    """Words of the new text."""

    def applied(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


@dataclass(kw_only=True)
class Finder:
    """Collects the edits of one text."""

    text: str
    scopes: Scopes
    returns: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    speaks_of_parity: bool = False
    """Whether code or docstring tell even from odd."""
    found: list[Edit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = self.text.splitlines(keepends=True)
        self._starts = [0, *itertools.accumulate(len(x) for x in self._lines)]
        self.expressions = tuple(_expressions(self.scopes.root))
        self._all_names = frozenset(self.scopes.all_names)
        self._locals: dict[ast.AST, frozenset[str]] = {}

    def locals_of(self, node: ast.AST) -> frozenset[str]:
        """The function's own variables that the node reads."""
        if node not in self._locals:
            read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            self._locals[node] = self._all_names & read
        return self._locals[node]

    # --- places and texts ------------------------------------------------------------------------

    def at(self, line: int, column: int) -> int:
        """Offset of a 1-based line and a column in utf-8 bytes, as `ast` counts."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.at(node.lineno, node.col_offset), self.at(end_line, end_column)

    def of(self, node: ast.expr | ast.stmt) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def atom(self, node: ast.expr) -> str:
        """The node's text, in parentheses where it is not one closed piece."""
        text = self.of(node)
        return text if isinstance(node, _ATOMS) else f"({text})"

    def line_start(self, line: int) -> int:
        return self._starts[line - 1]

    def line_end(self, line: int) -> int:
        """After the line's newline."""
        return self._starts[min(line, len(self._lines))]

    def indent_of(self, node: ast.stmt) -> str | None:
        """What stands before the statement in its line; None where that is not just blanks."""
        start = self.span(node)[0]
        before = self.text[self.line_start(node.lineno) : start]
        return before if not before.strip() else None

    # --- found -----------------------------------------------------------------------------------

    def replace(self, node: ast.expr, new: str, kind: str, weight: float = 1.0) -> None:
        """Put `new` in the node's place, in parentheses where the place needs them."""
        old = self.of(node)
        if new == old:
            return
        start, end = self.span(node)
        if self._needs_parentheses(node, new):
            new = f"({new})"
        what = f"change `{brief(old)}` to `{brief(new)}` in line {node.lineno}"
        self.add(start, end, new, line=node.lineno, what=what, kind=kind, weight=weight)

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str, kind: str) -> None:
        """Replace the operator that stands between two operands."""
        self.between_weighed(left, right, (old, new), kind, 1.0)

    def between_weighed(
        self, left: ast.expr, right: ast.expr, change: tuple[str, str], kind: str, weight: float
    ) -> None:
        old, new = change
        start, end = self.span(left)[1], self.span(right)[0]
        at = self.text.find(old, start, end)
        if at >= 0:
            what = f"change `{old}` to `{new}` in line {left.lineno}"
            line = left.end_lineno or left.lineno
            self.add(at, at + len(old), new, line=line, what=what, kind=kind, weight=weight)

    def add(
        self, start: int, end: int, new: str, *, line: int, what: str, kind: str, weight: float = 1
    ) -> None:
        old = self.text[start:end]
        names = frozenset(_WORD.findall(new)) - frozenset(_WORD.findall(old))
        self.found.append(
            Edit(
                start=start,
                end=end,
                new=new,
                line=line,
                what=what,
                kind=kind,
                prior=weight,
                names=names,
            )
        )

    def _needs_parentheses(self, node: ast.expr, new: str) -> bool:
        parent = self.scopes.parents.get(node)
        if not isinstance(
            parent,
            ast.BinOp
            | ast.UnaryOp
            | ast.Attribute
            | ast.Subscript
            | ast.Compare
            | ast.BoolOp
            | ast.Starred
            | ast.IfExp
            | ast.Call
            | ast.comprehension
            | ast.Await,
        ):
            return False
        made = parse_expression(new)
        if made is None:
            return False
        if isinstance(made, _ATOMS) or _is_closed(new) or self._is_enclosed(node):
            return False
        if isinstance(parent, ast.Subscript):
            return parent.value is node
        if isinstance(parent, ast.Call):
            return parent.func is node
        if isinstance(parent, ast.Compare | ast.Starred):
            return isinstance(made, _LOOSE) or _is_not(made)
        if isinstance(parent, ast.BoolOp | ast.comprehension | ast.IfExp):
            return isinstance(made, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr)
        if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
            return isinstance(made, ast.BoolOp | ast.IfExp | ast.Lambda)
        return True

    def _is_enclosed(self, node: ast.expr) -> bool:
        """Whether the node already stands in parentheses of its own (or is the only argument)."""
        start, end = self.span(node)
        return self.text[:start].rstrip().endswith("(") and self.text[end:].lstrip().startswith(")")


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_closed(text: str) -> bool:
    """Whether the first parenthesis closes at the very end."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return i == len(text) - 1
    return False


def brief(text: str) -> str:
    """A text for a message: one line, at most 60 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."


def _expressions(root: ast.AST) -> Iterator[ast.expr]:
    """Expressions that are read, with positions that can be trusted; no annotations."""
    for name, value in ast.iter_fields(root):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.expr) and isinstance(
                getattr(child, "ctx", ast.Load()), ast.Load
            ):
                yield child
            if not isinstance(child, ast.JoinedStr):
                yield from _expressions(child)

"""Edits of whole statements: dropped, added, guarded, moved, swapped."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

from pipeline.edits.expressions import OPERATOR_TEXT, OPERATORS
from pipeline.edits.finder import Finder, brief
from pipeline.edits.predicates import atoms, conditions
from pipeline.edits.scope import Function, base, element, fits

_SIMPLE = (
    ast.Expr,
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Break,
    ast.Continue,
    ast.Return,
    ast.Delete,
    ast.Raise,
    ast.Assert,
)
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
ALWAYS = 0.1
"""How much less likely a function is right that ends with a constant where it computed before."""
Block = Sequence[ast.stmt]


def statement_edits(finder: Finder, root: ast.AST, body: Block) -> None:
    """Add the edits of the statements of `body` (that of `root`) and of all blocks inside."""
    unit = _unit(finder, root, body)
    for block in _blocks(body):
        _Blockwise(finder, block, unit).find()


def _unit(finder: Finder, root: ast.AST, body: Block) -> str:
    """What one level of indentation looks like."""
    for block in _blocks(body):
        for statement in block:
            inner = getattr(statement, "body", None)
            if isinstance(inner, list) and inner and inner[0].lineno > statement.lineno:
                outer, deeper = finder.indent_of(statement), finder.indent_of(inner[0])
                if outer is not None and deeper is not None and len(deeper) > len(outer):
                    return deeper[len(outer) :]
    own = finder.indent_of(body[0]) if body and isinstance(root, Function) else None
    return own or "    "


def _blocks(body: Block) -> Iterator[Block]:
    """The block and all blocks inside it, outermost first."""
    if body:
        yield body
    for statement in body:
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                yield from _blocks(inner)
        for handler in getattr(statement, "handlers", ()):
            yield from _blocks(handler.body)


class _Blockwise:
    """The edits of one block."""

    def __init__(self, finder: Finder, block: Block, unit: str) -> None:
        self.finder = finder
        self.block = block
        self.unit = unit
        self.indent = finder.indent_of(block[0])
        self.is_elif = finder.of(block[0]).startswith("elif")
        around = list(self._around())
        self.function = next((n for n in around if isinstance(n, Function)), None)
        self.loop = next((n for n in around if isinstance(n, ast.For | ast.While)), None)

    def _around(self) -> Iterator[ast.AST]:
        """What stands around the block, innermost first, up to its function."""
        at = self.finder.scopes.parents.get(self.block[0])
        while at is not None:
            yield at
            at = None if isinstance(at, Function) else self.finder.scopes.parents.get(at)

    def find(self) -> None:
        for statement in self.block:
            _of_one(self.finder, statement)
        if self.indent is None or self.is_elif:
            return
        for i, statement in enumerate(self.block):
            self._drops(i, statement)
            self._unwraps(statement)
            self._guards(statement)
        self._orders()
        self._moves()
        self._chains()
        self._early_ends()
        self._additions()

    # --- less --------------------------------------------------------------------------------

    def _lines_of(self, first: ast.stmt, last: ast.stmt) -> tuple[int, int] | None:
        """The span of whole lines; None where other code shares them."""
        finder, start = self.finder, first.lineno
        if finder.indent_of(first) is None or getattr(first, "decorator_list", None):
            return None
        end = last.end_lineno or last.lineno
        rest = finder.text[finder.span(last)[1] : finder.line_end(end)].strip()
        if rest and not rest.startswith("#"):
            return None
        return finder.line_start(start), finder.line_end(end)

    def _drops(self, i: int, statement: ast.stmt) -> None:
        if isinstance(statement, Function | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Pass):
            return
        is_simple = isinstance(statement, _SIMPLE)
        self._drop(statement, statement, "statement: drop", 1.0 if is_simple else 0.6)
        for n in (2, 3):
            run = self.block[i : i + n]
            if len(run) == n and all(isinstance(s, _SIMPLE) for s in run):
                self._drop(run[0], run[-1], "statement: drop several", 1.0)

    def _drop(self, first: ast.stmt, last: ast.stmt, kind: str, weight: float) -> None:
        span = self._lines_of(first, last)
        if span is None:
            return
        whole = first is self.block[0] and last is self.block[-1]
        new = f"{self.indent}pass\n" if whole else ""
        what = f"drop `{brief(self.finder.of(first))}` in line {first.lineno}"
        if last is not first:
            what = f"drop lines {first.lineno} to {last.end_lineno}"
        self.finder.add(*span, new, line=first.lineno, what=what, kind=kind, weight=weight)

    def _unwraps(self, statement: ast.stmt) -> None:
        """`if C: body` becomes its body, or its else part; a loop its body."""
        if not isinstance(statement, ast.If | ast.For | ast.While | ast.Try):
            return
        if self.finder.of(statement).startswith("elif"):
            return
        span = self._lines_of(statement, statement)
        parts = [statement.body, statement.orelse] if isinstance(statement, ast.If) else []
        for part in parts or [statement.body]:
            if span is None or not part or self.finder.indent_of(part[0]) is None:
                continue
            if self.finder.of(part[0]).startswith("elif"):
                continue
            new = self._shifted(part[0], part[-1], -len(self.unit))
            what = f"keep only line {part[0].lineno} of `{brief(self.finder.of(statement))}`"
            kind, weight = "statement: unwrap", 1.0 if isinstance(statement, ast.If) else 0.3
            self.finder.add(*span, new, line=statement.lineno, what=what, kind=kind, weight=weight)

    def _shifted(self, first: ast.stmt, last: ast.stmt, by: int) -> str:
        start = self.finder.line_start(first.lineno)
        end = self.finder.line_end(last.end_lineno or last.lineno)
        lines = self.finder.text[start:end].splitlines(keepends=True)
        if by > 0:
            return "".join(self.unit + line if line.strip() else line for line in lines)
        return "".join(line[-by:] if not line[:-by].strip() else line for line in lines)

    # --- guards and early ends -----------------------------------------------------------------

    def _guards(self, statement: ast.stmt) -> None:
        if not isinstance(statement, _SIMPLE) or isinstance(statement, ast.Raise):
            return
        span = self._lines_of(statement, statement)
        if span is None or (isinstance(statement, ast.Return) and statement is self.block[-1]):
            return
        inner = self._shifted(statement, statement, len(self.unit))
        if not inner.endswith("\n"):
            inner += "\n"
        for text, weight in conditions(self.finder, statement):
            new = f"{self.indent}if {text}:\n{inner}"
            what = f"do `{brief(self.finder.of(statement))}` only if `{text}`"
            line, kind = statement.lineno, "statement: guard"
            self.finder.add(*span, new, line=line, what=what, kind=kind, weight=weight)

    def _early_ends(self) -> None:
        """`if C: return value` (or `continue`, `break` in loops) before a statement."""
        ends: list[tuple[str, float]] = []
        if self.function is not None:
            ends += [(f"return {v}", 1.0) for v in self.finder.returns]
        if self.loop is not None:
            ends = [(end, 0.2 * weight) for end, weight in ends[:3]]
            ends += [("continue", 1.0), ("break", 0.6)]
        top = isinstance(self.finder.scopes.parents.get(self.block[0]), Function)
        for i, statement in enumerate(self.block):
            place = 1.0 if top and i == 0 else 0.5
            last = ends
            if top and self.function is not None:
                names = self.finder.scopes.names_at(statement)
                last = ends + [(f"return {name}", 0.3) for name in names]
            for (text, weight), (end, share) in itertools.product(
                conditions(self.finder, statement)[:60], last
            ):
                new = f"if {text}:\n{self.indent}{self.unit}{end}"
                total = weight * share * place
                if total >= 0.03:
                    self._insert_before(statement, new, "statement: early end", total)

    def _insert_before(self, statement: ast.stmt, new: str, kind: str, weight: float) -> None:
        if self.finder.indent_of(statement) is None or getattr(statement, "decorator_list", None):
            return
        at = self.finder.line_start(statement.lineno)
        what = f"add `{brief(new)}` before line {statement.lineno}"
        text, line = f"{self.indent}{new}\n", statement.lineno
        self.finder.add(at, at, text, line=line, what=what, kind=kind, weight=weight)

    def _insert_after(self, statement: ast.stmt, new: str, kind: str, weight: float) -> None:
        span = self._lines_of(statement, statement)
        if span is None:
            return
        at, line = span[1], statement.end_lineno or statement.lineno
        start = "" if self.finder.text[:at].endswith("\n") else "\n"
        what = f"add `{brief(new)}` after line {line}"
        text = f"{start}{self.indent}{new}\n"
        self.finder.add(at, at, text, line=line, what=what, kind=kind, weight=weight)

    # --- more ------------------------------------------------------------------------------------

    def _additions(self) -> None:
        """New simple statements made of what is in scope, and copies of others."""
        for place, is_last in [(s, False) for s in self.block] + [(self.block[-1], True)]:
            if is_last and isinstance(place, _ENDS):
                continue
            for new, weight in self._new_statements(place):
                if is_last:
                    self._insert_after(place, new, "statement: add", weight)
                else:
                    self._insert_before(place, new, "statement: add", weight)

    def _new_statements(self, place: ast.stmt) -> Iterator[tuple[str, float]]:
        finder, scopes = self.finder, self.finder.scopes
        names = scopes.names_at(place)
        known = atoms(finder, place)
        parts = [
            (f"{n}[{i}]", element(scopes.kinds[n]), 0.4)
            for n in names
            for i in ("-1", "0")
            if base(scopes.kinds.get(n, "")) in ("list", "str")
        ]
        for name in names:
            kind = scopes.kinds.get(name, "")
            method = {"list": "append", "set": "add"}.get(base(kind), "")
            if method:
                for text, other, weight in [*known, *parts]:
                    if text != name and other != "func" and fits(element(kind), other):
                        yield f"{name}.{method}({text})", weight * (1.0 if other else 0.6)
            if base(kind) == "num":
                for new in ("+= 1", "-= 1", "= 0", "*= -1"):
                    yield f"{name} {new}", 0.6 if new[0] in "+-" else 0.2
            if base(kind) in ("num", "str", ""):
                for text, other, weight in known:
                    if text != name and other and fits(kind, other):
                        yield f"{name} = {text}", 0.4 * weight
            if kind == "str":
                for text, other, weight in known:
                    if other == "str" and text != name:
                        yield f"{name} += {text}", 0.5 * weight
                yield f"{name} = {name}.lower()", 0.5
            if base(kind) == "list":
                yield f"{name}.sort()", 0.3
                yield f"{name}.reverse()", 0.2
                yield f"{name}.pop()", 0.2
                yield f"{name} = []", 0.2
        for copy in self._copies(place):
            yield copy, 0.4

    def _copies(self, place: ast.stmt) -> Iterator[str]:
        visible = set(self.finder.scopes.names_at(place))
        for node in ast.walk(self.finder.scopes.root):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and node is not place:
                is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                text = self.finder.of(node)
                if not is_text and "\n" not in text and self.finder.locals_of(node) <= visible:
                    yield text

    # --- order -----------------------------------------------------------------------------------

    def _orders(self) -> None:
        for here, after in itertools.pairwise(self.block):
            first, second = self._lines_of(here, here), self._lines_of(after, after)
            if first is None or second is None or isinstance(here, Function | ast.Return):
                continue
            text = self.finder.text
            later = text[second[0] : second[1]]
            later += "" if later.endswith("\n") else "\n"
            new = later + text[first[1] : second[0]] + text[first[0] : first[1]]
            what = f"swap lines {here.lineno} and {after.lineno}"
            simple = isinstance(here, _SIMPLE) and isinstance(after, _SIMPLE)
            weight, kind = 1.0 if simple else 0.4, "statement: swap"
            line = here.lineno
            self.finder.add(
                first[0], second[1], new, line=line, what=what, kind=kind, weight=weight
            )

    def _moves(self) -> None:
        """The last statement of an inner block moves out of it; the one after it moves in."""
        for i, here in enumerate(self.block):
            for inner in _inner(here):
                last = inner[-1]
                if len(inner) > 1 and last.end_lineno == here.end_lineno:
                    self._shift(last, -len(self.unit), "out of")
                if i + 1 < len(self.block) and last.end_lineno == here.end_lineno:
                    depth = len(self.finder.indent_of(last) or "") - len(self.indent or "")
                    for _ in range(depth // max(len(self.unit), 1)):
                        self._shift(self.block[i + 1], len(self.unit), "into")
                        break

    def _shift(self, statement: ast.stmt, by: int, where: str) -> None:
        span = self._lines_of(statement, statement)
        if span is None:
            return
        new = self._shifted(statement, statement, by)
        what = f"move `{brief(self.finder.of(statement))}` {where} the block above"
        line, weight = statement.lineno, 1.5 if isinstance(statement, ast.Return) else 1.0
        kind = "statement: move"
        self.finder.add(*span, new, line=line, what=what, kind=kind, weight=weight)

    def _chains(self) -> None:
        """A second `if` becomes `elif`, an `elif` becomes `if`; branches are swapped."""
        for here, after in itertools.pairwise(self.block):
            if isinstance(here, ast.If) and isinstance(after, ast.If) and not here.orelse:
                start = self.finder.span(after)[0]
                what = f"change `if` to `elif` in line {after.lineno}"
                self.finder.add(
                    start, start + 2, "elif", line=after.lineno, what=what, kind="branch: swap"
                )
        for here in self.block:
            nested = here.orelse[0] if isinstance(here, ast.If) and here.orelse else None
            if nested is None or not isinstance(nested, ast.If):
                continue
            start = self.finder.span(nested)[0]
            if self.finder.text.startswith("elif", start):
                what = f"change `elif` to `if` in line {nested.lineno}"
                self.finder.add(
                    start, start + 4, "if", line=nested.lineno, what=what, kind="branch: swap"
                )


def _inner(node: ast.stmt) -> Iterator[Block]:
    """The blocks right inside a statement, and at their ends."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(node, ast.For | ast.While | ast.If | ast.With) and block:
            yield block
            yield from _inner(block[-1])


# --- one statement by itself ---------------------------------------------------------------------


def _of_one(finder: Finder, node: ast.stmt) -> None:
    match node:
        case ast.AugAssign():
            _augmented(finder, node)
        case ast.Assign(targets=[ast.Name()]):
            _assigned(finder, node)
        case ast.Return():
            _returned(finder, node)
        case ast.Break() | ast.Continue():
            other = "continue" if isinstance(node, ast.Break) else "break"
            _put(finder, node, other, "jump", 1.0)
            for value in finder.returns[:3]:
                _put(finder, node, f"return {value}", "jump", 0.3)
        case ast.Expr(value=ast.Yield(value=ast.expr() as value)):
            _put(finder, node, f"yield from {finder.of(value)}", "return: other", 1.0)
        case ast.Expr(value=ast.YieldFrom(value=value)):
            _put(finder, node, f"yield {finder.of(value)}", "return: other", 1.0)
        case ast.Expr(value=ast.Call() as value):
            _put(finder, node, f"return {finder.of(value)}", "return: other", 1.0)


def _put(finder: Finder, node: ast.stmt, new: str, kind: str, weight: float) -> None:
    start, end = finder.span(node)
    old = finder.text[start:end]
    if new != old:
        what = f"change `{brief(old)}` to `{brief(new)}` in line {node.lineno}"
        finder.add(start, end, new, line=node.lineno, what=what, kind=kind, weight=weight)


def _augmented(finder: Finder, node: ast.AugAssign) -> None:
    old = OPERATOR_TEXT.get(type(node.op), "")
    target, value = finder.of(node.target), finder.of(node.value)
    for new in OPERATORS:
        if new != old:
            weight = 2.0 if {new, old} in ({"+", "-"}, {"*", "+"}, {"/", "//"}) else 1.0
            _put(finder, node, f"{target} {new}= {value}", "assignment: operator", weight)
    _put(finder, node, f"{target} = {value}", "assignment: operator", 1.5)
    if isinstance(node.op, ast.Add | ast.Mult):
        new = f"{target} = {finder.atom(node.value)} {old} {target}"
        _put(finder, node, new, "assignment: operator", 1.0)


def _assigned(finder: Finder, node: ast.Assign) -> None:
    target, value = finder.of(node.targets[0]), finder.of(node.value)
    reads = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
    if target not in reads and not isinstance(node.value, ast.Constant):
        for op in ("+", "-", "*"):
            _put(finder, node, f"{target} {op}= {value}", "assignment: operator", 0.5)
    if isinstance(node.value, ast.Constant | ast.List | ast.UnaryOp | ast.Dict | ast.Name):
        for new in ("float('inf')", "float('-inf')", "0", "1", "-1", "[]", "''", "None", "True"):
            _put(finder, node, f"{target} = {new}", "assignment: initial value", 0.4)
        for name in finder.scopes.names_at(node):
            if base(finder.scopes.kinds.get(name, "")) in ("list", "str"):
                for form in ("{}[0]", "len({})", "{}[-1]", "{}[:]"):
                    new = f"{target} = {form.format(name)}"
                    _put(finder, node, new, "assignment: initial value", 0.5)


def _returned(finder: Finder, node: ast.Return) -> None:
    if node.value is None:
        for name in finder.scopes.names_at(node):
            _put(finder, node, f"return {name}", "return: other", 1.0)
        return
    for name in finder.scopes.names_at(node):
        _put(finder, node, f"return {name}", "return: other", 1.0)
    ends = getattr(finder.scopes.root, "body", [None])[-1] is node
    computes = not isinstance(node.value, ast.Constant)
    for value in finder.returns:
        weight = 0.7 * (ALWAYS if ends and computes else 1.0)
        _put(finder, node, f"return {value}", "return: other", weight)
    text = finder.of(node.value)
    _put(finder, node, f"return [{text}]", "return: other", 0.5)
    _put(finder, node, text, "return: other", 0.3)
    _put(finder, node, f"yield {text}", "return: other", 0.3)

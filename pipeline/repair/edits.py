"""Small edits of a function, each a replacement of a stretch of its text; its style survives."""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**")
BITWISE = ("&", "|", "^", "<<", ">>")
ALIKE = (
    ("min", "max"),
    ("any", "all"),
    ("sum", "len", "max", "min"),
    ("floor", "ceil", "round", "int", "trunc"),
    ("sorted", "reversed", "list", "set"),
    ("append", "extend", "add", "insert"),
    ("upper", "lower", "title", "capitalize", "swapcase"),
    ("startswith", "endswith"),
    ("isdigit", "isalpha", "isalnum", "isupper", "islower", "isspace"),
    ("strip", "lstrip", "rstrip"),
    ("find", "rfind", "index", "rindex", "count"),
    ("keys", "values", "items"),
    ("popleft", "pop"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("heappush", "heappop"),
)
"""Names that are taken for one another."""
WRAPPERS = ("abs", "sorted", "len", "str", "int", "list", "set")
OPERATOR_TEXT: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.And: "and",
    ast.Or: "or",
}


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
    prior: float
    """How often bugs are of this kind, relative to the others; a rough count, not a probability."""

    def applied(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


class _Text:
    """A function's text with offsets for its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *itertools.accumulate(len(x) for x in text.splitlines(keepends=True))]
        self._lines = text.splitlines(keepends=True)

    def at(self, line: int, column: int) -> int:
        """Offset of a 1-based line and a column in utf-8 bytes, as `ast` counts."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.at(node.lineno, node.col_offset)
        return start, self.at(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.expr | ast.stmt) -> str:
        start, end = self.span(node)
        return self.text[start:end]


class _Finder:
    """Collects the edits of one function."""

    def __init__(self, text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.source = _Text(text)
        self.found: list[Edit] = []
        self.function = function
        self.names = _names_in_scope(function)

    def replace(self, node: ast.expr | ast.stmt, new: str, prior: float) -> None:
        old = self.source.of(node)
        if new == old:
            return
        start, end = self.source.span(node)
        what = f"change `{_brief(old)}` to `{_brief(new)}` in line {node.lineno}"
        self.add(start, end, new, node.lineno, what, prior)

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str, prior: float) -> None:
        """Replace the operator that stands between two operands."""
        start, end = self.source.span(left)[1], self.source.span(right)[0]
        at = self.source.text.find(old, start, end)
        if at >= 0:
            what = f"change `{old}` to `{new}` in line {left.lineno}"
            self.add(at, at + len(old), new, left.lineno, what, prior)

    def add(self, start: int, end: int, new: str, line: int, what: str, prior: float) -> None:
        self.found.append(Edit(start=start, end=end, new=new, line=line, what=what, prior=prior))


def edits_of(text: str, returns: tuple[str, ...] = ()) -> tuple[Edit, ...]:
    """Every single edit of the (dedented) function `text`, the likeliest kinds first.

    `returns` are source texts of values that the function should return somewhere: what a missing
    base case may give. () when the text does not parse.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not functions:
        return ()
    finder = _Finder(text, functions[-1])
    body = _body_without_docstring(functions[-1])
    for statement in body:
        for node in ast.walk(statement):
            handler = _HANDLERS.get(type(node))
            if handler:
                handler(finder, node)
            if isinstance(node, ast.stmt):
                _statement_edits(finder, node)
    _missing_base_cases(finder, body, returns)
    _moved_statements(finder, functions[-1])
    unique = {(e.start, e.end, e.new): e for e in finder.found}
    return tuple(sorted(unique.values(), key=lambda e: -e.prior))


def _brief(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else f"{flat[:37]}..."


def _body_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function, clean=False) else function.body


def _names_in_scope(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    spec = function.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    names += [
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    return tuple(dict.fromkeys(name for name in names if name not in ("self", "cls")))


# --- by node -----------------------------------------------------------------------------------


def _compare(finder: _Finder, node: ast.Compare) -> None:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        old = OPERATOR_TEXT[type(op)]
        others = {"in": ("not in",), "not in": ("in",), "is": ("is not", "=="), "is not": ("is",)}
        for new in others.get(old, COMPARISONS):
            near = {old, new} in ({"<", "<="}, {">", ">="}, {"<", ">"}, {"==", "!="})
            if new != old:
                finder.between(left, right, old, new, 10 if near else 4)
        for operand in (left, right):
            _off_by_one(finder, operand, 5)
        left = right
    _negated(finder, node)


def _binary(finder: _Finder, node: ast.BinOp) -> None:
    old = OPERATOR_TEXT.get(type(node.op), "")
    group = OPERATORS if old in OPERATORS else BITWISE if old in BITWISE else ()
    for new in group:
        if new != old:
            finder.between(node.left, node.right, old, new, 5)
    left, right = finder.source.of(node.left), finder.source.of(node.right)
    if old in ("-", "/", "//", "%", "**"):
        finder.replace(node, f"{right} {old} {left}", 3)
    finder.replace(node, left, 3)
    finder.replace(node, right, 2)


def _boolean(finder: _Finder, node: ast.BoolOp) -> None:
    old = OPERATOR_TEXT[type(node.op)]
    new = "or" if old == "and" else "and"
    for left, right in itertools.pairwise(node.values):
        finder.between(left, right, old, new, 6)
    for value in node.values:
        finder.replace(node, finder.source.of(value), 4)


def _unary(finder: _Finder, node: ast.UnaryOp) -> None:
    finder.replace(node, finder.source.of(node.operand), 6)


def _constant(finder: _Finder, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, bool):
        finder.replace(node, str(not value), 7)
    elif isinstance(value, int):
        for new in dict.fromkeys((value + 1, value - 1, 0, 1, 2, -value)):
            finder.replace(node, f"({new})" if new < 0 else str(new), 6)
        for name in finder.names:
            finder.replace(node, name, 4)
    elif isinstance(value, float):
        for new_float in (0.0, 1.0, value + 1, value - 1):
            finder.replace(node, repr(new_float), 3)
    elif isinstance(value, str):
        for text in ("", " "):
            finder.replace(node, repr(text), 2)
        for name in finder.names:
            finder.replace(node, name, 1)
    elif value is None:
        for text in ("0", "[]", "''", "False"):
            finder.replace(node, text, 2)


def _name(finder: _Finder, node: ast.Name) -> None:
    if not isinstance(node.ctx, ast.Load):
        return
    for group in ALIKE:
        if node.id in group:
            for new in group:
                finder.replace(node, new, 5)
    if node.id in finder.names:
        for new in finder.names:
            finder.replace(node, new, 5)


def _attribute(finder: _Finder, node: ast.Attribute) -> None:
    value = finder.source.of(node.value)
    for group in ALIKE:
        if node.attr in group:
            for new in group:
                finder.replace(node, f"{value}.{new}", 5)


def _call(finder: _Finder, node: ast.Call) -> None:
    name = finder.source.of(node.func)
    texts = [finder.source.of(arg) for arg in node.args]
    for i, j in itertools.combinations(range(len(texts)), 2):
        swapped = list(texts)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        finder.replace(node, f"{name}({', '.join(swapped)})", 4)
    for arg in node.args:
        _off_by_one(finder, arg, 7 if name == "range" else 4)
    if name == "range" and len(texts) == 1:
        finder.replace(node, f"range(1, {texts[0]})", 5)
        finder.replace(node, f"range(1, {texts[0]} + 1)", 6)
    if name == "range" and len(texts) == 2:
        finder.replace(node, f"range({texts[1]})", 3)
    if len(texts) == 1 and not node.keywords and name in dir(builtins):
        finder.replace(node, texts[0], 3)
    if name in ("sorted", "list.sort") or name.endswith(".sort"):
        reverse = [*texts, "reverse=True"]
        finder.replace(node, f"{name}({', '.join(reverse)})", 4)
    if node.keywords:
        finder.replace(node, f"{name}({', '.join(texts)})", 3)


def _subscript(finder: _Finder, node: ast.Subscript) -> None:
    if not isinstance(node.slice, ast.Slice):
        _off_by_one(finder, node.slice, 6)
        return
    value = finder.source.of(node.value)
    parts = [node.slice.lower, node.slice.upper, node.slice.step]
    texts = [finder.source.of(part) if part else "" for part in parts]
    for bound in parts[:2]:
        if bound is not None:
            _off_by_one(finder, bound, 7)
    for i, new in itertools.product((0, 1), ("", "1", "-1")):
        changed = [*texts[:i], new, *texts[i + 1 :]]
        tail = f":{changed[2]}" if changed[2] else ""
        finder.replace(node, f"{value}[{changed[0]}:{changed[1]}{tail}]", 3)
    if not texts[2]:
        finder.replace(node, f"{value}[{texts[0]}:{texts[1]}:-1]", 2)


def _off_by_one(finder: _Finder, node: ast.expr, prior: float) -> None:
    if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Starred):
        return
    text = finder.source.of(node)
    for new in (f"{text} + 1", f"{text} - 1"):
        finder.replace(node, new, prior)


def _condition(finder: _Finder, node: ast.If | ast.While | ast.IfExp) -> None:
    _negated(finder, node.test)
    if isinstance(node, ast.IfExp):
        body, orelse = finder.source.of(node.body), finder.source.of(node.orelse)
        finder.replace(node, f"{orelse} if {finder.source.of(node.test)} else {body}", 4)
        finder.replace(node, body, 3)
        finder.replace(node, orelse, 3)


def _negated(finder: _Finder, test: ast.expr) -> None:
    finder.replace(test, f"not ({finder.source.of(test)})", 4)


def _comprehension(finder: _Finder, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
    element = finder.source.of(node.elt)
    for new in (*WRAPPERS[:1], "str", "int"):
        finder.replace(node.elt, f"{new}({element})", 1.5)
    for generator in node.generators:
        for test in generator.ifs:
            _negated(finder, test)


def _augmented(finder: _Finder, node: ast.AugAssign) -> None:
    old = f"{OPERATOR_TEXT.get(type(node.op), '')}="
    target, value = finder.source.of(node.target), finder.source.of(node.value)
    for new in OPERATORS:
        if f"{new}=" != old:
            finder.replace(node, f"{target} {new}= {value}", 5)
    finder.replace(node, f"{target} = {value}", 4)
    _off_by_one(finder, node.value, 3)


def _assign(finder: _Finder, node: ast.Assign) -> None:
    if len(node.targets) != 1:
        return
    target, value = finder.source.of(node.targets[0]), finder.source.of(node.value)
    if isinstance(node.targets[0], ast.Name):
        finder.replace(node, f"{target} += {value}", 3)
    _off_by_one(finder, node.value, 3)


def _return(finder: _Finder, node: ast.Return) -> None:
    if node.value is None:
        return
    text = finder.source.of(node.value)
    for name in finder.names:
        finder.replace(node.value, name, 5)
    for wrapper in WRAPPERS:
        finder.replace(node.value, f"{wrapper}({text})", 2)
    for new in (f"not ({text})", f"{text}[::-1]", f"-({text})"):
        finder.replace(node.value, new, 2)
    _off_by_one(finder, node.value, 5)
    finder.replace(node, text, 1)


def _jump(finder: _Finder, node: ast.Break | ast.Continue) -> None:
    finder.replace(node, "continue" if isinstance(node, ast.Break) else "break", 5)


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.If: _condition,
    ast.While: _condition,
    ast.IfExp: _condition,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.AugAssign: _augmented,
    ast.Assign: _assign,
    ast.Return: _return,
    ast.Break: _jump,
    ast.Continue: _jump,
}


# --- whole statements ----------------------------------------------------------------------------


def _statement_edits(finder: _Finder, node: ast.stmt) -> None:
    """Leave a simple statement out."""
    simple = ast.Expr | ast.Assign | ast.AugAssign | ast.Break | ast.Continue
    if isinstance(node, simple):
        finder.replace(node, "pass", 3)


def _missing_base_cases(finder: _Finder, body: list[ast.stmt], returns: tuple[str, ...]) -> None:
    if not body:
        return
    first = body[0]
    at = finder.source.span(first)[0]
    indent = " " * first.col_offset
    arguments = finder.function.args
    for argument in (*arguments.posonlyargs, *arguments.args):
        for test in (f"not {argument.arg}", f"{argument.arg} == 1", f"{argument.arg} < 0"):
            for value in returns:
                line = f"if {test}:\n{indent}    return {value}\n{indent}"
                what = f"add `if {test}: return {value}` in line {first.lineno}"
                finder.add(at, at, line, first.lineno, what, 2.5)


def _moved_statements(finder: _Finder, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """A last statement of a loop or branch moves out of it; a following one moves in."""
    for block in _blocks(function):
        for here, after in itertools.zip_longest(block, block[1:]):
            inner = _innermost(here)
            if inner is not None and len(inner) > 1 and isinstance(inner[-1], ast.Return):
                _shift(finder, inner[-1], -4, 4)
            if inner is not None and after is not None:
                _shift(finder, after, inner[0].col_offset - after.col_offset, 3)
        for here, after in itertools.pairwise(block):
            _swap(finder, here, after)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for child in ast.walk(node):
        for field in ("body", "orelse"):
            block = getattr(child, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _innermost(node: ast.stmt) -> list[ast.stmt] | None:
    return node.body if isinstance(node, ast.For | ast.While | ast.If) else None


def _shift(finder: _Finder, node: ast.stmt, by: int, prior: float) -> None:
    if node.lineno != node.end_lineno or by == 0 or node.col_offset + by < 4:
        return
    start, end = finder.source.span(node)
    line_start = finder.source.text.rfind("\n", 0, start) + 1
    new = " " * (node.col_offset + by) + finder.source.text[start:end]
    where = "out of" if by < 0 else "into"
    what = f"move `{_brief(finder.source.of(node))}` {where} the block above"
    finder.add(line_start, end, new, node.lineno, what, prior)


def _swap(finder: _Finder, here: ast.stmt, after: ast.stmt) -> None:
    simple = ast.Assign | ast.AugAssign | ast.Expr
    if not (isinstance(here, simple) and isinstance(after, simple)):
        return
    (start, middle), (next_, end) = finder.source.span(here), finder.source.span(after)
    text = finder.source.text
    new = text[next_:end] + text[middle:next_] + text[start:middle]
    finder.add(start, end, new, here.lineno, f"swap lines {here.lineno} and {after.lineno}", 2)

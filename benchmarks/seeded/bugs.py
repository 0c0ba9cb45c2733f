"""Semantic bugs of one function: text edits, each of a named kind.

Half of the kinds have an edit among Atlas' own that takes them back (an operator, a number, a
condition, a name, a call); `FOREIGN` have none, or need several: what was there is gone, or is
wrong in two places. Nothing here reads Atlas' table of edits.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from pipeline.source.edit import TextEdit, applied
from pipeline.source.locate import FunctionSite, docstring_node, node_of
from pipeline.syntax.text import Document, parse

FOREIGN = frozenset(
    {
        *("guard dropped", "statements dropped", "exception", "handler", "default", "keyword"),
        *("result", "update lost", "format", "two places"),
    }
)
PER_KIND = 6
STUB = "raise NotImplementedError"

_COMPARE: dict[type[ast.cmpop], str] = {
    **{ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "=="},
    **{ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in"},
}
_OPERATOR: dict[type[ast.operator], str] = {
    **{ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "//", ast.FloorDiv: "/"},
    **{ast.Mod: "//", ast.Pow: "*", ast.BitAnd: "|", ast.BitOr: "&", ast.LShift: ">>"},
}
_METHOD = {
    **{"strip": "lstrip", "lstrip": "strip", "rstrip": "strip", "lower": "upper"},
    **{"upper": "lower", "startswith": "endswith", "endswith": "startswith", "find": "rfind"},
    **{"extend": "append", "append": "extend", "keys": "values", "values": "keys"},
    **{"min": "max", "max": "min", "any": "all", "all": "any", "split": "rsplit"},
    **{"partition": "rpartition", "appendleft": "append", "popleft": "pop", "update": "setdefault"},
}
_EXCEPTION = {"ValueError": "TypeError", "TypeError": "ValueError", "KeyError": "IndexError"}
Change = tuple[ast.AST | None, str]


@dataclass(frozen=True, kw_only=True)
class Bug:
    """A wrong version of a whole file."""

    kind: str
    what: str
    """The text before and after, shortened."""
    text: str


def bugs_of(document: Document, site: FunctionSite, rng: Random) -> Iterator[Bug]:
    """Different bugs in random order, each kind in turn; every text can be parsed."""
    groups: defaultdict[str, list[TextEdit]] = defaultdict(list)
    for kind, edit in _edits(document, site):
        groups[kind].append(edit)
    singles = [edit for edits in groups.values() for edit in edits]
    queues = [(kind, rng.sample(edits, len(edits))[:PER_KIND]) for kind, edits in groups.items()]
    rng.shuffle(queues)
    if pairs := [_pair(rng, singles) for _ in range(PER_KIND)]:
        queues.insert(rng.randint(0, len(queues)), ("two places", []))
    while queues:
        for kind, queue in queues:
            edits = pairs.pop() if kind == "two places" else (queue.pop(),)
            if edits and (bug := _bug(document, kind, edits)):
                yield bug
        queues = [
            (kind, queue) for kind, queue in queues if (pairs if kind == "two places" else queue)
        ]


def stubbed(document: Document, site: FunctionSite) -> Bug | None:
    """The body gone; None where there is hardly one."""
    if site.body_start is None or document.line_of(site.body_start) == site.def_line:
        return None
    edit = TextEdit(start=site.body_start, end=site.body_end, new_text=STUB)
    return _bug(document, "stub", (edit,))


def _pair(rng: Random, singles: list[TextEdit]) -> tuple[TextEdit, ...]:
    """Two edits that do not touch; () where chance gave none."""
    if len(singles) < 2:
        return ()
    first, second = sorted(rng.sample(singles, 2), key=lambda edit: edit.start)
    return (first, second) if first.end < second.start else ()


def _bug(document: Document, kind: str, edits: tuple[TextEdit, ...]) -> Bug | None:
    text = applied(document.text, edits)
    if text == document.text or parse(Document(text=text).plain) is None:
        return None
    told = (f"{document.text[e.start : e.end]!s} -> {e.new_text}" for e in edits)
    what = "; ".join(" ".join(one.split())[:100] for one in told)
    return Bug(kind=kind, what=what, text=text)


def _edits(document: Document, site: FunctionSite) -> Iterator[tuple[str, TextEdit]]:
    node = node_of(document, site)
    names = [arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
    names += [
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    names = list(dict.fromkeys(names))
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if isinstance(default, ast.Constant):
            for _, new in _constant(default):
                yield "default", _over(document, default, new)
    body = node.body[1:] if docstring_node(node) else node.body
    for one in (inner for stmt in body for inner in _placed(stmt)):
        for kind, edit in _blocks(document, one):
            yield kind, edit
        for kind, rule in RULES.items():
            for target, new in rule(one):
                yield kind, _over(document, target or one, new)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id in names:
            for other in names:
                if other not in (one.id, "self", "cls"):
                    yield "variable", _over(document, one, other)
    yield from _dropped(document, body)


def _placed(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`; what is inside an f-string has no place that Python 3.11 tells."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _placed(child)


def _over(document: Document, node: ast.AST, new: str) -> TextEdit:
    at = node
    assert isinstance(at, (ast.expr, ast.stmt, ast.ExceptHandler, ast.keyword))
    assert at.end_lineno is not None
    assert at.end_col_offset is not None
    start = document.offset_of_node(at.lineno, at.col_offset)
    end = document.offset_of_node(at.end_lineno, at.end_col_offset)
    if isinstance(at, ast.expr):
        new = f"({new})" if document.text[start - 1 : start] not in "([{= " else new
    return TextEdit(start=start, end=end, new_text=new)


# --- statements -----------------------------------------------------------------------------------


def _blocks(document: Document, node: ast.AST) -> Iterator[tuple[str, TextEdit]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from _dropped(document, block)


def _dropped(document: Document, block: list[ast.stmt]) -> Iterator[tuple[str, TextEdit]]:
    """One statement of a block of several gone, or two that follow each other."""
    for n, stmt in enumerate(block[:-1]):
        if isinstance(stmt, (ast.Return, ast.Import, ast.ImportFrom)):
            continue
        ends = isinstance(stmt, ast.If) and isinstance(stmt.body[-1], (ast.Return, ast.Raise))
        yield "guard dropped" if ends else "statement dropped", _over(document, stmt, "pass")
        if n + 2 < len(block):
            start, end = _over(document, stmt, "pass"), _over(document, block[n + 1], "")
            yield (
                "statements dropped",
                TextEdit(start=start.start, end=end.end, new_text="pass"),
            )


# --- expressions ----------------------------------------------------------------------------------


def _compare(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield None, f"{left} {_COMPARE[type(node.ops[0])]} {right}"


def _operator(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATOR:
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        yield None, f"({left}) {_OPERATOR[type(node.op)]} ({right})"
    if isinstance(node, ast.AugAssign) and type(node.op) in _OPERATOR:
        left, right = ast.unparse(node.target), ast.unparse(node.value)
        yield None, f"{left} {_OPERATOR[type(node.op)]}= {right}"


def _constant(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool() as value:
            yield node, str(not value)
        case int() as value:
            yield node, str(value + 1)
            if value > 0:
                yield node, str(value - 1)
        case None:
            yield node, "0"


def _condition(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        test = ast.unparse(node.test)
        yield node.test, f"not ({test})"
    if isinstance(node, ast.BoolOp):
        parts = [ast.unparse(part) for part in node.values]
        word = "or" if isinstance(node.op, ast.And) else "and"
        yield None, f" {word} ".join(f"({part})" for part in parts)
        for part in node.values:
            yield None, ast.unparse(part)


def _method(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call):
        call = ast.unparse(node)
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if name in _METHOD:
            head = ast.unparse(func)
            yield None, head[: len(head) - len(name)] + _METHOD[name] + call[len(head) :]


def _call(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call) and not any(isinstance(a, ast.Starred) for a in node.args):
        head, args = ast.unparse(node.func), [ast.unparse(arg) for arg in node.args]
        if len(args) == 1 and not node.keywords and isinstance(node.func, ast.Name):
            yield None, args[0]
        if len(args) >= 2 and not node.keywords:
            yield None, f"{head}({', '.join([args[1], args[0], *args[2:]])})"


def _keyword(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call) and node.keywords:
        head = ast.unparse(node.func)
        rest = [*map(ast.unparse, node.args), *map(_named, node.keywords[:-1])]
        yield None, f"{head}({', '.join(rest)})"


def _named(word: ast.keyword) -> str:
    value = ast.unparse(word.value)
    return f"{word.arg}={value}" if word.arg else f"**{value}"


def _part(node: ast.AST) -> Iterator[Change]:
    """One side of what chooses, a part of what is cut, one end of a loop."""
    if isinstance(node, ast.IfExp):
        yield None, ast.unparse(node.body)
        yield None, ast.unparse(node.orelse)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield None, ast.unparse(node.value)
    if isinstance(node, ast.For):
        yield node.iter, f"list({ast.unparse(node.iter)})[1:]"
    if isinstance(node, ast.comprehension) and node.ifs:
        yield node.ifs[0], "True"


def _jump(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, (ast.Break, ast.Continue)):
        yield None, "continue" if isinstance(node, ast.Break) else "break"


def _exception(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        func = node.exc.func
        if isinstance(func, ast.Name) and func.id in _EXCEPTION:
            yield func, _EXCEPTION[func.id]


def _handler(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield node.type, "ZeroDivisionError"


def _result(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            first, second = map(ast.unparse, node.value.elts)
            yield None, f"return {second}, {first}"
        elif not isinstance(node.value, ast.Constant):
            yield None, "return None"


def _update_lost(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.AugAssign):
        yield None, f"{ast.unparse(node.target)} = {ast.unparse(node.value)}"


def _format(node: ast.AST) -> Iterator[Change]:
    """Another text: a sign of it lost."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 40:
        yield None, repr(node.value[:-1])


RULES: dict[str, Callable[[ast.AST], Iterator[Change]]] = {
    "compare": _compare,
    "operator": _operator,
    "constant": _constant,
    "condition": _condition,
    "method": _method,
    "call": _call,
    "keyword": _keyword,
    "part": _part,
    "jump": _jump,
    "exception": _exception,
    "handler": _handler,
    "result": _result,
    "update lost": _update_lost,
    "format": _format,
}

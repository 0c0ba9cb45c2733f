"""What the model is told of the code around a function, within one budget.

What the function names comes first: short helpers whole, longer ones by signature and docstring.
Then what it uses of other modules, how it is called, and for a stub what else the module has.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from inspect import cleandoc

from pipeline.source.locate import FunctionNode, FunctionSite, docstring_node
from pipeline.source.names import bound
from pipeline.syntax.indentation import dedented
from pipeline.syntax.text import Document

MAX_CONTEXT_CHARS = 3000
"""About 800 tokens of a large vocabulary, 1,250 of nano's: five to nine seconds of reading for a
model of 1.5B parameters on two cores.
"""
SHORT_CHARS = 400
"""A helper of so much text is shown whole: about twelve lines, 100 tokens."""
MAX_VALUE_CHARS = 300
MAX_UNNAMED_CHARS = 1000
"""Of helpers that nothing says are wanted."""
MAX_CALLERS = 3
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def context_of(
    document: Document,
    site: FunctionSite,
    named: Sequence[ast.stmt],
    holder: ast.stmt,
    neighbours: Sequence[str] = (),
) -> tuple[str, str]:
    """What the function names, and what is near it: callers, other modules, for a stub the rest.

    Pieces of code and comments, the most useful first; what does not fit is left out whole.
    `named` are the top-level statements that the function and its tests need, `holder` the one
    that the function is in, `neighbours` texts on other modules of its project.
    """
    imports = [s for s in named if isinstance(s, (ast.Import, ast.ImportFrom))]
    lines = [ast.unparse(s) for s in imports if getattr(s, "module", "") != "__future__"]
    text = document.text[site.start : site.end]
    mentioned = [s for s in named if s not in imports and _is_mentioned(s, text)]
    kept = _Pieces(MAX_CONTEXT_CHARS)
    for line in lines:
        kept.add(line)
    if site.owner == "class" and isinstance(holder, ast.ClassDef):
        # It is shown last, beside the function, and counts first.
        kept.reserve(outline(holder, without=site.last_name))
    for stmt in mentioned:
        kept.add(*_forms(document, stmt))
    near = _Pieces(kept.left)
    for one in (*neighbours, *_callers(document, site)):
        near.add(one)
    if site.is_stub:
        near.limit(MAX_UNNAMED_CHARS)
        for stmt in _others(document, holder, mentioned):
            near.add(*_forms(document, stmt)[1:])
    return kept.text, near.text


class _Pieces:
    """Texts, one a piece, up to a number of characters."""

    def __init__(self, n_chars: int) -> None:
        self.left = n_chars
        self._kept: list[str] = []
        self._last = ""

    def add(self, *forms: str) -> None:
        """The first form that fits, if any does."""
        for form in forms:
            if len(form) < self.left:
                self.left -= len(form) + 1
                self._kept.append(form)
                return

    def reserve(self, last: str) -> None:
        """Cut, in whole lines, where it is too long."""
        short = last if len(last) < self.left else last[: self.left].rpartition("\n")[0]
        self._last = short
        self.left -= len(short) + 1

    def limit(self, n_chars: int) -> None:
        self.left = min(self.left, n_chars)

    @property
    def text(self) -> str:
        return "\n".join(filter(None, (*self._kept, self._last)))


def _is_mentioned(stmt: ast.stmt, text: str) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in bound(stmt))


def _forms(document: Document, stmt: ast.stmt) -> tuple[str, ...]:
    """A statement of the module as it may be shown, the longest form first."""
    text = _text_of(document, stmt)
    if isinstance(stmt, (*_FUNCTIONS, ast.ClassDef)):
        return (*((text,) if len(text) <= SHORT_CHARS else ()), *brief_forms(stmt))
    return (text if len(text) <= MAX_VALUE_CHARS else text.partition("\n")[0][:200],) * 2


def _text_of(document: Document, stmt: ast.stmt) -> str:
    start = document.offset_of_node(stmt.lineno, stmt.col_offset)
    if decorators := getattr(stmt, "decorator_list", []):
        first = document.offset_of_node(decorators[0].lineno, decorators[0].col_offset)
        start = document.text.rindex("@", 0, first)
    end = document.offset_of_node(stmt.end_lineno or stmt.lineno, stmt.end_col_offset or 0)
    return Document(text=document.text[start:end]).plain


# --- shorter than the whole -------------------------------------------------------------------


def brief_forms(node: FunctionNode | ast.ClassDef) -> tuple[str, ...]:
    """With its docstring's first paragraph, and without."""
    if isinstance(node, ast.ClassDef):
        return outline(node), f"class {node.name}: ..."
    return _header(node, _summary(node)), _header(node, "")


def _header(node: FunctionNode, docstring: str) -> str:
    """The function with its docstring and `...` for a body."""
    body: list[ast.stmt] = [ast.Expr(value=ast.Constant(value=...))]
    if docstring:
        body.insert(0, ast.Expr(value=ast.Constant(value=docstring)))
    fields = {name: getattr(node, name) for name in node._fields}
    return ast.unparse(ast.copy_location(type(node)(**{**fields, "body": body}), node))


def _summary(node: ast.AST) -> str:
    """The first paragraph of its docstring, of at most MAX_VALUE_CHARS."""
    constant = docstring_node(node)
    text = cleandoc(str(constant.value)) if constant else ""
    first = text.partition(">>>")[0].partition("\n\n")[0].strip()
    return first if len(first) <= MAX_VALUE_CHARS else ""


def outline(node: ast.ClassDef, *, without: str = "") -> str:
    """The class with the bodies of its methods left out, but for `__init__`'s; without the method
    of that name.
    """
    bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
    decorated = "".join(f"@{ast.unparse(one)}\n" for one in node.decorator_list)
    summary = _summary(node)
    parts = [f'"""{summary}"""'] if summary and '"' not in summary else []
    for stmt in node.body:
        if isinstance(stmt, _FUNCTIONS):
            if stmt.name != without:
                parts.append(ast.unparse(stmt) if stmt.name == "__init__" else _header(stmt, ""))
        elif isinstance(stmt, (ast.Assign, ast.AnnAssign)):
            parts.append(ast.unparse(stmt))
    inside = "\n".join(parts or ["..."])
    body = "\n".join(f"    {line}" for line in inside.split("\n"))
    return f"{decorated}class {node.name}{bases}:\n{body}"


def _others(document: Document, holder: ast.stmt, shown: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """What else stands at the top of the module and could be called."""
    kinds = (*_FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign)
    for stmt in document.tree.body:
        is_named = any(not name.startswith("__") for name in bound(stmt))
        if isinstance(stmt, kinds) and is_named and stmt is not holder and stmt not in shown:
            yield stmt


# --- who calls it -----------------------------------------------------------------------------


def _callers(document: Document, site: FunctionSite) -> list[str]:
    return calls_in(document.tree, document.plain, site.last_name, but=site.name)[:MAX_CALLERS]


def calls_in(tree: ast.Module, text: str, name: str, *, but: str = "", of: str = "") -> list[str]:
    """The statements that call `name`, as comments that say in which function they stand.

    `but` is a function that is left out, `of` the module for people.
    """
    found: list[str] = []
    lines = text.split("\n")
    for where, node in _functions(tree.body, ""):
        if where == but:
            continue
        for stmt in ast.walk(node):
            if isinstance(stmt, ast.stmt) and not hasattr(stmt, "body") and _calls(stmt, name):
                part = lines[stmt.lineno - 1 : stmt.end_lineno]
                source = dedented("\n".join(part), _indent(part[0])).split("\n")
                shown = "\n".join(f"#     {line}" for line in source)
                full = f"{of}.{where}" if of else where
                found.append(f"# {full} calls it:\n{shown}")
                break
    return found


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _functions(body: Sequence[ast.stmt], inside: str) -> Iterator[tuple[str, FunctionNode]]:
    for stmt in body:
        if isinstance(stmt, _FUNCTIONS):
            yield f"{inside}{stmt.name}", stmt
        elif isinstance(stmt, ast.ClassDef):
            yield from _functions(stmt.body, f"{inside}{stmt.name}.")


def _calls(stmt: ast.stmt, name: str) -> bool:
    called = (node.func for node in ast.walk(stmt) if isinstance(node, ast.Call))
    return any(name == getattr(one, "id", getattr(one, "attr", "")) for one in called)

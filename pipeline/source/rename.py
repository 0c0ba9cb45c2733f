"""Rename variables in a function without touching anything else: attributes, strings, comments,
layout.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from pipeline.source.edit import TextEdit, applied
from pipeline.syntax.text import Document, parse

_Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = _Function | ast.Lambda
_Placed = ast.stmt | ast.expr | ast.arg | ast.keyword | ast.alias | ast.pattern | ast.excepthandler
Spot = tuple[ast.AST, str]
"""A node and its field that holds a variable's name, or a list of them."""
_FIELDS: Mapping[type[ast.AST], str] = {
    **{ast.Name: "id", ast.arg: "arg", ast.alias: "asname", ast.ExceptHandler: "name"},
    **{ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name"},
    **{ast.MatchAs: "name", ast.MatchStar: "name", ast.MatchMapping: "rest"},
    **{ast.Global: "names", ast.Nonlocal: "names"},
}
_BEFORE = {ast.ExceptHandler: "type", ast.MatchAs: "pattern", ast.MatchMapping: "patterns"}
"""What stands between the beginning of a node and its name."""


def renamed(code: str, names: Mapping[str, str]) -> str:
    """`code` (one function) with the names replaced wherever they are that function's variables
    or itself.

    Attributes, keyword names of foreign calls, and inner scopes that bind the name anew stay as
    they are.
    Text that cannot be parsed comes back unchanged; where a name's place cannot be told (f-strings
    of old Pythons), the function is written anew from its tree.
    """
    tree = parse(code)
    if tree is None:
        return code
    document, names = Document(text=code), {**names}
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and "." in node.name and not node.asname:
            # `import a.b` binds a, and cannot bind anything else.
            names.pop(node.name.partition(".")[0], None)
    edits = [edit for spot in list(_spots(tree)) for edit in _renamed(document, spot, names)]
    text = applied(code, edits)
    made = parse(text)
    return text if made and ast.dump(made) == ast.dump(tree) else ast.unparse(tree) + "\n"


# --- where names of the function stand --------------------------------------------------------


def _spots(tree: ast.Module) -> Iterator[Spot]:
    for node in tree.body:
        function = getattr(node, "name", "")
        yield from _inside(node, frozenset(), function, is_outermost=True)


def _inside(
    node: ast.AST, hidden: frozenset[str], function: str, *, is_outermost: bool = False
) -> Iterator[Spot]:
    """The spots in `node` but those of names in `hidden`, which inner scopes bind anew."""
    field = _FIELDS.get(type(node), "")
    if field and (isinstance(node, ast.Global | ast.Nonlocal) or _name(node, field) not in hidden):
        yield node, field
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
        # A call of itself passes its own parameters by name.
        yield from ((keyword, "arg") for keyword in node.keywords)
    inner = hidden
    if isinstance(node, Scope) and not is_outermost:
        inner = hidden | {arg.arg for arg in _params(node)}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.arguments):
            yield from _of_arguments(child, hidden, inner, function)
        else:
            is_head = isinstance(node, _Function) and child not in node.body
            yield from _inside(child, hidden if is_head else inner, function)


def _of_arguments(
    node: ast.arguments, outer: frozenset[str], inner: frozenset[str], function: str
) -> Iterator[Spot]:
    """Defaults and annotations belong to the scope around."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.arg):
            yield from _inside(child, outer, function)
            continue
        if child.arg not in inner:
            yield child, "arg"
        if child.annotation:
            yield from _inside(child.annotation, outer, function)


def _params(node: Scope) -> list[ast.arg]:
    return [child for child in ast.iter_child_nodes(node.args) if isinstance(child, ast.arg)]


def _name(node: ast.AST, field: str) -> str | None:
    """The name that `node` binds or reads; `import x` binds x."""
    if isinstance(node, ast.alias):
        return node.asname or node.name
    name: str | None = getattr(node, field)
    return name


# --- the change -------------------------------------------------------------------------------


def _renamed(document: Document, spot: Spot, names: Mapping[str, str]) -> Iterator[TextEdit]:
    """Rename in the tree, and give the edits that do the same in the text."""
    node, field = spot
    if isinstance(node, ast.Global | ast.Nonlocal):
        yield from (_edit(document, node, old, names[old]) for old in node.names if old in names)
        node.names = [names.get(old, old) for old in node.names]
        return
    old = _name(node, field)
    if old is None or old not in names:
        return
    is_import = isinstance(node, ast.alias) and not node.asname
    yield _edit(document, node, old, f"{old} as {names[old]}" if is_import else names[old])
    setattr(node, field, names[old])


def _edit(document: Document, node: ast.AST, old: str, new: str) -> TextEdit:
    """The name's first place in the node, behind what stands before it."""
    assert isinstance(node, _Placed)
    before = getattr(node, _BEFORE.get(type(node), ""), None)
    last = before[-1] if isinstance(before, list) and before else before or None
    place = (last.end_lineno, last.end_col_offset) if last else (node.lineno, node.col_offset)
    start = document.offset_of_node(*place)
    if isinstance(node, ast.alias) and node.asname:
        start += len(node.name)
    found = re.compile(rf"\b{re.escape(old)}\b").search(document.text, start)
    at = found.start() if found else start
    return TextEdit(start=at, end=at + len(old), new_text=new)

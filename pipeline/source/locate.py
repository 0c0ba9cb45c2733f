"""Find a function in a file by its name or by the cursor, with exact ranges of its parts."""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.syntax.text import Document, SourceError, Unit, offset_at

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_COMPOUND = (
    *(ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match),
    *(ast.AsyncFor, ast.AsyncWith, ast.TryStar),
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


NEAR = 0.5
"""What looks so much alike is asked for with "did you mean"."""


class FunctionNotFound(SourceError):
    """No function of that name, or none at that place; `near` has names that look like it."""

    def __init__(self, message: str, *, near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.near = near


@dataclass(frozen=True, kw_only=True)
class FunctionSite:
    """Where a function stands in `document.text`; all ranges are half-open offsets."""

    name: str
    """Qualified by classes and outer functions: `f`, `Stack.push`, `outer.inner`, `C.x.setter`."""
    start: int
    """Its first decorator, or `def`; the indentation before it is outside."""
    end: int
    """After its last statement, the comment on that line, and indented comment lines that
    follow.
    """
    def_start: int
    """`def` or `async`."""
    header_end: int
    """After the colon of the header."""
    docstring_start: int | None
    docstring_end: int | None
    body_start: int | None
    """First statement after the docstring; None where there is none."""
    body_end: int
    """After the last statement, without comments."""
    indent: str
    """White space before `def`."""
    first_line: int
    """0-based line of `start`."""
    def_line: int
    docstring: str | None
    is_stub: bool
    is_async: bool
    is_overload: bool
    owner: str
    """What encloses it directly: `module`, `class`, `function`."""
    params: tuple[str, ...]
    source_hash: str
    """sha256 of its exact text."""
    number: int = 1
    """Among the functions of that name: the last with a docstring is 1, being what the name means
    when the module has run, then the others from the end.
    """

    @property
    def label(self) -> str:
        """Unique in the file: `f`, `f#2`; `find_function` takes it."""
        return self.name if self.number == 1 else f"{self.name}#{self.number}"

    @property
    def last_name(self) -> str:
        return self.name.rsplit(".", 1)[-1]


def find_function(document: Document, name: str) -> FunctionSite:
    """The function of that name: of several the one with a docstring, then the last definition,
    never an overload; `f#2` is the next of them.

    A unique last part is enough (`push` for `Stack.push`).
    Raises FunctionNotFound with near names, SourceSyntaxError.
    """
    places = [(_qualified(node, at), node, at) for node, at in _all_places(document)]
    plain, _, number = name.partition("#")
    found = [one for one in places if one[0] == plain] or _by_tail(places, plain)
    wanted = int(number) if number.isdecimal() else 1
    if 0 < wanted <= len(found):
        _, node, place = _ranked(found)[wanted - 1]
        return replace(_site(document, node, place), number=wanted)
    raise _not_found(document, name, list(dict.fromkeys(one[0] for one in places)))


def numbered_functions(
    document: Document, *, touching: range | None = None
) -> tuple[FunctionSite, ...]:
    """All functions that can run, in order, each with its number; no overloads, and none that only
    type checkers see. Of a large file those that touch some 0-based lines are found much sooner.

    Raises SourceSyntaxError.
    """
    places = [(_qualified(node, at), node, at) for node, at in _all_places(document)]
    by_name: dict[str, list[_Found]] = {}
    for one in places:
        by_name.setdefault(one[0], []).append(one)
    number = {
        id(one[1]): n for found in by_name.values() for n, one in enumerate(_ranked(found), 1)
    }
    near = places if touching is None else _near(document, places, touching)
    sites = (
        replace(_site(document, node, at), number=number[id(node)])
        for _, node, at in near
        if not _is_overload(node) and not at.typing_only
    )
    if touching is None:
        return tuple(sites)
    return tuple(
        one
        for one in sites
        if one.first_line < touching.stop and document.line_of(one.end) >= touching.start
    )


def _near(document: Document, places: Sequence[_Found], lines: range) -> list[_Found]:
    """Those on the lines by the syntax tree, and the last before, whose comments may reach them."""

    def last_line(one: _Found) -> int:
        return (one[1].end_lineno or one[1].lineno) - 1

    def first_line(node: FunctionNode) -> int:
        return _first_line(document, node) if node.decorator_list else node.lineno - 1

    before = max((at for one in places if (at := last_line(one)) < lines.start), default=-1)
    return [
        one
        for one in places
        if last_line(one) >= min(lines.start, before) and first_line(one[1]) < lines.stop
    ]


def _ranked(found: Sequence[_Found]) -> list[_Found]:
    """What can run first, then what has a docstring, then the last."""

    def rank(one: _Found) -> tuple[bool, bool, bool]:
        return _is_overload(one[1]), one[2].typing_only, docstring_node(one[1]) is None

    return sorted(reversed(found), key=rank)


def function_at(
    document: Document, line: int, column: int = 0, *, unit: Unit = "utf-16"
) -> FunctionSite:
    """The innermost function around a 0-based position, decorators and whole lines included.

    Raises FunctionNotFound, SourceSyntaxError.
    """
    at = document.line_of(offset_at(document, line, column, unit))
    places = [("", node, place) for node, place in _all_places(document)]
    around = [
        (node, place)
        for _, node, place in _near(document, places, range(at, at + 1))
        if _first_line(document, node) <= at <= _last_line(document, node)
    ]
    if not around:
        place = f"{document.path or 'the file'}:{line + 1}"
        raise FunctionNotFound(f"no function at {place}; put the cursor inside one")
    site = _site(document, *max(around, key=lambda one: one[0].lineno))
    numbered = numbered_functions(document, touching=range(at, at + 1))
    return next((one for one in numbered if one.start == site.start), site)


def functions(document: Document, *, named: str = "") -> tuple[FunctionSite, ...]:
    """All functions of the file in order, nested and overloaded ones too. Raises
    SourceSyntaxError.
    """
    return tuple(
        _site(document, node, place)
        for node, place in _all_places(document)
        if not named or node.name == named
    )


def docstring_node(node: ast.AST) -> ast.Constant | None:
    """The string constant that is the docstring of a function, class or module."""
    body: Sequence[ast.stmt] = getattr(node, "body", [])
    if not body or not isinstance(body[0], ast.Expr):
        return None
    value = body[0].value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value
    return None


def node_of(document: Document, site: FunctionSite) -> FunctionNode:
    """The syntax node of a site of this document."""
    for node, _ in _all_places(document):
        if document.offset_of_node(node.lineno, node.col_offset) == site.def_start:
            return node
    raise FunctionNotFound(f"{site.name} is no longer in {document.path or 'the file'}; ask again")


@dataclass(frozen=True, kw_only=True)
class _Place:
    names: tuple[str, ...] = ()
    owner: str = "module"
    typing_only: bool = False


_Found = tuple[str, FunctionNode, _Place]


def _all_places(document: Document) -> Iterator[tuple[FunctionNode, _Place]]:
    return _places(document.tree.body, _Place())


def _first_line(document: Document, node: FunctionNode) -> int:
    return document.line_of(_start_of(document, node))


def _last_line(document: Document, node: FunctionNode) -> int:
    end = _end_of(document, node.body[-1])
    return document.line_of(_end_with_comments(document, node, end))


def _places(body: Sequence[ast.stmt], place: _Place) -> Iterator[tuple[FunctionNode, _Place]]:
    """In the order of the file; a stack of its own, because `elif` chains nest deeply."""
    stack = [(stmt, place) for stmt in reversed(body)]
    while stack:
        stmt, at = stack.pop()
        if isinstance(stmt, _SCOPES):
            if not isinstance(stmt, ast.ClassDef):
                yield stmt, at
            owner = "class" if isinstance(stmt, ast.ClassDef) else "function"
            inner = replace(at, names=(*at.names, stmt.name), owner=owner)
            stack.extend((child, inner) for child in reversed(stmt.body))
            continue
        if not isinstance(stmt, _COMPOUND):
            continue
        for block, typing_only in reversed(list(_blocks(stmt))):
            within = replace(at, typing_only=True) if typing_only else at
            stack.extend((child, within) for child in reversed(block))


def _blocks(stmt: ast.stmt) -> Iterator[tuple[Sequence[ast.stmt], bool]]:
    typing = isinstance(stmt, ast.If) and _last_part(stmt.test) == "TYPE_CHECKING"
    yield getattr(stmt, "body", []), typing
    for handler in getattr(stmt, "handlers", []):
        yield handler.body, False
    yield getattr(stmt, "orelse", []), False
    yield getattr(stmt, "finalbody", []), False
    for case in getattr(stmt, "cases", []):
        yield case.body, False


def _site(document: Document, node: FunctionNode, place: _Place) -> FunctionSite:
    def_start = document.offset_of_node(node.lineno, node.col_offset)
    start = _start_of(document, node)
    doc = docstring_node(node)
    rest = node.body[1:] if doc else node.body
    body_end = _end_of(document, node.body[-1])
    end = _end_with_comments(document, node, body_end)
    def_line = node.lineno - 1
    line_text = document.plain_lines[def_line].encode("utf-8", "surrogatepass")
    return FunctionSite(
        name=_qualified(node, place),
        start=start,
        end=end,
        def_start=def_start,
        header_end=_header_end(document, node),
        docstring_start=_start_of(document, node.body[0]) if doc else None,
        docstring_end=_end_of(document, node.body[0]) if doc else None,
        body_start=_start_of(document, rest[0]) if rest else None,
        body_end=body_end,
        indent=line_text[: node.col_offset].decode().rpartition("\f")[2],
        first_line=document.line_of(start),
        def_line=def_line,
        docstring=doc.value if doc and isinstance(doc.value, str) else None,
        is_stub=all(_is_placeholder(stmt) for stmt in rest),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_overload=_is_overload(node),
        owner=place.owner,
        params=parameter_names(node),
        source_hash=hashlib.sha256(
            document.text[start:end].encode("utf-8", "surrogatepass")
        ).hexdigest(),
    )


def parameter_names(node: FunctionNode) -> tuple[str, ...]:
    """Names in the order of the signature, `*args` and `**kwargs` with their stars."""
    args = node.args
    star = (f"*{args.vararg.arg}",) if args.vararg else ()
    stars = (f"**{args.kwarg.arg}",) if args.kwarg else ()
    plain = tuple(a.arg for a in (*args.posonlyargs, *args.args))
    return (*plain, *star, *(a.arg for a in args.kwonlyargs), *stars)


def _qualified(node: FunctionNode, place: _Place) -> str:
    attributes = [d.attr for d in node.decorator_list if isinstance(d, ast.Attribute)]
    accessor = [attr for attr in attributes if attr in ("setter", "deleter")]
    return ".".join([*place.names, node.name, *accessor])


def _last_part(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _start_of(document: Document, node: ast.stmt) -> int:
    """The `@` before the first decorator's expression, else the statement itself."""
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        first = document.offset_of_node(decorators[0].lineno, decorators[0].col_offset)
        return document.text.rindex("@", 0, first)
    return document.offset_of_node(node.lineno, node.col_offset)


def _end_of(document: Document, node: ast.stmt) -> int:
    lineno, col = node.end_lineno, node.end_col_offset
    if lineno is None or col is None:
        raise AssertionError("a parsed statement has an end")
    return document.offset_of_node(lineno, col)


def _header_end(document: Document, node: FunctionNode) -> int:
    """After the colon that opens the body; colons of lambdas, slices and dicts are skipped."""
    line = document.plain_lines[node.lineno - 1].rstrip()
    if _is_plain_header(line) and node.body[0].lineno > node.lineno:
        return document.offset_of_char(node.lineno - 1, len(line))
    rows = document.plain_lines[node.lineno - 1 : node.lineno - 1 + _n_rows(node)]
    first = rows[0].encode("utf-8", "surrogatepass")[node.col_offset :]
    text = first.decode("utf-8", "surrogatepass") + "".join(rows[1:])
    shift = len(rows[0]) - len(first.decode("utf-8", "surrogatepass"))
    depth = lambdas = 0
    for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
        if token.type == tokenize.NAME and token.string == "lambda" and depth == 0:
            lambdas += 1
        if token.type != tokenize.OP:
            continue
        depth += (token.string in "([{") - (token.string in ")]}")
        if token.string == ":" and depth == 0:
            if lambdas == 0:
                row, column = token.end
                column += shift if row == 1 else 0
                return document.offset_of_char(node.lineno + row - 2, column)
            lambdas -= 1
    raise AssertionError("a parsed function has a colon")


def _is_plain_header(line: str) -> bool:
    """A whole header on one line, which can be told without its tokens."""
    return (
        line.endswith(":")
        and not any(sign in line for sign in ("'", '"', "#", "\\"))
        and all(line.count(left) == line.count(right) for left, right in ("()", "[]", "{}"))
    )


def _n_rows(node: FunctionNode) -> int:
    """How many lines from `def` to the end of the first statement of the body."""
    return (node.body[0].end_lineno or node.lineno) - node.lineno + 1


def _end_with_comments(document: Document, node: FunctionNode, body_end: int) -> int:
    """Take in `;`, the comment on the last line, and comment lines indented deeper than `def`."""
    line = document.line_of(body_end)
    line_end = document.line_end(line)
    end = body_end + len(document.text[body_end:line_end].rstrip(" \t\f"))
    own = len(_leading(document, node.lineno - 1).expandtabs())
    while line + 1 < len(document.line_starts):
        line += 1
        text = document.plain_lines[line].rstrip()
        lead = text[: len(text) - len(text.lstrip())]
        if not text.lstrip().startswith("#") or len(lead.expandtabs()) <= own:
            break
        end = document.line_starts[line] + len(text)
    return end


def _leading(document: Document, line: int) -> str:
    text = document.plain_lines[line]
    return text[: len(text) - len(text.lstrip())].rpartition("\f")[2]


def _is_placeholder(stmt: ast.stmt) -> bool:
    if isinstance(stmt, ast.Pass):
        return True
    if isinstance(stmt, ast.Expr):
        return isinstance(stmt.value, ast.Constant) and stmt.value.value is ...
    if not isinstance(stmt, ast.Raise) or stmt.exc is None:
        return False
    raised = stmt.exc.func if isinstance(stmt.exc, ast.Call) else stmt.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _by_tail(places: Sequence[_Found], name: str) -> list[_Found]:
    found = [one for one in places if one[0].endswith("." + name)]
    return found if len({one[0] for one in found}) == 1 else []


def _is_overload(node: FunctionNode) -> bool:
    return any(_last_part(decorator) == "overload" for decorator in node.decorator_list)


def _not_found(document: Document, name: str, names: Sequence[str]) -> FunctionNotFound:
    file = document.path or "the file"
    if not names:
        return FunctionNotFound(f"{file} has no function at all, so no {name!r}")
    ranked = sorted(names, key=lambda known: -_likeness(name, known))
    near = tuple(known for known in ranked if _likeness(name, known) >= NEAR)[:3]
    shown = near or tuple(names[:5])
    word = "did you mean" if near else "it has"
    return FunctionNotFound(f"no function {name!r} in {file}; {word} {', '.join(shown)}", near=near)


def _likeness(typed: str, known: str) -> float:
    """From 0 to 1, whatever the case: of the whole name or its last part, the better one."""
    wanted = typed.lower()
    parts = (known.lower(), known.lower().rpartition(".")[2])
    if parts[1] in (wanted, wanted.rpartition(".")[2]):
        return 1.0
    return max(difflib.SequenceMatcher(None, wanted, part).ratio() for part in parts)

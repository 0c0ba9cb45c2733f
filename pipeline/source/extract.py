"""From what a model wrote to the function that was asked for; the text is parsed, never run.

Imports above the answer's function are returned apart.
Helper functions, classes and constants that it uses are put into its body, at the beginning,
so that an edit touches one function only; those that the module already has are dropped, and so
are usage, tests and a main guard.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.core.task import Task
from pipeline.source.edit import missing_imports
from pipeline.source.locate import FunctionNode, FunctionSite, functions, parameter_names
from pipeline.source.names import BUILTINS, bound, needed
from pipeline.source.rename import renamed
from pipeline.source.siblings import Inlined, with_siblings
from pipeline.source.stdlib import import_of
from pipeline.syntax.indentation import dedented, indented, with_unit
from pipeline.syntax.text import Document, first_bad_line, parse

MAX_ANSWER_BYTES = 100_000
MAX_PARSED_CHARS = 300_000
"""How much text is parsed again and again while the end of a broken block is cut."""
MAX_CUTS = 50
MAX_BLOCKS = 20
"""How many fenced blocks are read, counted from the end."""
MAX_STARTS = 10
"""How many lines of an answer without fences are tried as the first line of code."""

_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([\w+.#-]*)[^\n`]*$", re.MULTILINE)
_CODE_START = re.compile(
    r"^[ \t]*(?:@\w|def\s|async\s+def\s|class\s|from\s+\S+\s+import\s|import\s)", re.M
)
_END_MARK = re.compile(r"(?:<\|\w{1,40}\|>|</s>)\Z")
_SELF = ("self", "cls")
_AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, kw_only=True)
class Extracted:
    code: str
    """The answer's function, dedented, with its helpers inside; for stdio the whole program."""
    imports: tuple[str, ...] = ()
    """Import lines, one name each, that the code uses and the task's module text lacks."""
    is_truncated: bool = False
    """The answer broke off; an unfinished end was cut away."""


@dataclass(frozen=True, kw_only=True)
class ExtractionFailure:
    reason: str
    """One line."""


def extract(text: str, task: Task) -> Extracted | ExtractionFailure:
    """The likeliest of `extract_all`: of several code blocks the last that holds it."""
    found = extract_all(text, task)
    return found if isinstance(found, ExtractionFailure) else found[0]


def extract_all(text: str, task: Task) -> tuple[Extracted, ...] | ExtractionFailure:
    """Every version of the task's function (or program) in a model's answer, the likeliest first.

    Running costs no tokens, so each block that holds it counts.
    What comes back is sure to merge with the task's statement into a function that parses.
    """
    n_bytes = len(text.encode("utf-8", "surrogatepass"))
    if n_bytes > MAX_ANSWER_BYTES:
        return ExtractionFailure(
            reason=f"the answer has {n_bytes} bytes, more than {MAX_ANSWER_BYTES}"
        )
    text = _without_end_mark(Document(text=text).plain)
    try:
        return _programs(text) if task.kind == "stdio" else _functions(text, task)
    except (RecursionError, MemoryError):
        return ExtractionFailure(reason="the answer is nested too deeply to read")


def head_of(statement: str) -> str:
    """The statement's decorators, signature and docstring; dedented, ends in a newline."""
    own = Document(text=_parsable(statement))
    site = _outermost(own)
    return _head(own, site, _unit_of(own, site)).rstrip() + "\n"


def without_docstring(code: str) -> str:
    """The function's decorators, signature and body; dedented, ends in a newline."""
    own = Document(text=_parsable(code))
    site = _outermost(own)
    body = _placed(_body_text(own, site), _unit_of(own, site))
    return f"{own.text[site.start : _with_comment(own, site.header_end)]}\n{body.rstrip()}\n"


def merge(statement: str, extracted: Extracted) -> str:
    """The statement's decorators, signature and docstring with the answer's body; dedented,
    ends in a newline.

    Where the answer's parameters have other names, they are renamed in the body.
    """
    own_text = _parsable(statement)
    own = Document(text=own_text)
    site = _outermost(own)
    answer = Document(text=extracted.code)
    theirs = _outermost(answer)
    unit = _unit_of(own, site)
    head = _head(own, site, unit)
    body = _adapted(answer, theirs, site)
    return f"{head.rstrip()}\n{_placed(body, unit)}\n"


def code_blocks(text: str) -> tuple[str, ...]:
    """Contents of fenced blocks in order, an unclosed one to the end of the text;
    () when nothing is fenced.
    """
    blocks: list[str] = []
    start: int | None = None
    mark = ""
    for fence in _FENCE.finditer(text):
        if start is None:
            start, mark = fence.end() + 1, fence[1]
        elif fence[1].startswith(mark) and not fence[2]:
            blocks.append(text[start : fence.start()])
            start = None
        elif fence[1].startswith(mark) and fence[2]:
            blocks.append(text[start : fence.start()])
            start, mark = fence.end() + 1, fence[1]
    if start is not None:
        blocks.append(text[start:])
    return tuple(block for block in blocks if block.strip())


# --- the block --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Code that parses."""

    document: Document
    is_truncated: bool

    @property
    def tree(self) -> ast.Module:
        return self.document.tree


def _without_end_mark(text: str) -> str:
    """Without the special token that some servers leave at the end."""
    stripped = text.rstrip()
    mark = _END_MARK.search(stripped[-50:])
    return stripped[: len(stripped) - len(mark[0])] + "\n" if mark else text


def _programs(text: str) -> tuple[Extracted, ...] | ExtractionFailure:
    blocks = [_block(source) for source in reversed(_sources(text))]
    whole = [b for b in blocks if b and not b.is_truncated and _does_something(b.tree)]
    if not whole:
        return ExtractionFailure(
            reason=f"no complete Python program in the answer ({_start(text)})"
        )
    return tuple(Extracted(code=block.document.text.strip("\n") + "\n") for block in whole)


def _does_something(tree: ast.Module) -> bool:
    return any(not isinstance(s, ast.Expr) or isinstance(s.value, ast.Call) for s in tree.body)


def _functions(text: str, task: Task) -> tuple[Extracted, ...] | ExtractionFailure:
    blocks = [_block(source) for source in reversed(_sources(text))]
    failures: list[str] = []
    for choose in (_by_name, _uncalled):
        read = [_from_block(b, task, choose) if b else "a block does not parse" for b in blocks]
        found = {one.code: one for one in reversed(read) if isinstance(one, Extracted)}
        if found:
            return tuple(reversed(found.values()))
        failures += [one for one in read if isinstance(one, str)]
    body = _from_body_only(text, task)
    if body is not None:
        return (body,)
    why = _most_telling(failures)
    return ExtractionFailure(
        reason=f"no {task.entry_point!r} in the answer: {why} ({_start(text)})"
    )


def _most_telling(failures: Sequence[str]) -> str:
    """The first that is about the function itself."""
    about_it = [why for why in failures if not why.endswith(("parse", "defines it"))]
    return next(iter([*about_it, *failures]), "no code")


def _start(text: str) -> str:
    return repr(" ".join(text.split())[:60])


def _sources(text: str) -> tuple[str, ...]:
    """Texts that may be code, the likeliest last."""
    blocks = code_blocks(text)
    if blocks:
        # A docstring with a fence in it cuts a block short: what stands between the first fence
        # and the last, or the end, is one block where it parses.
        fences = list(_FENCE.finditer(text))
        start, ends = fences[0].end() + 1, (fences[-1].start(), len(text))
        many = 1 < len(fences) < MAX_BLOCKS
        whole = [text[start:end] for end in ends if many and not first_bad_line(text[start:end])]
        return tuple(whole[:1]) or blocks[-MAX_BLOCKS:]
    n_starts = max(1, min(MAX_STARTS, MAX_PARSED_CHARS // (10 * len(text) + 1)))
    starts = [match.start() for match in _CODE_START.finditer(text)][:n_starts]
    return tuple(text[start:] for start in reversed(starts))


def _block(source: str) -> _Block | None:
    """The source if it parses, else without its unfinished end."""
    lines = _without_common_indent(source).rstrip().split("\n")
    n_kept = len(lines)
    for _ in range(max(2, min(MAX_CUTS, MAX_PARSED_CHARS // (len(source) + 1)))):
        kept = "\n".join(lines[:n_kept]).rstrip() + "\n"
        if not kept.strip():
            return None
        failing = first_bad_line(kept)
        if failing is None:
            # What follows at the margin is prose or another statement:
            # the function before it was complete.
            cut = next((line for line in lines[n_kept:] if line.strip()), "")
            return _Block(document=Document(text=kept), is_truncated=cut[:1] in (" ", "\t"))
        n_kept = min(failing - 1, n_kept - 1)
    return None


def _without_common_indent(source: str) -> str:
    first = next((line for line in source.split("\n") if line.strip()), "")
    return dedented(source, first[: len(first) - len(first.lstrip())])


# --- the function in the block ----------------------------------------------------------------


def _from_block(block: _Block, task: Task, choose: _Choose) -> Extracted | str:
    site = choose(block.document, task)
    if site is None:
        return "no block defines it"
    node = _node(block.document, site)
    if site.is_stub:
        return "its body is a placeholder"
    if block.is_truncated and _is_last(block, node) and not _terminates(node.body):
        return "the answer breaks off inside it"
    if _ends_in_nothing(node.body):
        return "the answer breaks off inside it, or its last statement does nothing"
    own = _with_siblings(block.document, site, node, task)
    if isinstance(own, str):
        return own
    code = own.code
    if site.last_name != _last(task.entry_point):
        code = renamed(code, {site.last_name: _last(task.entry_point)})
    helpers = _helpers(block, site, task, "\n".join((own.code, *own.siblings)))
    code = _with_helpers(code, (*helpers, *own.siblings))
    checked = _checked(Extracted(code=code, is_truncated=block.is_truncated), task)
    if not isinstance(checked, Extracted):
        return checked
    return replace(checked, imports=_imports(block.tree, merge(task.statement, checked), task))


def _with_siblings(
    document: Document, site: FunctionSite, node: FunctionNode, task: Task
) -> Inlined | str:
    """The function, made to work without the class that the answer may have around it."""
    owners = [
        stmt
        for stmt in ast.walk(document.tree)
        if isinstance(stmt, ast.ClassDef) and any(inner is node for inner in stmt.body)
    ]
    if task.kind != "method" or not owners:
        return Inlined(code=_dedented_source(document, site), siblings=())
    module = parse(task.program(_parsable(task.statement)))
    inside = task.entry_point.removesuffix(f".{site.last_name}").rpartition(".")[2]
    classes = [n for n in ast.walk(module) if isinstance(n, ast.ClassDef)] if module else []
    there = next((c for c in classes if c.name == inside), None)
    return with_siblings(document, owners[0], node, there)


_Choose = Callable[[Document, Task], FunctionSite | None]


def _by_name(document: Document, task: Task) -> FunctionSite | None:
    """By its qualified name, else by its last name where it most likely stands; the last such."""
    last = _last(task.entry_point)
    named = [site for site in functions(document, named=last) if not site.is_overload]
    orders = (
        [site for site in named if site.name == task.entry_point],
        [site for site in named if site.owner == "class" and task.kind == "method"],
        [site for site in named if site.owner == "module"],
        named,
    )
    return next((found[-1] for found in orders if found), None)


def _uncalled(document: Document, task: Task) -> FunctionSite | None:
    """The one function that the others do not call, under whatever name, unless that name says
    that it is something else.
    """
    outer = [s for s in functions(document) if s.owner != "function" and not _is_other(s)]
    if len(outer) > 1:
        texts = [_dedented_source(document, site) for site in outer]
        named = [needed(text) for text in texts]
        outer = [
            site
            for at, site in enumerate(outer)
            if site.owner == "module"
            and not any(site.name in names for n, names in enumerate(named) if n != at)
        ]
    return outer[0] if len(outer) == 1 else None


def _is_other(site: FunctionSite) -> bool:
    return site.last_name.startswith(("test", "main", "_"))


def _last(name: str) -> str:
    parts = name.split(".")
    return parts[-2] if parts[-1] in ("setter", "deleter") and len(parts) > 1 else parts[-1]


def _node(document: Document, site: FunctionSite) -> FunctionNode:
    for node in ast.walk(document.tree):
        if (
            isinstance(node, _FUNCTIONS)
            and node.lineno == site.def_line + 1
            and (document.offset_of_node(node.lineno, node.col_offset) == site.def_start)
        ):
            return node
    raise AssertionError("a site has its node")


def _is_last(block: _Block, node: FunctionNode) -> bool:
    return (node.end_lineno or 0) >= (block.tree.body[-1].end_lineno or 0)


def _terminates(body: Sequence[ast.stmt]) -> bool:
    """No way leads over the end of these statements."""
    last = body[-1]
    if isinstance(last, (ast.Return, ast.Raise)):
        return True
    if isinstance(last, ast.If):
        return bool(last.orelse) and _terminates(last.body) and _terminates(last.orelse)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _terminates(last.body)
    if isinstance(last, ast.Try):
        ways = [last.orelse or last.body, *(handler.body for handler in last.handlers)]
        return _terminates(last.finalbody) if last.finalbody else all(map(_terminates, ways))
    if isinstance(last, ast.Match):
        return all(_terminates(case.body) for case in last.cases)
    return isinstance(last, ast.While) and isinstance(last.test, ast.Constant)


def _ends_in_nothing(body: Sequence[ast.stmt]) -> bool:
    """The last statement, at whatever depth, is a bare name or value: the text was cut in it."""
    last = body[-1]
    while inner := getattr(last, "orelse", None) or getattr(last, "body", None):
        if not isinstance(inner, list):
            break
        last = inner[-1]
    return isinstance(last, ast.Expr) and isinstance(
        last.value, (ast.Name, ast.Attribute, ast.Subscript, ast.Compare, ast.BinOp)
    )


def _dedented_source(document: Document, site: FunctionSite) -> str:
    text = site.indent + document.text[site.start : site.end]
    return dedented(text, site.indent).strip("\n") + "\n"


def _from_body_only(text: str, task: Task) -> Extracted | None:
    """An answer that goes on where the statement ends: an indented body and nothing else."""
    blocks = code_blocks(text)[-MAX_BLOCKS:]
    for source in reversed(blocks or (text,)):
        first = next((line for line in source.split("\n") if line.strip()), "")
        if not first.startswith((" ", "\t")) and not blocks:
            continue
        body = indented(_without_common_indent(source), "    ").rstrip() + "\n"
        code = f"def {_last(task.entry_point)}():\n{body}"
        tree = parse(code)
        if tree is None or len(tree.body) != 1 or not _has_result(tree):
            continue
        header = _parsable(task.statement)
        site = _outermost(Document(text=header))
        code = header[site.def_start : site.header_end] + "\n" + body
        found = _checked(Extracted(code=code, imports=()), task)
        if isinstance(found, Extracted):
            return found
    return None


def _has_result(tree: ast.Module) -> bool:
    """The outermost function itself returns or yields; what is inside another one is its own."""
    open_: list[ast.AST] = [node for stmt in tree.body for node in ast.iter_child_nodes(stmt)]
    while open_:
        node = open_.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            open_.extend(ast.iter_child_nodes(node))
    return False


# --- what stands beside it --------------------------------------------------------------------


def _imports(tree: ast.Module, code: str, task: Task) -> tuple[str, ...]:
    """One line for each name that the code uses and the module text does not have.

    Those of the answer first, star imports taken apart; then what the answer forgot.
    """
    names = needed(code)
    lines: list[str] = []
    stars: list[str] = []
    for stmt in tree.body:
        if isinstance(stmt, ast.Import):
            lines += [ast.unparse(ast.Import(names=[a])) for a in stmt.names if _used(a, names)]
        elif isinstance(stmt, ast.ImportFrom) and stmt.level == 0 and stmt.module != "__future__":
            stars += [stmt.module or "" for a in stmt.names if a.name == "*"]
            lines += [
                ast.unparse(ast.ImportFrom(module=stmt.module, names=[a], level=0))
                for a in stmt.names
                if a.name != "*" and _used(a, names)
            ]
    module = parse(task.before + task.indent + "pass\n" + task.after) or parse(task.before)
    module = module or ast.Module(body=[], type_ignores=[])
    forgotten = _unbound(names, [*module.body, *(parse("\n".join(lines)) or module).body], task)
    known = (import_of(name, stars) for name in sorted(forgotten))
    return missing_imports(module, [*lines, *(line for line in known if line)])


def _unbound(names: frozenset[str], stmts: Sequence[ast.stmt], task: Task) -> frozenset[str]:
    there = frozenset().union(*(bound(stmt) for stmt in stmts))
    own = {task.entry_point.partition(".")[0], _last(task.entry_point)}
    return frozenset() if "*" in there else names - there - own - BUILTINS


def _used(alias: ast.alias, names: frozenset[str]) -> bool:
    return (alias.asname or alias.name.partition(".")[0]) in names


def _helpers(block: _Block, site: FunctionSite, task: Task, code: str) -> tuple[str, ...]:
    """Sources of top-level statements that `code` needs, in order; not those the module has."""
    document = block.document
    module = parse(task.before + task.indent + "pass\n" + task.after) or parse("")
    have = frozenset().union(*(bound(s) for s in module.body)) if module else frozenset()
    offered = [s for s in block.tree.body if _is_helper(s) and not bound(s) & have]
    offered = [s for s in offered if not _holds(document, s, site)]
    names = set(needed(code))
    kept: set[ast.stmt] = set()
    while more := [s for s in offered if s not in kept and bound(s) & names]:
        kept.update(more)
        for stmt in more:
            names |= needed(_segment(document, stmt))
    return tuple(_segment(document, s) for s in offered if s in kept)


def _is_helper(stmt: ast.stmt) -> bool:
    return isinstance(stmt, (*_FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign))


def _holds(document: Document, stmt: ast.stmt, site: FunctionSite) -> bool:
    start = document.offset_of_node(stmt.lineno, stmt.col_offset)
    end = document.offset_of_node(stmt.end_lineno or 0, stmt.end_col_offset or 0)
    return start <= site.def_start < end


def _segment(document: Document, stmt: ast.stmt) -> str:
    first = min([stmt.lineno, *(d.lineno for d in getattr(stmt, "decorator_list", []))])
    return "".join(document.plain_lines[first - 1 : stmt.end_lineno])


def _with_helpers(code: str, helpers: Sequence[str]) -> str:
    """The function with the helpers as first statements of its body."""
    if not helpers:
        return code
    document = Document(text=code)
    site = _outermost(document)
    unit = _unit_of(document, site)
    inside = "\n".join(indented(with_unit(h, unit), unit).rstrip("\n") + "\n" for h in helpers)
    body = _body_text(document, site)
    return f"{_head(document, site, unit).rstrip()}\n{inside}\n{_placed(body, unit)}\n"


# --- merging ----------------------------------------------------------------------------------


def _checked(extracted: Extracted, task: Task) -> Extracted | str:
    """The extraction, if its signature can be met and the merged function parses."""
    answer = Document(text=extracted.code)
    theirs = _node(answer, _outermost(answer))
    statement = Document(text=_parsable(task.statement))
    ours = _node(statement, _outermost(statement))
    if not _is_compatible(ours, theirs):
        return (
            f"its parameters ({', '.join(parameter_names(theirs))}) "
            f"do not fit ({', '.join(parameter_names(ours))})"
        )
    if isinstance(ours, ast.FunctionDef) and any(
        isinstance(n, _AWAITING) for n in ast.walk(theirs)
    ):
        return "it awaits and the function is not async"
    merged = parse(merge(task.statement, extracted))
    return extracted if merged is not None else "its body does not fit the signature"


def _is_compatible(ours: FunctionNode, theirs: FunctionNode) -> bool:
    """Same names, or as many; more of them only where the rest has defaults."""
    given, wanted = _paired(parameter_names(theirs), parameter_names(ours))
    left, right = _unmatched(given, wanted)
    if len(left) <= len(right):
        stars = [[name.count("*") for name in names] for names in (left, right)]
        return not left or stars[0] == stars[1]
    n_defaults = len(theirs.args.defaults) + sum(d is not None for d in theirs.args.kw_defaults)
    has_stars = any(name.startswith("*") for name in given)
    return len(left) - len(right) <= n_defaults and not has_stars


def _paired(given: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Parameters without a `self` that only one of the two has."""
    has = [bool(names) and names[0] in _SELF for names in (given, wanted)]
    if has[0] == has[1]:
        return list(given), list(wanted)
    return list(given[1:] if has[0] else given), list(wanted[1:] if has[1] else wanted)


def _unmatched(given: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names that only one side has, in order; these are matched by position."""
    return [n for n in given if n not in wanted], [n for n in wanted if n not in given]


def _parsable(statement: str) -> str:
    """A statement that ends at its signature gets a body, so that it can be parsed."""
    statement = Document(text=statement).plain.rstrip() + "\n"
    return statement if parse(statement) is not None else statement + "    ...\n"


def _outermost(document: Document) -> FunctionSite:
    return next(site for site in functions(document) if site.owner == "module")


def _head(document: Document, site: FunctionSite, unit: str) -> str:
    """Decorators, signature and docstring, with the comments at the ends of their lines."""
    colon = _with_comment(document, site.header_end)
    if site.docstring_start is None or site.docstring_end is None:
        return document.text[site.start : colon]
    if document.line_of(site.docstring_start) == document.line_of(site.header_end):
        literal = document.text[site.docstring_start : site.docstring_end]
        return f"{document.text[site.start : site.header_end]}\n{unit}{literal}"
    return document.text[site.start : _with_comment(document, site.docstring_end)]


def _with_comment(document: Document, offset: int) -> int:
    end = document.line_end(document.line_of(offset))
    return end if document.text[offset:end].lstrip().startswith("#") else offset


def _unit_of(document: Document, site: FunctionSite) -> str:
    at = site.docstring_start if site.docstring_start is not None else site.body_start
    if at is None or document.line_of(at) == document.line_of(site.header_end):
        return "    "
    return document.text[document.line_starts[document.line_of(at)] : at] or "    "


def _body_text(document: Document, site: FunctionSite) -> str:
    """The statements after the docstring with their comments, at no indentation."""
    if site.body_start is None:
        return "pass"
    start = _head_stop(document, site)
    text = document.text[start : site.end]
    if "\n" not in document.text[start : site.body_start]:
        return text.lstrip(" \t;")
    lines = text.partition("\n")[2]
    first = document.line_starts[document.line_of(site.body_start)]
    return dedented(lines, document.text[first : site.body_start])


def _head_stop(document: Document, site: FunctionSite) -> int:
    end = site.docstring_end if site.docstring_end is not None else site.header_end
    return _with_comment(document, end)


def _placed(body: str, unit: str) -> str:
    """A body at no indentation, as lines of a function that indents with `unit`."""
    return indented(with_unit(body.strip("\n"), unit), unit)


def _adapted(answer: Document, theirs: FunctionSite, ours: FunctionSite) -> str:
    """The answer's body as it must read under our signature."""
    given, wanted = _paired(theirs.params, ours.params)
    left, right = _unmatched(given, wanted)
    if len(left) > len(right):
        return _wrapped(answer, theirs, ours)
    if not left:
        return _body_text(answer, theirs)
    names = {a.lstrip("*"): b.lstrip("*") for a, b in zip(left, right, strict=False)}
    return _renamed_body(answer, theirs, names)


def _wrapped(answer: Document, theirs: FunctionSite, ours: FunctionSite) -> str:
    """An answer with extra parameters that have defaults becomes an inner function."""
    source = _dedented_source(answer, theirs)
    inner = Document(text=source)
    site = _outermost(inner)
    bare = source[site.def_start :]
    passed = ", ".join(ours.params)
    wait = "await " if theirs.is_async else ""
    return f"{bare.rstrip()}\n\nreturn {wait}{theirs.last_name}({passed})"


def _renamed_body(answer: Document, site: FunctionSite, names: dict[str, str]) -> str:
    """Parameters renamed; where a new name is already used for something else,
    assigned at the start instead.
    """
    body = _body_text(answer, site)
    used = {n.id for n in ast.walk(_node(answer, site)) if isinstance(n, ast.Name)}
    if used & set(names.values()):
        return "".join(f"{old} = {new}\n" for old, new in names.items()) + body
    adapted = Document(text=renamed(_dedented_source(answer, site), names))
    return _body_text(adapted, _outermost(adapted))

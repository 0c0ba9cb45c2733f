"""From a function in a file to a Task: what the model is shown,
and the part of the module that has to run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.calls import VisibleTest
from pipeline.core.task import Loading, Task
from pipeline.source.doctests import DoctestMalformed, doctests_of, doctests_of_file
from pipeline.source.examples import examples_of, visible_example
from pipeline.source.locate import FunctionSite
from pipeline.source.names import BUILTINS, bound, is_dynamic, mutates, needed
from pipeline.source.shown import context_of
from pipeline.syntax.indentation import dedented
from pipeline.syntax.text import Document, parse
from sandbox.api import Call, Doctest, Limits

_COSTLY = frozenset({"antigravity", "idlelib", "this", "tkinter", "turtle", "turtledemo", "test"})
_QUIET_STDLIB = frozenset(sys.stdlib_module_names) - _COSTLY


def task_from_file(
    document: Document,
    site: FunctionSite,
    *,
    limits: Limits | None = None,
    doctest_files: Sequence[Path] = (),
    loading: Loading | None = None,
    strict: bool = False,
    neighbours: Sequence[str] = (),
) -> Task:
    """The task of writing (a stub) or mending (a body) the function at `site`.

    `before` and `after` hold the statements of the module that the function and its tests need,
    with `\\n`
    line ends, or the whole module where that cannot be told;
    never what stands under `if __name__ == "__main__"`.
    Where `loading` says so they are the whole module, to the letter.
    With `strict` a doctest is what `python -m doctest` makes of it.
    `neighbours` are texts on other modules of its project, for the model.
    Raises DoctestMalformed, SourceSyntaxError.
    """
    loading = loading or Loading()
    visible = visible_tests(
        document, site, limits=limits, doctest_files=doctest_files, loading=loading, strict=strict
    )
    layout = _layout(document, site, visible)
    context, nearby = context_of(document, site, layout.kept, layout.holder, neighbours)
    before, after = _around(document, site) if loading.is_whole else (layout.before, layout.after)
    return Task(
        task_id=f"{document.path}::{site.name}" if document.path else site.name,
        kind="method" if site.owner == "class" else "function",
        statement=statement_of(document, site),
        entry_point=site.name,
        before=before,
        after=after,
        indent=site.indent,
        is_stub=site.is_stub,
        context=context,
        nearby=nearby,
        visible=visible,
        loading=loading,
    )


def _around(document: Document, site: FunctionSite) -> tuple[str, str]:
    """All text before the function's first line, and all after its last."""
    before = _plain(document, 0, document.line_starts[site.first_line])
    return before, _plain(document, site.end, len(document.text)).removeprefix("\n")


def visible_tests(
    document: Document,
    site: FunctionSite,
    *,
    limits: Limits | None = None,
    doctest_files: Sequence[Path] = (),
    loading: Loading | None = None,
    strict: bool = False,
) -> tuple[VisibleTest, ...]:
    """Doctests first, then examples in other forms that no doctest call repeats. Documents count
    where there are neither: they are written for readers, and grow old.
    """
    tests = list(doctests_of(document, site, limits=limits, loading=loading, strict=strict))
    if site.docstring and site.owner != "function":
        first = document.line_of(site.docstring_start or 0) + 1
        tests += [
            visible_example(example, site.name, line=first + example.line, limits=limits)
            for example in examples_of(site.docstring, site.name, own_params(site))
        ]
    for path in () if tests else doctest_files:
        # A document that is gone, or whose examples cannot be read, says nothing of the function.
        with suppress(DoctestMalformed, OSError):
            known = frozenset().union(*(bound(stmt) for stmt in document.tree.body))
            tests += doctests_of_file(path, site, limits=limits, loading=loading, known=known)
    return tuple(_with_unique_ids(tests))


def own_params(site: FunctionSite) -> tuple[str, ...]:
    """The parameters that a caller fills in: without `self` or `cls` of a method."""
    return site.params[1:] if site.owner == "class" else site.params


def statement_of(document: Document, site: FunctionSite) -> str:
    """The function dedented, ending in a newline; a stub ends where its body goes,
    after the docstring.
    """
    end = site.end
    if site.is_stub:
        end = (
            site.docstring_end
            if site.docstring_end is not None
            else _colon_line_end(document, site)
        )
    text = _plain(document, site.start, end)
    return dedented(site.indent + text, site.indent).rstrip() + "\n"


def _colon_line_end(document: Document, site: FunctionSite) -> int:
    """After the comment behind the header's colon, if there is one."""
    line_end = document.line_end(document.line_of(site.header_end))
    rest = document.text[site.header_end : line_end]
    return line_end if rest.lstrip().startswith("#") else site.header_end


def _plain(document: Document, start: int, end: int) -> str:
    return Document(text=document.text[start:end]).plain


def _with_unique_ids(tests: Sequence[VisibleTest]) -> Iterator[VisibleTest]:
    seen: dict[str, int] = {}
    for one in tests:
        count = seen[one.test.test_id] = seen.get(one.test.test_id, 0) + 1
        if count > 1:
            test = replace(one.test, test_id=f"{one.test.test_id}#{count}")
            one = replace(one, test=test)
        yield one


# --- the part of the module that has to run ---------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Layout:
    before: str
    after: str
    kept: tuple[ast.stmt, ...]
    holder: ast.stmt
    """The top-level statement that is or holds the function."""


def _layout(document: Document, site: FunctionSite, visible: Sequence[VisibleTest]) -> _Layout:
    body = document.tree.body
    holder = next(s for s in body if _span(document, s)[0] <= site.start < _span(document, s)[1])
    wanted = _names_of_tests(visible) | _named_in(site.docstring)
    kept = _kept(document, holder, wanted)
    before = [s for s in kept if s.lineno < holder.lineno]
    after = [s for s in kept if s.lineno > holder.lineno]
    start, end = _span(document, holder)
    line_start = document.line_starts[site.first_line]
    head = _plain(document, start, line_start) if line_start > start else ""
    tail = _plain(document, site.end, end) if site.end < end else ""
    return _Layout(
        before=_joined(document, before) + head,
        after=tail.removeprefix("\n") + ("\n" if tail else "") + _joined(document, after),
        kept=kept,
        holder=holder,
    )


def _span(document: Document, stmt: ast.stmt) -> tuple[int, int]:
    """From the first decorator to the end of the statement."""
    start = document.offset_of_node(stmt.lineno, stmt.col_offset)
    decorators = getattr(stmt, "decorator_list", [])
    if decorators:
        first = document.offset_of_node(decorators[0].lineno, decorators[0].col_offset)
        start = document.text.rindex("@", 0, first)
    end_line, end_column = stmt.end_lineno or stmt.lineno, stmt.end_col_offset or 0
    return start, document.offset_of_node(end_line, end_column)


def _joined(document: Document, stmts: Sequence[ast.stmt]) -> str:
    return "".join(_text_of(document, s) + "\n" for s in stmts)


def _text_of(document: Document, stmt: ast.stmt) -> str:
    return _plain(document, *_span(document, stmt))


def _names_of_tests(visible: Sequence[VisibleTest]) -> frozenset[str]:
    names: set[str] = set()
    for one in visible:
        form = one.test.form
        if isinstance(form, Call):
            names.add(form.entry.partition(".")[0])
        if isinstance(form, Doctest):
            text = "".join(example.source for example in form.examples)
            tree = parse(text)
            own = frozenset().union(*(bound(s) for s in tree.body)) if tree else frozenset()
            names |= needed(text) - own
    return frozenset(names)


def _named_in(docstring: str | None) -> frozenset[str]:
    """Names that a docstring points at: `helper`, helper()."""
    found = re.findall(r"`([^\W\d]\w*)(?:\(\))?`|\b([^\W\d]\w*)\(", docstring or "")
    return frozenset(name for pair in found for name in pair if name)


def _kept(document: Document, holder: ast.stmt, wanted: frozenset[str]) -> tuple[ast.stmt, ...]:
    """The other top-level statements that have to stay, in order."""
    others = [s for s in document.tree.body if s is not holder and not _is_noise(s)]
    if is_dynamic(holder):
        return tuple(others)
    names = set(wanted | needed(_text_of(document, holder)))
    own = bound(holder)
    kept: set[ast.stmt] = {s for s in others if _is_free(s)}
    while True:
        more = [s for s in others if s not in kept and _belongs(s, holder, names, own)]
        if not more:
            break
        kept.update(more)
        for stmt in more:
            names |= needed(_text_of(document, stmt))
    if any(is_dynamic(stmt) for stmt in kept):
        return tuple(others)
    defined = own.union(BUILTINS, *(bound(s) for s in kept))
    if names - defined:
        kept.update(s for s in others if "*" in bound(s))
    return tuple(s for s in others if s in kept)


def _belongs(stmt: ast.stmt, holder: ast.stmt, names: set[str], own: frozenset[str]) -> bool:
    binds = bound(stmt)
    if stmt.lineno < holder.lineno:
        return bool((binds - own) & names) or mutates(stmt, names - own)
    return bool(binds & names) or mutates(stmt, names)


def _is_noise(stmt: ast.stmt) -> bool:
    """Docstring, `__all__`, and what runs only as a script."""
    if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant):
        return True
    if isinstance(stmt, ast.If):
        return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(stmt.test))
    return bound(stmt) == {"__all__"} or bound(stmt) == {"__test__"}


def _is_free(stmt: ast.stmt) -> bool:
    """`from __future__` changes the meaning of the rest;
    plain modules of the library cost next to nothing.
    """
    if isinstance(stmt, ast.ImportFrom):
        module = (stmt.module or "").partition(".")[0]
        return stmt.level == 0 and module in _QUIET_STDLIB and stmt.names[0].name != "*"
    if isinstance(stmt, ast.Import):
        return all(alias.name.partition(".")[0] in _QUIET_STDLIB for alias in stmt.names)
    return False

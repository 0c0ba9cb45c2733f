"""The doctests that speak about a function, as tests; one test per docstring,
as doctest runs it.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.calls import VisibleTest, is_stateless, read_call
from pipeline.core.task import Loading
from pipeline.source.doctest_parser import read_examples
from pipeline.source.examples import Example, claim, visible_example
from pipeline.source.locate import FunctionSite, docstring_node
from pipeline.source.names import BUILTINS, bound, needed
from pipeline.source.told import only_about
from pipeline.storage.foreign import Unreadable, foreign_text
from pipeline.syntax.literals import literal
from pipeline.syntax.text import Document, SourceError, parse
from sandbox.api import (
    Doctest,
    DoctestExample,
    DoctestWants,
    Limits,
    Test,
)

MAX_DOCTEST_FILE_BYTES = 200_000


class DoctestMalformed(SourceError):
    """A docstring whose examples doctest itself cannot read."""


@dataclass(frozen=True, kw_only=True)
class _Text:
    """Some text with examples, and where each of its lines stands in a file."""

    value: str
    lines: tuple[int, ...]
    """1-based file line of each line of `value`."""
    origin: str
    path: str
    is_own: bool = False
    """It is the function's own docstring."""


def doctests_of(
    document: Document,
    site: FunctionSite,
    *,
    limits: Limits | None = None,
    strict: bool = False,
    loading: Loading | None = None,
) -> tuple[VisibleTest, ...]:
    """Tests from the function's docstring, else from its class's or module's that mention it;
    and `__test__`.

    Examples marked `+SKIP` are left out; for a stub that has no others, those that give a literal
    dict or set count as values and are called skipped.
    Examples of a class or module that never mention the function give no test, and neither does
    a docstring of its own that names nothing of the module, because they would prove nothing.
    Examples that no function can pass by the letter are read as what they mean,
    each a test of its own:
    `>>> f(1) == 2` without expected output (it prints `True`),
    and a wanted literal that is not written as
    `repr` writes it (`"a"`, `[1,2]`). With `strict` they stay what `python -m doctest` makes of
    them, and all examples of the function's own docstring count.
    Raises DoctestMalformed.
    """
    texts = _own_texts(document, site, strict=strict)
    texts += [text for text in _dunder_test_texts(document) if _mentions(text, site)]
    rules = _Rules(limits=limits or Limits(), loading=loading or Loading(), strict=strict)
    return tuple(test for text in texts for test in _tests_of_text(text, site, rules))


def doctests_of_file(
    path: Path,
    site: FunctionSite,
    *,
    limits: Limits | None = None,
    loading: Loading | None = None,
    known: frozenset[str] = frozenset(),
) -> tuple[VisibleTest, ...]:
    """A test of the examples in a document that use the function; () when there are none, when
    they need what an earlier part binds, and when it is too big to be one.

    `known` are the names of the function's module.
    Raises DoctestMalformed; OSError when the file cannot be read.
    """
    try:
        value = foreign_text(path, MAX_DOCTEST_FILE_BYTES)
    except Unreadable:
        return ()
    if ">>>" not in value or site.last_name not in value:
        return ()
    lines = tuple(range(1, value.count("\n") + 2))
    text = _Text(value=value, lines=lines, origin=f"doctest:{path.name}", path=path.name)
    known |= {site.name.partition(".")[0]}
    about = only_about(value, _examples(text), known, lambda some: _says_something(some, site))
    rules = _Rules(limits=limits or Limits(), loading=loading or Loading())
    return _tests_of_text(replace(text, value=about), site, rules) if about else ()


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """How examples become tests."""

    limits: Limits
    loading: Loading
    strict: bool = False


def _tests_of_text(text: _Text, site: FunctionSite, rules: _Rules) -> tuple[VisibleTest, ...]:
    options = rules.loading.options
    examples = [e for e in _examples(text) if not _options(e, options) & doctest.SKIP]
    claims = {} if rules.strict else _claims(examples, site)
    kept = [e for e in examples if e.lineno not in claims]
    is_told = bool(kept) if text.is_own and not claims else _says_something(kept, site)
    whole = [_whole(text, site, kept, rules)] if is_told else []
    if not whole and not claims and site.is_stub and not rules.strict:
        claims = _skipped(_examples(text), site, options)
    return tuple(whole) + tuple(
        visible_example(read, site.name, line=_line(text, lineno), limits=rules.limits)
        for lineno, read in claims.items()
    )


def _skipped(
    examples: Sequence[doctest.Example], site: FunctionSite, options: int
) -> dict[int, Example]:
    """By line, what is skipped because a dict or a set may be written in another order."""
    found: dict[int, Example] = {}
    for example in examples:
        source = example.source.partition("# doctest")[0].strip()
        value = literal(example.want.strip())
        is_unordered = value is not None and isinstance(value.value, (dict, set))
        if is_unordered and _options(example, options) & doctest.SKIP:
            read = _example_of(source, example, site, origin="skipped doctest")
            found |= {example.lineno: read} if read else {}
    return found


def _options(example: doctest.Example, project: int) -> int:
    """The project's flags, and those that the example switches on or off."""
    on = sum(flag for flag, is_on in example.options.items() if is_on)
    off = sum(flag for flag, is_on in example.options.items() if not is_on)
    return (project | on) & ~off


def _claims(examples: Sequence[doctest.Example], site: FunctionSite) -> dict[int, Example]:
    """By line; nothing after the first example that binds a name, because it could depend on it."""
    found: dict[int, Example] = {}
    for example in examples:
        if parse(example.source) is not None and not is_stateless(example.source):
            break
        read = _read_claim(example, site)
        if read is not None:
            found[example.lineno] = read
    return found


def _read_claim(example: doctest.Example, site: FunctionSite) -> Example | None:
    source, want = example.source.strip(), example.want.strip()
    if not want:
        return claim(source, site.name, origin="doctest:claim")
    value = literal(want)
    if value is None or example.options or repr(value.value) == want:
        return None
    return _example_of(source, example, site, origin="doctest:value")


def _example_of(
    source: str, example: doctest.Example, site: FunctionSite, *, origin: str
) -> Example | None:
    """A call of the function and the literal that it gives, to be compared as a value."""
    want = example.want.strip()
    call, value = read_call(source, site.name), literal(want)
    if call is None or value is None:
        return None
    return Example(
        args=call.args,
        kwargs=dict(call.kwargs),
        value=value.value,
        origin=origin,
        line=example.lineno,
        text=f">>> {source}\n{want}",
    )


def _whole(
    text: _Text, site: FunctionSite, examples: Sequence[doctest.Example], rules: _Rules
) -> VisibleTest:
    flags = tuple(_options(e, rules.loading.options) for e in examples)
    first = _line(text, examples[0].lineno)
    test = Test(
        test_id=f"doctest:{site.name}:{first}",
        form=Doctest(
            examples=tuple(
                DoctestExample(source=e.source, lineno=_line(text, e.lineno)) for e in examples
            ),
            setup=rules.loading.setup,
        ),
        expect=DoctestWants(
            wants=tuple(e.want for e in examples), options=flags if any(flags) else ()
        ),
        limits=rules.limits,
    )
    shown = "".join(_shown(e) for e in examples).rstrip("\n")
    unknown = ", ".join(read_examples(text.value, text.path).unknown)
    note = f" (flags that mean nothing here: {unknown})" if unknown else ""
    return VisibleTest(test=test, text=shown, origin=f"{text.origin} line {first}{note}")


def _shown(example: doctest.Example) -> str:
    first, *rest = example.source.rstrip("\n").split("\n")
    return "".join([f">>> {first}\n", *(f"... {line}\n" for line in rest), example.want])


def _examples(text: _Text) -> list[doctest.Example]:
    try:
        return list(read_examples(text.value, text.path).examples)
    except ValueError as exc:
        start = text.lines[0] if text.lines else 1
        raise DoctestMalformed(
            f"{text.path}: the doctest that starts at line {start} cannot be read: {exc}; mend it"
        ) from exc


def _line(text: _Text, index: int) -> int:
    return text.lines[min(index, len(text.lines) - 1)]


def _own_texts(document: Document, site: FunctionSite, *, strict: bool) -> list[_Text]:
    """The function's docstring; where it has no examples, those of what encloses it,
    nearest first.
    """
    for node in _enclosing(document, site):
        is_own = getattr(node, "lineno", None) == site.def_line + 1
        text = _docstring_text(document, node) or (_assigned(document, site) if is_own else None)
        if text is None:
            continue
        if is_own and ">>>" in text.value and _is_about_it(_examples(text), strict=strict):
            return [replace(text, is_own=True)]
        if _mentions(text, site):
            return [text]
    return []


def _assigned(document: Document, site: FunctionSite) -> _Text | None:
    """The text of a later `f.__doc__ = "..."` of the module."""
    for stmt in document.tree.body:
        match stmt:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=name), attr="__doc__")],
                value=ast.Constant(value=str()) as constant,
            ) if name == site.name:
                return _constant_text(document, constant, "doctest")
    return None


def _is_about_it(examples: Sequence[doctest.Example], *, strict: bool) -> bool:
    """Examples of a function's own docstring need not name it (a registered `_` has no name), but
    they name something besides what they bind themselves.
    """
    if strict:
        return bool(examples)
    source = "".join(e.source for e in examples)
    tree = parse(source)
    own = frozenset().union(*(bound(stmt) for stmt in tree.body)) if tree else frozenset()
    return bool(needed(source) - own - BUILTINS)


def _enclosing(document: Document, site: FunctionSite) -> Iterator[ast.AST]:
    """The function's node, then classes and functions around it, then the module."""
    around = [
        node
        for node in ast.walk(document.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and document.offset_of_node(node.lineno, node.col_offset) <= site.def_start
        and document.offset_of_node(node.end_lineno or 0, node.end_col_offset or 0) >= site.body_end
    ]
    for node in sorted(around, key=lambda node: -node.lineno):
        # doctest does not see what stands inside a function, and could not call it.
        if site.owner != "function" or node.lineno != site.def_line + 1:
            yield node
    yield document.tree


def _docstring_text(document: Document, node: ast.AST) -> _Text | None:
    constant = docstring_node(node)
    if constant is None:
        return None
    kind = {ast.ClassDef: "class doctest", ast.Module: "module doctest"}.get(type(node), "doctest")
    return _constant_text(document, constant, kind)


def _constant_text(document: Document, constant: ast.Constant, origin: str) -> _Text:
    value = str(constant.value)
    raw = _raw(document, constant)
    if not _is_readable(value) and _is_readable(raw):
        value, origin = raw, f"{origin}:raw"
    lines = tuple(_file_lines(document, constant, value))
    return _Text(value=value, lines=lines, origin=origin, path=document.path or "the file")


def _is_readable(value: str) -> bool:
    try:
        read_examples(value)
    except ValueError:
        return False
    return True


def _raw(document: Document, constant: ast.Constant) -> str:
    """The string as it is written: what the author meant who forgot the `r` before a `\\n` in an
    example.
    """
    start = document.offset_of_node(constant.lineno, constant.col_offset)
    end = document.offset_of_node(constant.end_lineno or 0, constant.end_col_offset or 0)
    text = Document(text=document.text[start:end]).plain
    quote = re.match(r"[A-Za-z]*(\"\"\"|'''|\"|')", text)
    return text[quote.end() : -len(quote[1])] if quote else text


def _file_lines(document: Document, constant: ast.Constant, value: str) -> Iterator[int]:
    """The file line of each line of the string; escapes such as `\\n` in it shift nothing that
    can be found.
    """
    first, last = constant.lineno, constant.end_lineno or constant.lineno
    rows = value.split("\n")
    if len(rows) == last - first + 1:
        yield from range(first, last + 1)
        return
    line = first
    for row in rows:
        found = (
            n
            for n in range(line, last + 1)
            if row.strip() and row.strip() in document.plain_lines[n - 1]
        )
        line = next(found, line)
        yield line


def _dunder_test_texts(document: Document) -> Iterator[_Text]:
    """String entries of the module's `__test__` dict."""
    for stmt in document.tree.body:
        if not isinstance(stmt, (ast.Assign, ast.AnnAssign)):
            continue
        targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
        named = any(isinstance(t, ast.Name) and t.id == "__test__" for t in targets)
        if named and isinstance(stmt.value, ast.Dict):
            for value in stmt.value.values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield _constant_text(document, value, "__test__")


def _mentions(text: _Text, site: FunctionSite) -> bool:
    return ">>>" in text.value and _says_something(_examples(text), site)


def _says_something(examples: Sequence[doctest.Example], site: FunctionSite) -> bool:
    """Some example uses the function; a method such as `__add__` is used without its name."""
    sources = "\n".join(e.source for e in examples)
    if site.owner == "function":
        return bool(examples) and site.name.split(".")[0] in set(_words(sources))
    parts = site.name.split(".")
    name = parts[-2] if parts[-1] in ("setter", "deleter") and len(parts) > 1 else parts[-1]
    if name.startswith("__") and name.endswith("__"):
        name = parts[-2] if len(parts) > 1 else ""
    return bool(examples) and (not name or name in set(_words(sources)))


def _words(source: str) -> Iterator[str]:
    word = ""
    for char in source + " ":
        if char.isidentifier() or (word and char.isalnum()):
            word += char
        elif word:
            yield word
            word = ""

"""Visible tests, and the calls in them: which example asks what of which input."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from pipeline.syntax.literals import literal
from pipeline.syntax.text import literal_arguments, parse
from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Form,
    Policy,
    Program,
    Raises,
    Returns,
    Test,
)


@dataclass(frozen=True, kw_only=True)
class VisibleTest:
    """A test from the user: a doctest of the file, an example of the statement."""

    test: Test
    text: str
    """The example as a person would write it, for prompts and messages."""
    origin: str
    """Where it came from: `doctest`, `docstring:arrow`, ... with a line where there is one."""


def source_of(form: Form) -> str:
    """The input as a person would write it: a line of Python, a method on a fresh object."""
    match form:
        case Call(entry=entry, args=args, kwargs=kwargs):
            owner, _, name = entry.rpartition(".")
            arguments = [*map(repr, args), *(f"{k}={v!r}" for k, v in kwargs.items())]
            return f"{owner + '().' if owner else ''}{name}({', '.join(arguments)})"
        case Program(stdin=stdin):
            return f"input {stdin.decode('utf-8', 'replace')[:200]!r}"
        case Expression(source=source):
            return source
    return type(form).__name__


def split_calls(entry_point: str, test: VisibleTest) -> tuple[VisibleTest, ...]:
    """One Call test for each example `>>> f(literals)` of a doctest that wants a literal or an
    exception.

    For repair and selection, which want to know which example failed on which input.
    Nothing after the first example that binds a name is used, because it could depend on it.
    """
    form, expect = test.test.form, test.test.expect
    if not isinstance(form, Doctest) or not isinstance(expect, DoctestWants):
        return ()
    made: list[VisibleTest] = []
    for example, want in zip(form.examples, expect.wants, strict=True):
        if not is_stateless(example.source):
            break
        one = _split(entry_point, test, example, want)
        if one is not None:
            made.append(one)
    return tuple(made)


def _split(
    entry_point: str, test: VisibleTest, example: DoctestExample, want: str
) -> VisibleTest | None:
    call = read_call(example.source, entry_point)
    expect = _expectation(want)
    if call is None or expect is None:
        return None
    return replace(
        test,
        test=Test(
            test_id=f"{test.test.test_id}:{example.lineno}",
            form=call,
            expect=expect,
            limits=test.test.limits,
        ),
        text=f">>> {example.source.strip()}\n{want.strip()}",
        origin=f"{test.origin} line {example.lineno}",
    )


def read_call(source: str, entry_point: str) -> Call | None:
    """`f(1, k=2)` or `Stack().push(1)` with literal arguments as a Call of `entry_point`;
    else None.
    """
    tree = parse(source.strip())
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    node = tree.body[0].value
    if not isinstance(node, ast.Call) or _dotted(node.func) != entry_point:
        return None
    given = literal_arguments(node)
    return given and Call(entry=entry_point, args=given[0], kwargs=given[1])


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, ast.Attribute):
        return ""
    owner = node.value
    if isinstance(owner, ast.Call) and not owner.args and not owner.keywords:
        return f"{_dotted(owner.func)}.{node.attr}"
    return ""


def _expectation(want: str) -> Returns | Raises | None:
    """A literal that doctest would accept from `repr`, or the exception of a traceback."""
    lines = want.strip().splitlines()
    if lines and lines[0].startswith("Traceback ("):
        name = lines[-1].partition(":")[0].strip()
        return Raises(type=name) if name.replace(".", "").isidentifier() else None
    value = literal(want.strip())
    if value is None or repr(value.value) != want.strip():
        return None
    return Returns(value=value.value, policy=Policy.EXACT)


def is_stateless(source: str) -> bool:
    tree = parse(source)
    return tree is not None and all(
        isinstance(stmt, (ast.Expr, ast.Import, ast.ImportFrom)) for stmt in tree.body
    )

"""Examples of one function that no function can satisfy together."""

from __future__ import annotations

import ast
import doctest
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.core.calls import read_call, source_of
from pipeline.core.task import Task
from pipeline.syntax.literals import literal
from pipeline.syntax.text import parse
from sandbox.api import Call, Doctest, DoctestWants, Raises, Returns
from sandbox.verdicts import brief, equal

LOOSE = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.SKIP
_TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Two examples that make the same call and want different things."""

    call: str
    lines: tuple[int, int]
    """Of the file, 1-based; 0 where unknown."""
    wants: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.wants
        return (
            f"the examples in lines {self.lines[0]} and {self.lines[1]} contradict each other: "
            f"`{self.call}` cannot give both {first} and {second}"
        )


@dataclass(frozen=True, kw_only=True)
class _Claim:
    call: str
    line: int
    want: str
    value: object = None
    is_value: bool = False


def contradictions(task: Task) -> tuple[Contradiction, ...]:
    """One for each call that is wanted to give two things, in the order of the file.

    Only calls with literal arguments are compared, of a function that keeps no state: a counter
    may well answer the same call twice with different numbers.
    """
    if _keeps_state(task.statement):
        return ()
    found: dict[str, Contradiction] = {}
    for first, second in itertools.combinations(_claims(task), 2):
        if first.call == second.call and not _agree(first, second):
            found.setdefault(
                first.call,
                Contradiction(
                    call=first.call,
                    lines=(first.line, second.line),
                    wants=(first.want, second.want),
                ),
            )
    return tuple(found.values())


def _claims(task: Task) -> Iterator[_Claim]:
    for visible in task.visible:
        match visible.test.form, visible.test.expect:
            case Call() as call, Returns(value=value):
                line = _line_of(visible.origin)
                want = brief(value)
                yield _Claim(call=_shown(call), line=line, want=want, value=value, is_value=True)
            case Call() as call, Raises(type=name):
                yield _Claim(call=_shown(call), line=_line_of(visible.origin), want=name)
            case Doctest() as form, DoctestWants() as expect:
                yield from _claims_of_doctest(task.entry_point, form, expect)


def _claims_of_doctest(entry: str, form: Doctest, expect: DoctestWants) -> Iterator[_Claim]:
    options = expect.options or (0,) * len(form.examples)
    for example, want, option in zip(form.examples, expect.wants, options, strict=True):
        call = read_call(example.source, entry)
        if call is not None and not option & LOOSE:
            yield _claim(_shown(call), example.lineno, want.strip())


def _claim(call: str, line: int, want: str) -> _Claim:
    if want.startswith(_TRACEBACK):
        return _Claim(call=call, line=line, want=want.splitlines()[-1].partition(":")[0])
    found = literal(want)
    if found is None:
        return _Claim(call=call, line=line, want=brief(want) if want else "nothing")
    return _Claim(call=call, line=line, want=brief(found.value), value=found.value, is_value=True)


def _agree(one: _Claim, other: _Claim) -> bool:
    if one.is_value and other.is_value:
        return equal(one.value, other.value)
    return one.is_value == other.is_value and one.want == other.want


def _shown(call: Call) -> str:
    """Equal for equal calls, in whatever order their names are given."""
    return source_of(replace(call, kwargs=dict(sorted(call.kwargs.items()))))


def _line_of(origin: str) -> int:
    """The line at the end of an origin such as `docstring:arrow line 12`."""
    last = origin.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def _keeps_state(source: str) -> bool:
    """Whether a call may see what an earlier one left: globals, attributes, mutable defaults."""
    tree = parse(source)
    return tree is None or any(_is_state(node) for node in ast.walk(tree))


def _is_state(node: ast.AST) -> bool:
    match node:
        case ast.Global() | ast.Nonlocal():
            return True
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return True
        case ast.arguments(defaults=defaults, kw_defaults=more):
            mutable = ast.List | ast.Dict | ast.Set | ast.Call
            return any(isinstance(default, mutable) for default in (*defaults, *more))
        case ast.Name(id="next" | "input" | "open"):
            return True
    return False

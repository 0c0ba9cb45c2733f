"""The smallest failing input: delta debugging on values and lines, with what the code did there."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from pipeline.core.task import Task
from pipeline.running.judge import told
from pipeline.syntax.text import parse
from sandbox.api import (
    Call,
    Form,
    Job,
    Limits,
    Observation,
    Outcome,
    Program,
    ProjectTests,
    Sandbox,
    Verdict,
)
from sandbox.verdicts import job_of, judge

QUICK = Limits(cpu_s=0.5, wall_s=3.0)
IMPATIENT = Limits(cpu_s=0.1, wall_s=1.0)
"""For smaller inputs: a hang of a tenth of a second is one."""
AT_A_TIME = 8
"""Smaller inputs that are tried together; the smallest that still fails is taken."""
MOMENTS = 400
MOST_VARIABLES = 8
LONG_WAITS = frozenset({Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL})


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What the variables held just before a line of the function ran."""

    line: int
    """1-based, of the function's text."""
    source: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failing example, and the smallest input that fails in the same way."""

    example: str
    """What went wrong with the example, in one line, with the value it wants."""
    smaller: str
    """A smaller input with the same crash or hang, in one line; "" where none is known.

    What a smaller input should give nobody has said, so only crashes and hangs are made smaller.
    """
    where: Moment | None
    """Where values first differ from a version that passes, else where the failing run ended."""
    is_divergence: bool = False
    """`where` is a difference, not just the end."""

    def __str__(self) -> str:
        lines = [self.example]
        if self.smaller:
            lines.append(f"The same happens for the smaller {self.smaller}")
        if self.where:
            values = ", ".join(f"{name} = {value}" for name, value in self.where.values)
            what = "First wrong value before" if self.is_divergence else "Last values, before"
            lines.append(f"{what} `{self.where.source}`: {values}")
        return "\n".join(lines)


async def smallest_failure(
    sandbox: Sandbox,
    task: Task,
    code: str,
    *,
    program: str | None = None,
    against: str | None = None,
    budget_s: float = 2.0,
    group: str = "",
) -> Failure | None:
    """The smallest visible example that `code` fails, made smaller still where that can be judged.

    `program` is what runs, where that is more than `task.program(code)`: imports above it.
    `against` is a version that passes that example; its run shows where values go wrong.
    Cutting ends after `budget_s` with what was found. None where no example fails or the sandbox
    could not run them.
    """
    tests = [
        t if isinstance(t.form, ProjectTests) else replace(t, limits=QUICK) for t in task.examples
    ]
    plain = task.program(code)
    program = program or plain
    seen = await sandbox.run([job_of(program, test) for test in tests], group=group)
    verdicts = [judge(test, one) for test, one in zip(tests, seen, strict=True)]
    failing = [
        (test, one)
        for test, one in zip(tests, verdicts, strict=True)
        if one.is_evidence and not one.passed
    ]
    if not failing:
        return None
    test, verdict = min(failing, key=lambda pair: size(pair[0].form))

    async def fails(forms: Sequence[Form]) -> list[bool]:
        jobs = [Job(code=program, form=one, limits=IMPATIENT) for one in forms]
        runs = await sandbox.run(jobs, group=group)
        return [is_alike(verdict.observation, one) for one in runs]

    form = test.form
    is_one = not isinstance(form, ProjectTests)
    if is_one and verdict.observation.outcome is not Outcome.RETURNED:
        form = await reduce(form, fails, time.monotonic() + budget_s)
    watched = form if isinstance(form, Call) else None
    other = task.program(against) if against else None
    where, differs = (
        await _first_wrong(sandbox, (program, other), watched, group) if watched else (None, False)
    )
    shift = program.count("\n") - plain.count("\n")
    shift += task.before.count("\n") if task.kind != "stdio" else 0
    return Failure(
        example=described(test.form, verdict, task),
        smaller=_smaller(test.form, form, verdict.observation),
        where=_moment(where, code, shift) if where else None,
        is_divergence=differs,
    )


def described(form: Form, verdict: Verdict, task: Task) -> str:
    """`f([1]) gave 2, expected 3`; of the project's tests the first that fails, in full."""
    if isinstance(form, Call):
        return f"`{shown(form)}` {verdict.detail}"
    return told(task, verdict)


def shown(call: Call) -> str:
    named = (f"{name}={value!r}" for name, value in call.kwargs.items())
    return f"{call.entry}({', '.join([*map(repr, call.args), *named])})"


def size(form: Form) -> int:
    """How much there is to read in an input."""
    match form:
        case Call(args=args, kwargs=kwargs):
            return len(repr(args)) + len(repr(dict(kwargs)))
        case Program(stdin=stdin):
            return len(stdin)
    return len(repr(form))


def _smaller(original: Form, reduced: Form, seen: Observation) -> str:
    if reduced == original:
        return ""
    how = f"{seen.exception.type}" if seen.exception else str(seen.outcome).replace("_", " ")
    text = shown(reduced) if isinstance(reduced, Call) else ""
    if isinstance(reduced, Program):
        text = f"input {reduced.stdin.decode('utf-8', 'replace')!r}"
    return f"`{text}` ({how})"


# --- delta debugging -------------------------------------------------------------------------


def is_alike(one: Observation, other: Observation) -> bool:
    """Both hang, or both raise the same in the same line."""
    if one.exception is None or other.exception is None:
        return one.outcome is other.outcome or {one.outcome, other.outcome} <= LONG_WAITS
    return (one.exception.type, one.exception.lineno) == (
        other.exception.type,
        other.exception.lineno,
    )


async def reduce(
    form: Form,
    fails: Callable[[Sequence[Form]], Awaitable[Sequence[bool]]],
    deadline: float = math.inf,
) -> Form:
    """A form of which no single further cut fails, or the smallest known at the deadline.

    `deadline` is by time.monotonic(). ddmin (Zeller and Hildebrandt 2002), with cuts of halves,
    quarters, ... tried together.
    """
    known = {repr(form)}
    while True:
        cuts = [c for c in smaller_forms(form) if repr(c) not in known]
        for at in range(0, len(cuts), AT_A_TIME):
            if time.monotonic() > deadline:
                return form
            chunk = cuts[at : at + AT_A_TIME]
            known |= {repr(c) for c in chunk}
            failed = [c for c, bad in zip(chunk, await fails(chunk), strict=True) if bad]
            if failed:
                form = min(failed, key=size)
                break
        else:
            return form


def smaller_forms(form: Form) -> Iterator[Form]:
    """Forms with one cut, the biggest cuts first; no argument is made empty."""
    match form:
        case Call(args=args, kwargs=kwargs):
            for i, arg in enumerate(args):
                for new in smaller_values(arg):
                    yield replace(form, args=(*args[:i], new, *args[i + 1 :]))
            for name, value in kwargs.items():
                for new in smaller_values(value):
                    yield replace(form, kwargs={**kwargs, name: new})
        case Program(stdin=stdin):
            lines = stdin.splitlines(keepends=True)
            for cut in _cuts(len(lines)):
                yield replace(form, stdin=b"".join(lines[: cut[0]] + lines[cut[1] :]))


def smaller_values(value: object) -> Iterator[object]:
    """Values of the same type with less in them."""
    match value:
        case bool() | None:
            return
        case int():
            yield from (n for n in dict.fromkeys((value // 2, value - 1)) if 0 <= n < value)
            if value < 0:
                yield -value
        case float():
            if abs(value) < 1e9 and value != int(value):
                yield float(int(value))
        case str():
            yield from (value[:start] + value[end:] for start, end in _cuts(len(value)))
        case list() | tuple():
            yield from _smaller_sequences(value)
        case dict():
            items = list(value.items())
            for start, end in _cuts(len(items)):
                yield dict(items[:start] + items[end:])
        case set() | frozenset():
            ordered = sorted(value, key=repr)
            for start, end in _cuts(len(ordered)):
                yield type(value)(ordered[:start] + ordered[end:])


def _smaller_sequences(value: list[object] | tuple[object, ...]) -> Iterator[object]:
    for start, end in _cuts(len(value)):
        yield type(value)((*value[:start], *value[end:]))
    for i, item in enumerate(value):
        for new in smaller_values(item):
            yield type(value)((*value[:i], new, *value[i + 1 :]))


def _cuts(n: int) -> Iterator[tuple[int, int]]:
    """Stretches to leave out of n items, halves first, never all."""
    step = n // 2
    while step:
        yield from ((at, min(at + step, n)) for at in range(0, n, step))
        step //= 2


# --- where values go wrong -------------------------------------------------------------------


async def _first_wrong(
    sandbox: Sandbox, programs: tuple[str, str | None], call: Call, group: str
) -> tuple[tuple[int, dict[str, str]] | None, bool]:
    """The last moment of the run; the first that differs from the other program's where it can."""
    given = [p for p in programs if p is not None]
    jobs = [
        Job(
            code=_watcher(),
            form=Call(entry="watch", args=(p, call.entry, call.args, dict(call.kwargs), MOMENTS)),
            limits=Limits(cpu_s=1.0, wall_s=4.0),
        )
        for p in given
    ]
    runs = [_moments(one.value) for one in await sandbox.run(jobs, group=group)]
    if not runs[0]:
        return None, False
    if len(runs) == 2:
        for ours, theirs in zip(runs[0], runs[1], strict=False):
            shared = ours[1].keys() & theirs[1].keys()
            if any(ours[1][name] != theirs[1][name] for name in shared):
                return ours, True
    return runs[0][-1], False


def _moments(value: object) -> list[tuple[int, dict[str, str]]]:
    """What the watcher reported, as far as it has the shape that it should have."""
    if not isinstance(value, list):
        return []
    return [
        (item[0], item[1])
        for item in value
        if isinstance(item, tuple)
        and len(item) == 2
        and isinstance(item[0], int)
        and isinstance(item[1], dict)
        and all(isinstance(x, str) for pair in item[1].items() for x in pair)
    ]


def _moment(found: tuple[int, dict[str, str]], code: str, shift: int) -> Moment | None:
    """With the variables that the line reads first."""
    line, values = found[0] - shift, found[1]
    lines = code.splitlines()
    if not 0 < line <= len(lines):
        return None
    source = lines[line - 1].strip()
    tree = parse(source) or parse(f"{source}\n    pass") or parse(f"if 1: pass\n{source}\n    pass")
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()
    ordered = sorted(values.items(), key=lambda item: item[0] not in read)
    return Moment(line=line, source=source, values=tuple(ordered[:MOST_VARIABLES]))


@cache
def _watcher() -> str:
    return files("pipeline.edits").joinpath("tracing.py").read_text(encoding="utf-8")

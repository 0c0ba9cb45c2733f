"""Calls of a function that might make good tests, and what the function does on them."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.core.task import Task
from pipeline.inputs.callers import WrittenCall
from pipeline.inputs.target import Target
from pipeline.running.screen import LEAST_S, screen
from pipeline.syntax.text import parse, parse_expression
from pipeline.testgen.trials import LONGEST_SOURCE, Inputs, Tried, calls_for
from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Job,
    Outcome,
    Returns,
    Sandbox,
    Test,
)

AT_A_TIME = 60
"""Calls per process."""
MOST_LINES = 4
MOST_FORMS = 3
"""Ways of writing one call, each of which shows more than the one before."""
PATIENCE = 12
"""Calls that do not end, of one process; the rest of them are left out."""
OTHER_SEEDS = (2, 3, 4, 5, 6, 7)
"""Hash seeds (and seeds of `random`) for code that may depend on them; each starts a worker."""
_UNSTEADY = frozenset(
    {
        "set",
        "frozenset",
        "hash",
        "id",
        "random",
        "secrets",
        "uuid",
        "time",
        "datetime",
        "date",
    }
)
TRACEBACK = "Traceback (most recent call last):\n"
PLACES = ("first", "second", "third")
"""Names of what a tuple holds."""
_ITERATOR = re.compile(
    r"<(?:generator|itertools\.\w+|map|filter|zip|enumerate|reversed|\w*iterator)"
    r" object (?:\S+ )?at 0x[0-9a-f]+>"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call, written as doctest examples of which only the last one prints."""

    call: Call
    lines: tuple[str, ...]
    got: str
    """What the last example prints; of an exception its traceback's first and last lines."""
    raised: str = ""
    """The exception's class; empty when there is none."""
    oddness: int = 0
    """How far the call is from one that a person would write, in characters of reading."""
    is_printed: bool = False
    """`got` was written to stdout; it is not the `repr` of a value."""

    @property
    def message(self) -> str:
        """What the exception says, where that is one line; empty for none."""
        lines = self.got.splitlines() if self.raised else []
        return lines[-1].partition(": ")[2] if len(lines) == 2 else ""

    @property
    def want(self) -> str:
        """`got` as a docstring has it."""
        if self.raised:
            return self.got.replace(TRACEBACK, TRACEBACK + "    ...\n", 1)
        return "".join(
            "<BLANKLINE>\n" if not line.strip() else line + "\n" for line in self.got.splitlines()
        )

    @property
    def test(self) -> Test:
        return _doctest(self.lines, (*("" for _ in self.lines[1:]), self.want))

    @property
    def cost(self) -> int:
        """Characters that a reader has to read."""
        return sum(map(len, self.lines)) + len(self.want) + 15 * len(self.lines) + 3 * self.oddness


def is_unsteady(program: str) -> bool:
    """Whether what it does may depend on the order of a set, on chance or on the clock."""
    tree = parse(program)
    return tree is None or any(
        isinstance(n, ast.Set | ast.SetComp) or (isinstance(n, ast.Name) and n.id in _UNSTEADY)
        for n in ast.walk(tree)
    )


def _doctest(lines: Sequence[str], wants: Sequence[str]) -> Test:
    examples = tuple(DoctestExample(source=f"{line}\n") for line in lines)
    return Test(
        test_id=lines[-1], form=Doctest(examples=examples), expect=DoctestWants(wants=tuple(wants))
    )


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What was found out about a function's behaviour."""

    good: tuple[Case, ...]
    """On which it returns or prints something, or raises what it means to raise."""
    accidents: tuple[Case, ...]
    """On which it raises something that its code does not name."""


async def cases_of(
    sandbox: Sandbox,
    task: Task,
    target: Target,
    code: str,
    *,
    written: Sequence[WrittenCall] = (),
    seed: int = 0,
    group: str = "",
) -> Cases:
    """Run the function on many calls; the same arguments give the same cases.

    `written` are calls that people wrote elsewhere; of those that a test checks no case is made.
    """
    look = Look(sandbox=sandbox, program=task.program(code), group=group)
    inputs = Inputs.of(task, target, code, written)
    checked = [one.call for one in written if one.is_checked]
    calls = await calls_for(inputs, look.returned(target), seed, without=checked)
    cases = await _observed(look, target, calls)
    good = tuple(replace(case, oddness=inputs.oddness(case.call)) for case in cases.good)
    cases = replace(cases, good=good)
    if is_unsteady(look.program):
        cases = replace(cases, good=await look.steady(cases.good))
    if "print" not in look.program and "stdout" not in look.program:
        return cases
    return replace(cases, good=await look.with_printed(cases.good))


async def case_of(
    sandbox: Sandbox, program: str, target: Target, call: Call, group: str = ""
) -> Case | None:
    """What the function does on one call; None where that cannot be written in a docstring."""
    seen = await _observed(Look(sandbox=sandbox, program=program, group=group), target, [call])
    return next(iter((*seen.good, *seen.accidents)), None)


async def _observed(look: Look, target: Target, calls: Sequence[Call]) -> Cases:
    seen: list[Case] = []
    again = [plain_case(target, call) for call in calls]
    for _ in range(MOST_FORMS):
        found = [case for case in await look.at(again) if case is not None]
        better = [_better_form(target, case) for case in found]
        seen += [case for case, form in zip(found, better, strict=True) if form is None]
        again = [form for form in better if form is not None]
    readable = [case for case in seen if _is_readable(case)]
    meant = [case for case in readable if not case.raised or case.raised in target.raises]
    accidents = [case for case in readable if case.raised and case not in meant]
    return Cases(good=tuple(meant), accidents=tuple(accidents))


@dataclass(frozen=True, kw_only=True)
class Look:
    """Runs cases on one program, a process for some dozens of them."""

    sandbox: Sandbox
    program: str
    group: str

    async def at(self, cases: Sequence[Case]) -> list[Case | None]:
        """Each with what it printed; None where it did not end in time."""
        found: list[Case | None] = []
        for i in range(0, len(cases), AT_A_TIME):
            found += await self._chunk(cases[i : i + AT_A_TIME])
        return found

    def returned(self, target: Target) -> Tried:
        """Says of calls whether they return a value that can be shown."""

        async def tried(calls: Sequence[Call]) -> Sequence[bool]:
            seen = await self.at([plain_case(target, call) for call in calls])
            return [one is not None and not one.raised and bool(one.got.strip()) for one in seen]

        return tried

    async def _chunk(self, cases: Sequence[Case]) -> list[Case | None]:
        tests = [case.test for case in cases]
        (seen,) = await screen(
            self.sandbox,
            [self.program],
            tests,
            limit_s=LEAST_S,
            patience=PATIENCE,
            group=self.group,
        )
        found: list[Case | None] = []
        for case, one in zip(cases, seen.observed, strict=True):
            if one.outcome is not Outcome.RETURNED or len(one.got) != len(case.lines):
                found.append(None)
                continue
            last = one.parts[-1].exception
            is_clean = not any(one.got[:-1])
            raised = last.type if last else ""
            found.append(replace(case, got=one.got[-1], raised=raised) if is_clean else None)
        return found

    async def steady(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Those that print the same with every one of OTHER_SEEDS."""
        examples = tuple(
            DoctestExample(source=f"{line}\n") for case in cases for line in case.lines
        )
        ends = list(itertools.accumulate(len(case.lines) for case in cases))
        jobs = [
            Job(code=self.program, form=Doctest(examples=examples), hash_seed=seed)
            for seed in OTHER_SEEDS
        ]
        seen = await self.sandbox.run(jobs, group=self.group)
        rows = [one.got for one in seen if len(one.got) == len(examples)]
        return tuple(
            case
            for case, end in zip(cases, ends, strict=True)
            if all(row[end - 1] == case.got for row in rows)
        )

    async def with_printed(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Say of each whether its text was printed: then its value is None."""
        tests = [
            Test(
                test_id="",
                form=Expression(source="\n".join(case.lines)),
                expect=Returns(value=None),
            )
            for case in cases
        ]
        (seen,) = await screen(
            self.sandbox, [self.program], tests, patience=len(tests) + 1, group=self.group
        )
        return tuple(
            replace(case, is_printed=is_none and case.got.strip() != "None")
            for case, is_none in zip(cases, seen.passed, strict=True)
        )


# --- how a call is written --------------------------------


def plain_case(target: Target, call: Call) -> Case:
    """A generator is drained: what it gives is what it does."""
    source = target.source(call)
    if target.is_async:
        return Case(call=call, lines=("import asyncio", f"asyncio.run({source})"), got="")
    return Case(call=call, lines=(f"list({source})" if target.is_generator else source,), got="")


def _better_form(target: Target, case: Case) -> Case | None:
    """The same call written so that what it does can be seen and is always the same."""
    *before, source = case.lines
    text = case.got.strip()
    if case.raised:
        return None
    if text.startswith(("<dict_", "<range")) or _ITERATOR.fullmatch(text):
        return replace(case, lines=(*before, f"list({source})"))
    if _ITERATOR.search(text):
        return _drained(case, text)
    if not text and not target.owner:
        return _effect(target, case)
    if _has_set(text) and " == " not in source:
        return replace(case, lines=(*before, f"{source} == {_sorted_sets(text)}"))
    return None


def _drained(case: Case, text: str) -> Case | None:
    """Of iterators in a list each as a list, as are those in a tuple once it is taken apart."""
    *before, source = case.lines
    value = parse_expression(_ITERATOR.sub("_", text))
    if not isinstance(value, ast.List | ast.Tuple) or before:
        return None
    is_drained = [isinstance(item, ast.Name) for item in value.elts]
    if isinstance(value, ast.List) and all(is_drained):
        inner = source.removeprefix("list(").removesuffix(")") if source.startswith("list(") else ""
        return replace(case, lines=(f"[list(part) for part in {inner or source}]",))
    names = PLACES[: len(is_drained)]
    if isinstance(value, ast.List) or not 2 <= len(is_drained) == len(names):
        return None
    if is_drained == [False, True]:
        names = ("first", "rest")
    shown = [f"list({n})" if one else n for n, one in zip(names, is_drained, strict=True)]
    return replace(case, lines=(f"{', '.join(names)} = {source}", f"({', '.join(shown)})"))


def _effect(target: Target, case: Case) -> Case | None:
    """`items = [2, 1]`, `f(items)`, `items`: for functions that change their argument."""
    args, source = case.call.args, case.lines[-1]
    at = next((i for i, arg in enumerate(args) if isinstance(arg, list | dict | set)), None)
    if at is None or len(case.lines) > 1:
        return None
    name = target.given[min(at, len(target.given) - 1)].name if target.given else "given"
    shown = [repr(arg) if i != at else name for i, arg in enumerate(args)]
    call = f"{target.name}({', '.join(shown)})"
    if case.call.kwargs or not source.endswith(")"):
        return None
    return replace(case, lines=(f"{name} = {args[at]!r}", call, name))


def _has_set(text: str) -> bool:
    value = parse(text)
    return value is not None and any(
        isinstance(n, ast.Set)
        or (isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and "set" in n.func.id)
        for n in ast.walk(value)
    )


def _sorted_sets(text: str) -> str:
    """The text of a value with the items of its sets in order, the same with every hash seed."""
    tree = parse_expression(text)
    if tree is None:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Set):
            node.elts.sort(key=lambda item: (len(ast.unparse(item)), ast.unparse(item)))
    return ast.unparse(tree)


def _is_readable(case: Case) -> bool:
    """Short, without addresses, and nothing that ends a docstring or hides in it."""
    lines = [*case.lines, *case.got.splitlines()]
    text = "\n".join(lines)
    if any(len(line) > LONGEST_SOURCE for line in lines) or len(lines) > MOST_LINES:
        return False
    return (
        bool(case.got.strip())
        and '"""' not in text
        and "'''" not in text
        and " at 0x" not in text
        and not any(line != line.rstrip() or "\t" in line for line in lines)
        and not any(line.startswith((">>>", "...")) for line in case.got.splitlines())
        and all(char.isprintable() or char == "\n" for char in text)
    )

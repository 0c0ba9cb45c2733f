"""Calls of a function that might make good tests, and what the function does on them."""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from pipeline.core.task import Task
from pipeline.inputs.mutated import mutated_calls
from pipeline.inputs.shapes import (
    PROBES,
    Fresh,
    KnownValues,
    Shape,
    annotated,
    merged,
    shape_of,
)
from pipeline.inputs.target import Param, Target
from pipeline.running.screen import LEAST_S, screen
from pipeline.syntax.text import literal_of, parse, parse_expression
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

N_MUTATED = 90
N_FRESH = 130
N_PROBES = 180
AT_A_TIME = 60
"""Calls per process."""
LONGEST_SOURCE = 72
MOST_LINES = 4
PATIENCE = 12
"""Calls that do not end, of one process; the rest of them are left out."""
MOST_SIGNATURES = 3
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

Slots = tuple[tuple[Shape, ...], ...]
"""For each argument the shapes that it may have."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call, written as doctest examples of which only the last one prints."""

    call: Call
    lines: tuple[str, ...]
    got: str
    """What the last example prints; of an exception its traceback's first and last lines."""
    raised: str = ""
    """The exception's class; empty when there is none."""
    is_printed: bool = False
    """`got` was written to stdout; it is not the `repr` of a value."""

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
        return sum(map(len, self.lines)) + len(self.want) + 15 * len(self.lines)


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
    sandbox: Sandbox, task: Task, target: Target, code: str, *, seed: int = 0, group: str = ""
) -> Cases:
    """Run the function on many calls; the same arguments give the same cases."""
    look = Look(sandbox=sandbox, program=task.program(code), group=group)
    calls = await calls_for(look, task, target, code, seed)
    cases = await _observed(look, target, calls)
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
    plain = [plain_case(target, call) for call in calls]
    seen = [case for case in await look.at(plain) if case is not None]
    again = [form for case in seen if (form := _better_form(target, case)) is not None]
    seen = [case for case in seen if _better_form(target, case) is None]
    seen += [case for case in await look.at(again) if case is not None]
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
    source = target.source(call)
    lines = ("import asyncio", f"asyncio.run({source})") if target.is_async else (source,)
    return Case(call=call, lines=lines, got="")


def _better_form(target: Target, case: Case) -> Case | None:
    """The same call written so that what it does can be seen and is always the same."""
    *before, source = case.lines
    text = case.got.strip()
    if case.raised:
        return None
    if text.startswith(("<generator", "<map", "<filter", "<zip", "<dict_", "<itertools", "<range")):
        return replace(case, lines=(*before, f"list({source})"))
    if not text and not target.owner:
        return _effect(target, case)
    if _has_set(text) and " == " not in source:
        return replace(case, lines=(*before, f"{source} == {_sorted_sets(text)}"))
    return None


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


# --- which calls --------------------------------


async def calls_for(
    look: Look, task: Task, target: Target, code: str, seed: int
) -> tuple[Call, ...]:
    """Edge cases, mutations of the examples, fresh values; none that an example already has."""
    known = task.calls if not target.made_with else ()
    fresh = Fresh(rng=Random(seed), pool=pool_of(code, known))
    signatures = await _signatures(look, target, known, fresh)
    edges = list(_edges(target, signatures, fresh, known))
    near = mutated_calls(known, seed=seed, n=N_MUTATED)
    far = mutated_calls(near, seed=seed + 1, n=N_MUTATED // 2)
    n_made = N_FRESH if signatures else 0
    made = [_made(target, fresh.rng.choice(signatures), fresh) for _ in range(n_made)]
    more = list(_optional(target, [*known, *near, *made], fresh))
    mixed = _alternating(edges, near, made, far, more)
    unique = {repr(call): call for call in mixed}
    for call in known:
        unique.pop(repr(call), None)
    return tuple(
        call
        for call in unique.values()
        if len(target.source(call)) <= LONGEST_SOURCE and _is_plain(call)
    )


def _is_plain(call: Call) -> bool:
    """Its source means the same everywhere: no nan, no infinity."""
    return not {"nan", "inf", "-inf"} & {
        part for arg in (*call.args, *call.kwargs.values()) for part in _floats(arg)
    }


def _floats(value: object) -> Iterator[str]:
    if isinstance(value, float):
        yield repr(value)
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from _floats(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _floats(item)


def _alternating(*groups: Sequence[Call]) -> list[Call]:
    rows = itertools.zip_longest(*groups)
    return [call for row in rows for call in row if call is not None]


async def _signatures(
    look: Look, target: Target, known: Sequence[Call], fresh: Fresh
) -> tuple[Slots, ...]:
    """From the examples, else from annotations, else by trying."""
    if known:
        n = max(len(call.args) for call in known)
        columns = [[call.args[i] for call in known if len(call.args) > i] for i in range(n)]
        return (tuple(merged([shape_of(value) for value in column]) for column in columns),)
    slots = [annotated(p.annotation) for p in target.given if p.default is None]
    slots = [slot for slot, p in zip(slots, _required(target), strict=True) if not p.is_variadic]
    if all(slots):
        return (tuple(slots),)
    return await _by_trying(look, target, slots, fresh)


def _required(target: Target) -> list[Param]:
    return [p for p in target.given if p.default is None]


async def _by_trying(
    look: Look, target: Target, slots: Sequence[tuple[Shape, ...]], fresh: Fresh
) -> tuple[Slots, ...]:
    """The few signatures on which the function most often returns a value."""
    combinations = list(itertools.product(*(slot or PROBES for slot in slots)))
    if len(combinations) > N_PROBES // 2:
        uniform = [c for c in combinations if len(set(c)) == 1]
        combinations = uniform + fresh.rng.sample(combinations, N_PROBES // 2 - len(uniform))
    tried = [(c, _made(target, tuple((s,) for s in c), fresh)) for c in combinations for _ in "ab"]
    seen = await look.at([plain_case(target, call) for _, call in tried])
    returned: defaultdict[tuple[Shape, ...], int] = defaultdict(int)
    for (combination, _), case in zip(tried, seen, strict=True):
        returned[combination] += case is not None and not case.raised and bool(case.got.strip())
    best = sorted(returned.items(), key=lambda item: -item[1])
    return tuple(
        tuple((shape,) for shape in combination) for combination, n in best[:MOST_SIGNATURES] if n
    )


def _made(target: Target, slots: Slots, fresh: Fresh) -> Call:
    args = [fresh.value(fresh.rng.choice(slot)) for slot in slots]
    if len(args) >= 2 and fresh.rng.random() < 0.2:
        args = _related(args, fresh.rng)
    names = [p for p in _required(target) if not p.is_variadic]
    n_positional = len(args) if len(names) != len(args) else sum(not p.is_keyword for p in names)
    keywords = {p.name: v for p, v in zip(names[n_positional:], args[n_positional:], strict=False)}
    more: list[object] = []
    star = next((p for p in target.params if p.is_variadic), None)
    if star is not None and len(names) == len(args):
        shape = (annotated(star.annotation) or PROBES)[0]
        more = [fresh.value(shape) for _ in range(fresh.rng.randint(0, 4))]
    return Call(entry=target.name, args=(*args[:n_positional], *more), kwargs=keywords)


def _related(args: list[object], rng: Random) -> list[object]:
    """Two arguments of one type that have something in common: equal, or one part of the other."""
    one, other, *rest = args
    if type(one) is not type(other):
        return args
    if isinstance(one, str | list) and len(one) > 1:
        at = rng.randrange(len(one))
        return [one, rng.choice((one, one[at:], one[:at], one[at : at + 1])), *rest]
    return [one, one, *rest]


def _edges(
    target: Target, signatures: Sequence[Slots], fresh: Fresh, known: Sequence[Call]
) -> Iterator[Call]:
    """One argument at an edge at a time; the others as in an example, or fresh."""
    for slots in signatures:
        for i, slot in enumerate(slots):
            for shape in slot:
                for edge in fresh.edges(shape):
                    call = fresh.rng.choice(known) if known else _made(target, slots, fresh)
                    if len(call.args) > i:
                        yield replace(call, args=(*call.args[:i], edge, *call.args[i + 1 :]))


def _optional(target: Target, calls: Sequence[Call], fresh: Fresh) -> Iterator[Call]:
    """Calls that also give one of the parameters that have a default."""
    optional = [p for p in target.params if p.default is not None]
    for call in calls[:40] if optional else ():
        param = fresh.rng.choice(optional)
        position = target.given.index(param)
        shapes = annotated(param.annotation) or _shapes_of_default(param.default)
        if shapes and param.name not in call.kwargs and len(call.args) <= position:
            value = fresh.value(fresh.rng.choice(shapes))
            yield replace(call, kwargs={**call.kwargs, param.name: value})


def _shapes_of_default(default: ast.expr | None) -> tuple[Shape, ...]:
    value = None if default is None else literal_of(default)
    return () if value is None or value.value is None else (shape_of(value.value),)


def pool_of(code: str, known: Iterable[Call] = ()) -> KnownValues:
    """Constants of the code, and the letters of its strings and of the examples."""
    tree = parse(code)
    constants = [
        n.value
        for n in ast.walk(tree or ast.Module(body=[], type_ignores=[]))
        if isinstance(n, ast.Constant)
    ]
    ints = [v for v in constants if isinstance(v, int) and not isinstance(v, bool)]
    strings = [v for v in constants if isinstance(v, str) and 0 < len(v) <= 12]
    given = "".join(text for call in known for arg in call.args for text in _strings(arg))
    letters = "".join(dict.fromkeys(given + "".join(strings)))
    return KnownValues(
        ints=tuple(dict.fromkeys(v for v in ints if abs(v) <= 1000)),
        floats=tuple(dict.fromkeys(v for v in constants if isinstance(v, float))),
        strings=tuple(dict.fromkeys(strings)),
        letters="".join(c for c in letters if c.isprintable()) or KnownValues.letters,
    )


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | set | dict):
        for item in value:
            yield from _strings(item)

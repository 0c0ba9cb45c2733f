"""Which calls of a function are tried: those that people wrote, edge cases, values as a person
would write them, mutations, fresh values.
"""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from pipeline.core.task import Task
from pipeline.inputs.callers import WrittenCall
from pipeline.inputs.mutated import mutated_calls
from pipeline.inputs.natural import Natural, oddness
from pipeline.inputs.near import near_calls
from pipeline.inputs.shapes import (
    PROBES,
    Fresh,
    KnownValues,
    Shape,
    annotated,
    merged,
    shape_of,
)
from pipeline.inputs.target import Param, Target, definition
from pipeline.inputs.usage import used_shapes
from pipeline.source.locate import FunctionNode
from pipeline.syntax.text import literal_of, parse
from sandbox.api import Call

N_NATURAL = 160
N_NEAR = 160
N_MUTATED = 60
N_FRESH = 60
N_PROBES = 180
MOST_TRIES = 12
"""Of one signature: a function may refuse most of the right kind."""
LONGEST_SOURCE = 100
MOST_SIGNATURES = 3
MOST_OPTIONAL = 80

Slots = tuple[tuple[Shape, ...], ...]
"""For each argument the shapes that it may have."""
Tried = Callable[[Sequence[Call]], Awaitable[Sequence[bool]]]
"""Says of each call whether the function returned something."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is known of a function's inputs before it is run."""

    task: Task
    target: Target
    known: tuple[Call, ...]
    """Calls that people wrote: in its examples, in tests, in other code."""
    pool: KnownValues

    @classmethod
    def of(
        cls, task: Task, target: Target, code: str, written: Sequence[WrittenCall] = ()
    ) -> Inputs:
        own = task.calls if not target.made_with else ()
        known = {repr(call): call for call in (*own, *(one.call for one in written))}
        calls = tuple(known.values())
        return cls(task=task, target=target, known=calls, pool=pool_of(code, calls))

    def oddness(self, call: Call) -> int:
        """How far the call is from one that a person would write; see `natural.oddness`."""
        if any(call == one for one in self.known):
            return 0
        values = (*call.args, *call.kwargs.values())
        kinds = {type(value) for value in values}
        is_mixed = {int, float} <= kinds
        return sum(oddness(value, self.pool) for value in values) + 6 * is_mixed


async def calls_for(
    inputs: Inputs, tried: Tried, seed: int, *, without: Iterable[Call] = ()
) -> tuple[Call, ...]:
    """The most natural first; without those that an example already has."""
    known, target = inputs.known, inputs.target
    fresh = Fresh(rng=Random(seed), pool=inputs.pool)
    natural = Natural(rng=Random(seed), pool=inputs.pool)
    signatures = await _signatures(inputs, tried, fresh)
    edges = list(_edges(target, signatures, natural, fresh, known))
    spoken = [
        _made(target, natural.rng.choice(signatures), natural)
        for _ in range(N_NATURAL)
        if signatures
    ]
    near = near_calls(known, seed=seed, n=N_NEAR)
    far = mutated_calls(known, seed=seed, n=N_MUTATED)
    made = [
        _made(target, fresh.rng.choice(signatures), fresh) for _ in range(N_FRESH) if signatures
    ]
    more = list(_optional(inputs, [*known, *near, *spoken], natural))
    mixed = [*known, *_alternating(edges, spoken, near, more, made, far)]
    unique = {repr(call): call for call in mixed}
    for call in (*inputs.task.calls, *without):
        unique.pop(repr(call), None)
    calls = [
        call
        for call in unique.values()
        if len(target.source(call)) <= LONGEST_SOURCE and _is_plain(call)
    ]
    return tuple(sorted(calls, key=inputs.oddness))


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


async def _signatures(inputs: Inputs, tried: Tried, fresh: Fresh) -> tuple[Slots, ...]:
    """From calls that people wrote, else from annotations and from what the code does, else by
    trying.
    """
    if inputs.known:
        return (_slots_of(inputs.known),)
    target = inputs.target
    required = [p for p in target.given if p.default is None and not p.is_variadic]
    used = _used(inputs)
    slots = [annotated(p.annotation) or used.get(p.name, ()) for p in required]
    if all(len(slot) == 1 for slot in slots):
        return (tuple(slots),)
    natural = Natural(rng=fresh.rng, pool=inputs.pool)
    found = await _by_trying(target, tried, slots, natural)
    found = found or await _by_trying(target, tried, [()] * len(slots), fresh)
    # What the code does with them says more than a few trials that a picky function refused.
    return found or ((tuple(slots),) if all(slots) else ())


def _slots_of(known: Sequence[Call]) -> Slots:
    n = max(len(call.args) for call in known)
    columns = [[call.args[i] for call in known if len(call.args) > i] for i in range(n)]
    return tuple(merged([shape_of(value) for value in column]) for column in columns)


def _used(inputs: Inputs) -> dict[str, tuple[Shape, ...]]:
    """What the code of the function, and of the constructor of its object, does with each."""
    module = parse(inputs.task.program(inputs.task.statement))
    target = inputs.target
    if module is None:
        return {}
    nodes: list[tuple[FunctionNode | None, Sequence[Param]]] = [
        (definition(module, target.name), target.params),
        (definition(module, f"{target.owner}.__init__"), target.made_with),
    ]
    found: dict[str, tuple[Shape, ...]] = {}
    for node, params in nodes:
        if node is not None:
            found = {**used_shapes(node, module, tuple(p.name for p in params)), **found}
    return found


async def _by_trying(
    target: Target, tried: Tried, slots: Sequence[tuple[Shape, ...]], values: Fresh | Natural
) -> tuple[Slots, ...]:
    """The few signatures on which the function most often returns a value."""
    combinations = list(itertools.product(*(slot or PROBES for slot in slots)))
    if len(combinations) > N_PROBES // 2:
        uniform = [c for c in combinations if len(set(c)) == 1][: N_PROBES // 2]
        more = values.rng.sample(combinations, N_PROBES // 2 - len(uniform))
        combinations = uniform + more
    n_each = max(2, min(MOST_TRIES, N_PROBES // 3 // max(1, len(combinations))))
    each = [c for c in combinations for _ in range(n_each)]
    calls = [_made(target, tuple((shape,) for shape in c), values) for c in each]
    returned: defaultdict[tuple[Shape, ...], int] = defaultdict(int)
    for combination, is_good in zip(each, await tried(calls), strict=True):
        returned[combination] += is_good
    best = sorted(returned.items(), key=lambda item: -item[1])
    return tuple(
        tuple((shape,) for shape in combination) for combination, n in best[:MOST_SIGNATURES] if n
    )


def _made(target: Target, slots: Slots, fresh: Fresh | Natural) -> Call:
    args = [fresh.value(fresh.rng.choice(slot)) for slot in slots]
    if len(args) >= 2 and fresh.rng.random() < 0.2:
        args = _related(args, fresh.rng)
    call = _with(target, args)
    star = next((p for p in target.params if p.is_variadic), None)
    if star is None or call.kwargs or len(args) != len(_named_params(target)):
        return call
    shape = (annotated(star.annotation) or PROBES)[0]
    more = [fresh.value(shape) for _ in range(fresh.rng.randint(0, 4))]
    return replace(call, args=(*call.args, *more))


def _named_params(target: Target) -> list[Param]:
    return [p for p in target.given if p.default is None and not p.is_variadic]


def _with(target: Target, args: Sequence[object]) -> Call:
    """The values by their places; those of parameters that have only a name by that."""
    names = _named_params(target)
    n = len(args) if len(names) != len(args) else sum(not p.is_keyword for p in names)
    keywords = {p.name: v for p, v in zip(names[n:], args[n:], strict=False)}
    return Call(entry=target.name, args=tuple(args[:n]), kwargs=keywords)


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
    target: Target,
    signatures: Sequence[Slots],
    natural: Natural,
    fresh: Fresh,
    known: Sequence[Call],
) -> Iterator[Call]:
    """One argument at an edge at a time; the others as in a call that is known, or as usual."""
    for slots in signatures:
        usual = _usual(target, slots, natural)
        bases = [*known[:3], usual, natural.rng.choice(known) if known else usual]
        yield usual
        for i, slot in enumerate(slots):
            for edge in (edge for shape in slot for edge in fresh.edges(shape)):
                for base in bases:
                    if len(base.args) > i:
                        yield replace(base, args=(*base.args[:i], edge, *base.args[i + 1 :]))


def _usual(target: Target, slots: Slots, natural: Natural) -> Call:
    """The call of which a person changes one argument after the other."""
    values = [natural.usual(slot[0], at) for at, slot in enumerate(slots)]
    return _with(target, values)


def _optional(inputs: Inputs, calls: Sequence[Call], natural: Natural) -> Iterator[Call]:
    """Calls that also give one of the parameters that have a default."""
    target = inputs.target
    optional = [p for p in target.params if p.default is not None]
    used = _used(inputs) if optional else {}
    for call in calls[:MOST_OPTIONAL] if optional else ():
        param = natural.rng.choice(optional)
        position = target.given.index(param)
        shapes = annotated(param.annotation) or _shapes_of_default(param.default)
        shapes = shapes or used.get(param.name, ())
        if shapes and param.name not in call.kwargs and len(call.args) <= position:
            value = natural.value(natural.rng.choice(shapes))
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
        written=tuple(
            dict.fromkeys(t for call in known for arg in call.args for t in _strings(arg))
        ),
    )


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | set | dict):
        for item in value:
            yield from _strings(item)

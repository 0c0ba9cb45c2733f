"""EvalPlus suites: inputs without outputs; the expected value is what the reference gives.

JSON has no tuples, sets or complex numbers: the types of an MBPP+ input are read from the
literals of the task's own assertions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.source.text import literal_of, parse
from sandbox.api import Call, Expression, Opaque, Outcome, Policy, Returns, Test
from sandbox.api import Observation as Seen


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A right program and the inputs on which others have to agree with it."""

    program: str
    forms: tuple[Call | Expression, ...]
    policy: Policy


def reference_of(
    entry: str, program: str, inputs: Sequence[Sequence[object]], *, tolerance: float
) -> Reference:
    """Calls of the entry point; sets are compared where the task's answer has no order."""
    policy = Policy.FLOAT if tolerance or entry in _ROUNDED else Policy.PYTHON
    make = _SPECIAL.get(entry, _plain)
    return Reference(
        program=program, forms=tuple(make(entry, list(args)) for args in inputs), policy=policy
    )


def tests_of(reference: Reference, seen: Sequence[Seen]) -> tuple[Test, ...]:
    """One test for each input on which the reference gave a plain value."""
    from pipeline.bench.suites import LIMITS

    return tuple(
        Test(
            test_id=f"hidden:{n}",
            form=form,
            expect=Returns(value=one.value, policy=reference.policy),
            limits=LIMITS["function"],
        )
        for n, (form, one) in enumerate(zip(reference.forms, seen, strict=True))
        if one.outcome is Outcome.RETURNED and not isinstance(one.value, Opaque)
    )


def _plain(entry: str, args: list[object]) -> Call | Expression:
    return Call(entry=entry, args=tuple(args))


def _as_set(entry: str, args: list[object]) -> Call | Expression:
    return Expression(source=f"set({entry}(*{args!r}))")


def _is_something(entry: str, args: list[object]) -> Call | Expression:
    return Expression(source=f"{entry}(*{args!r}) is not None")


def _is_root(entry: str, args: list[object]) -> Call | Expression:
    """Any root will do."""
    value = f"sum(c * ({entry}(*{args!r}) ** i) for i, c in enumerate({args[0]!r}))"
    return Expression(source=f"abs({value}) < 1e-4")


_ROUNDED = frozenset({"truncate_number", "mean_absolute_deviation"})
_SPECIAL: dict[str, Callable[[str, list[object]], Call | Expression]] = {
    "find_zero": _is_root,
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), _is_something),
    **dict.fromkeys(
        (
            "similar_elements",
            "find_char_long",
            "common_in_nested_lists",
            "extract_singly",
            "larg_nnum",
            "intersection_array",
            "find_dissimilar",
            "Diff",
        ),
        _as_set,
    ),
}
"""Tasks whose statement leaves the order, the root or the kind of truth open."""


# --- types that JSON lost ------------------------------------------------------------------------


def typed_like_assertions(
    inputs: Sequence[list[object]], assertions: str, entry: str
) -> list[list[object]]:
    """The inputs with tuples, sets and complex numbers where the assertions have them."""
    examples = [args for line in assertions.splitlines() if (args := _literals(line, entry))]
    if not examples:
        return list(inputs)
    return [_like_list(args, examples) for args in inputs]


def _literals(line: str, entry: str) -> list[object] | None:
    """The arguments of the call in an assert, where all of them are literals."""
    tree = parse(line.strip())
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry:
            values = [literal_of(arg) for arg in node.args]
            return [one.value for one in values if one] if all(values) else None
    return None


def _like_list(args: list[object], examples: Sequence[list[object]]) -> list[object]:
    fitting = [example for example in examples if len(example) == len(args)]
    return [_like_argument(arg, [one[at] for one in fitting]) for at, arg in enumerate(args)]


def _like_argument(arg: object, examples: Sequence[object]) -> object:
    is_number = examples and all(isinstance(one, int | float | complex) for one in examples)
    return _number(arg) if is_number and isinstance(arg, str) else _like(arg, examples)


def _like(value: object, examples: Sequence[object], default: type = list) -> object:
    """`value` in the types that all examples of its place share; a list without an example is
    like what it stands in.
    """
    kinds = {type(example) for example in examples if _is_nested(example) is _is_nested(value)}
    if isinstance(value, list):
        kind = _only(kinds, default)
        if kind is dict:
            return value or {}
        inner = _nested_kind(examples, default)
        return _made(kind, [_like(v, _inside(examples, n), inner) for n, v in enumerate(value)])
    if isinstance(value, dict):
        below = [v for e in examples if isinstance(e, dict) for v in e.values()]
        return {key: _like(item, below) for key, item in value.items()}
    return value


def _nested_kind(examples: Sequence[object], default: type) -> type:
    """What a list is that stands deeper than the examples reach."""
    if default is tuple:
        return tuple
    below = [item for e in examples if isinstance(e, list | tuple | set) for item in e]
    return tuple if any(isinstance(item, tuple) for item in below) else list


def _is_nested(value: object) -> bool:
    return isinstance(value, list | tuple | set | dict)


def _only(kinds: set[type], default: type) -> type:
    return next(iter(kinds)) if len(kinds) == 1 else default


def _number(text: str) -> object:
    """JSON has no complex numbers: where there are some, all numbers are text."""
    for kind in (int, float, complex):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _made(kind: type, items: list[object]) -> object:
    try:
        return kind(items)
    except TypeError:
        return items


def _inside(examples: Sequence[object], at: int) -> list[object]:
    """What stands at that place of the examples where they are records, else anything in them."""
    rows = [list(e) for e in examples if isinstance(e, list | tuple | set)]
    everything = [item for row in rows for item in row]
    if len({type(item) for item in everything}) <= 1:
        return everything
    return [row[at] for row in rows if at < len(row)]

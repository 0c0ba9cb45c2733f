"""Which calls are like those that people make: what all examples have in common is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from pipeline.repair.cases import Case
from pipeline.select.inputs import visible_calls
from pipeline.task import Task
from sandbox.api import Call

LEAST_KEPT = 8
FEW_LETTERS = 8
"""A text of so few different characters is written in a small alphabet."""
PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"))


def plausible(task: Task, cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases whose inputs keep the rules that all visible calls keep; all where few are left."""
    rules = list(_rules(visible_calls(task)))
    kept = list(cases)
    for rule in rules:
        fitting = [case for case in kept if rule(case.call)]
        if len(fitting) >= LEAST_KEPT:
            kept = fitting
    return tuple(kept)


def _rules(calls: Sequence[Call]) -> Iterator[Callable[[Call], bool]]:
    """Rules that hold for all `calls` and that a chance call might well break."""
    if not calls:
        return
    n = min(len(call.args) for call in calls)
    for i in range(n):
        values = [call.args[i] for call in calls]
        for keeps in (_is_balanced, _is_ascending, _has_no_negative):
            if all(keeps(value) is not False for value in values) and any(
                keeps(value) for value in values
            ):
                yield _at(i, keeps)
        letters = set("".join(value for value in values if isinstance(value, str)))
        if letters and len(letters) <= FEW_LETTERS and all(isinstance(v, str) for v in values):
            yield _at(i, _within(letters))
    for i in range(n):
        for j in range(i + 1, n):
            if len(calls) > 1 and all(_same_length(call, i, j) for call in calls):
                yield lambda call, i=i, j=j: _same_length(call, i, j)  # type: ignore[misc]


def _at(index: int, keeps: Callable[[object], bool | None]) -> Callable[[Call], bool]:
    return lambda call: len(call.args) > index and keeps(call.args[index]) is not False


def _within(letters: set[str]) -> Callable[[object], bool | None]:
    return lambda value: isinstance(value, str) and set(value) <= letters


def _is_balanced(value: object) -> bool | None:
    """Brackets in order; None where there are none."""
    if not isinstance(value, str):
        return None
    closing = {close: opening for opening, close in PAIRS}
    open_ones: list[str] = []
    seen = False
    for char in value:
        if char in closing.values():
            open_ones.append(char)
            seen = True
        elif char in closing:
            seen = True
            if not open_ones or open_ones.pop() != closing[char]:
                return False
    return not open_ones if seen else None


def _is_ascending(value: object) -> bool | None:
    """A list of at least three numbers in order; None for what is none."""
    if not isinstance(value, list) or len(value) < 3:
        return None
    if not all(isinstance(item, int | float) for item in value):
        return None
    return all(a <= b for a, b in itertools.pairwise(value))


def _has_no_negative(value: object) -> bool | None:
    """A number, or a list of numbers; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value >= 0
    if isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
        return all(v >= 0 for v in value)
    return None


def _same_length(call: Call, i: int, j: int) -> bool:
    one, other = call.args[i], call.args[j]
    return isinstance(one, list | str) and isinstance(other, list | str) and len(one) == len(other)

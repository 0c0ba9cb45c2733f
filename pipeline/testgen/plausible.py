"""Which calls are like those that people make: what all examples have in common is kept."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from pipeline.core.task import Task
from pipeline.testgen.cases import Case
from sandbox.api import Call

LEAST_KEPT = 8
FEW_LETTERS = 8
"""A text of so few different characters is written in a small alphabet."""
LEAST_TEXT = 6
"""Characters of examples from which an alphabet is known."""
_NOT_NEGATIVE = re.compile(r"\b(?:positive|non-?negative|natural)\b", re.IGNORECASE)
PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"))


def plausible(task: Task, cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases whose inputs keep the rules that all visible calls keep; all where few are left."""
    kept = {repr(call) for call in fitting(task, [case.call for case in cases])}
    return tuple(case for case in cases if repr(case.call) in kept)


def fitting(task: Task, calls: Sequence[Call]) -> tuple[Call, ...]:
    """The same of bare calls."""
    kept = tuple(calls)
    for rule in _rules(task, task.calls):
        good = tuple(call for call in kept if rule(call))
        if len(good) >= LEAST_KEPT:
            kept = good
    return kept


def _rules(task: Task, calls: Sequence[Call]) -> Iterator[Callable[[Call], bool]]:
    """Rules that hold for all `calls` and that a chance call might well break."""
    if not calls:
        return
    if _NOT_NEGATIVE.search(task.statement) and all(_has_no_negative(call) for call in calls):
        yield _has_no_negative
    n = min(len(call.args) for call in calls)
    for i in range(n):
        values = [call.args[i] for call in calls]
        for keeps, n_witnesses in ((_is_balanced, 1), (_is_ascending, 3)):
            said = [kept for value in values if (kept := keeps(value)) is not None]
            if all(said) and len(said) >= n_witnesses:
                yield _at(i, keeps)
        text = "".join(value for value in values if isinstance(value, str))
        if _is_alphabet(text) and all(isinstance(value, str) for value in values):
            yield _at(i, _within(set(text)))
    for i in range(n):
        for j in range(i + 1, n):
            if len(calls) > 1 and all(_same_length(call, i, j) for call in calls):
                yield lambda call, i=i, j=j: _same_length(call, i, j)  # type: ignore[misc]


def _at(index: int, keeps: Callable[[object], bool | None]) -> Callable[[Call], bool]:
    return lambda call: len(call.args) > index and keeps(call.args[index]) is not False


def _is_alphabet(text: str) -> bool:
    """Whether it is written in a small alphabet: `01`, `()`, `ACGT`, not words."""
    return (
        len(text) >= LEAST_TEXT
        and len(set(text)) <= FEW_LETTERS
        and not any(char.islower() for char in text)
    )


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


def _has_no_negative(call: Call) -> bool:
    """No negative number among the arguments, nor directly in a list of them."""
    items = [
        item for arg in call.args for item in (arg if isinstance(arg, list | tuple) else (arg,))
    ]
    return not any(isinstance(item, int | float) and item < 0 for item in items)


def _same_length(call: Call, i: int, j: int) -> bool:
    one, other = call.args[i], call.args[j]
    return isinstance(one, list | str) and isinstance(other, list | str) and len(one) == len(other)

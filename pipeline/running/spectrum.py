"""Which functions to suspect of failing tests: those on the stack first, then by their spectrum."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sandbox.api import Entered, TestSeen

Part = TypeVar("Part", bound=Hashable)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A function that may be why tests fail."""

    entered: Entered
    score: float
    """Ochiai, 0 to 1."""
    is_on_stack: bool
    """A test failed by an exception that passed through it."""
    failing: tuple[str, ...]
    """Node ids of the failing tests that enter it."""
    n_passing: int


def ochiai(
    failing: Sequence[Collection[Part]], passing: Sequence[Collection[Part]]
) -> dict[Part, float]:
    """failed(p) / sqrt(failed * (failed(p) + passed(p))) for parts that a failing run executes.

    Abreu, Zoeteweij, van Gemund: On the accuracy of spectrum-based fault localization (2007).
    """
    n_failed, n_passed = _counts(failing), _counts(passing)
    return {
        part: n / math.sqrt(len(failing) * (n + n_passed.get(part, 0)))
        for part, n in n_failed.items()
    }


def _counts(runs: Iterable[Collection[Part]]) -> Mapping[Part, int]:
    counts: dict[Part, int] = {}
    for run in runs:
        for part in run:
            counts[part] = counts.get(part, 0) + 1
    return counts


def suspects(
    failing: Sequence[TestSeen], passing: Sequence[TestSeen], sources: Collection[str]
) -> tuple[Suspect, ...]:
    """Functions in files of `sources` that a failing test enters, the most suspect first.

    On the stack of a failure, then Ochiai; of equals the one that a failing test is called after,
    then the one that fewer passing tests enter.
    """
    scores = ochiai([test.entered for test in failing], [test.entered for test in passing])
    found = [
        Suspect(
            entered=one,
            score=score,
            is_on_stack=any(one in test.stack for test in failing),
            failing=tuple(test.node_id for test in failing if one in test.entered),
            n_passing=sum(one in test.entered for test in passing),
        )
        for one, score in scores.items()
        if one.path in sources
    ]
    return tuple(sorted(found, key=_rank))


def _rank(one: Suspect) -> tuple[object, ...]:
    # Rounded, so that equal counts are equal scores.
    likeness = max(called_after(one.entered.name, node_id) for node_id in one.failing)
    return not one.is_on_stack, -round(one.score, 9), -likeness, one.n_passing, one.entered


def explained_by_others(found: Sequence[Suspect], suspect: Suspect) -> frozenset[str]:
    """Failing tests that enter the function and that say little of it: they enter another one, too,
    which is the most suspect of tests that do not come near this one. Where there is a single bug,
    its function has none of these.
    """
    first: dict[str, Suspect] = {}
    for one in found:
        for name in one.failing:
            first.setdefault(name, one)
    others = {one for name, one in first.items() if name not in suspect.failing}
    return frozenset(name for one in others for name in one.failing if name in suspect.failing)


def called_after(name: str, node_id: str) -> float:
    """The share of the words of a function's name that a test's name has, parameters aside."""
    words = set(_WORD.findall(name.lower()))
    test = set(_WORD.findall(node_id.partition("[")[0].lower()))
    return len(words & test) / len(words) if words else 0.0

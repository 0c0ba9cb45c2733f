"""Which of several plausible patches to believe: by what they do on inputs near the examples."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.core.task import Task
from pipeline.edits.scope import fits, kind_of_value
from pipeline.edits.search import Version
from pipeline.inputs.mutated import mutated_calls
from pipeline.running.matrix import behaviour, plan_of
from pipeline.running.screen import LEAST_S, Seen, screen
from sandbox.api import (
    Call,
    Completes,
    Form,
    Observation,
    Outcome,
    ProjectTests,
    Returns,
    Sandbox,
    Test,
)

N_INPUTS = 60
N_FAR = 20
N_NEAR = 20
MOST = 160
"""So many of the likeliest patches are compared."""
PATIENCE = 3
FAULTS = 4.0
"""exp(-FAULTS) for a behaviour that raises on every valid input."""
ODD_KINDS = 3.0
"""The same for results of a kind that no example wants."""
AGREES = 1.0
"""exp(AGREES) for doing as the original on all inputs near those it had right."""
SAME_FOR_ALL = 2.0
"""exp(-SAME_FOR_ALL) for one result whatever the input."""
PER_EDIT = 0.1
CROWD = 2.0
"""Patches of one behaviour add up in the norm of this order: ten equal ones count as 10 ** 0.5."""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    version: Version
    score: float
    """Natural log of the belief in its behaviour; only differences mean something."""
    share: float
    """Of the belief in all behaviours, neighbouring edits that agree counted once."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Versions that do the same on all valid inputs, the likeliest first, and how sane that is."""

    versions: tuple[Version, ...]
    faults: float
    """Share of valid inputs on which it raises or does not end."""
    odd_kinds: float
    """Share of valid inputs on which the result is of a kind that no example wants."""
    agrees: float
    """Share of inputs near examples that the original passes on which it does as the original."""
    commonest: float
    """Share of valid inputs that give the commonest result."""

    @property
    def belief(self) -> float:
        """For the order in which patches are offered."""
        norm = math.pow(sum(own_weight(v) ** CROWD for v in self.versions), 1 / CROWD)
        return norm * self.sanity

    @property
    def alone(self) -> float:
        """For how sure one is: edits of one program that agree are no support of one another."""
        return max(map(own_weight, self.versions)) * self.sanity

    @property
    def sanity(self) -> float:
        log = -FAULTS * self.faults - ODD_KINDS * self.odd_kinds + AGREES * self.agrees
        log -= SAME_FOR_ALL * max(0.0, self.commonest - 0.8) / 0.2
        return math.exp(log)


async def ranked(
    sandbox: Sandbox, task: Task, base: str, versions: Sequence[Version], *, group: str = ""
) -> tuple[Ranked, ...]:
    """The versions, best first: the likeliest of each behaviour, then the rest.

    A behaviour is believed for the weight of the versions that share it, less where it raises,
    changes the kind of the result, or ignores its input; more where it does as the original near
    examples that the original had right.
    """
    found = await behaviours(sandbox, task, base, versions, group=group)
    total = sum(one.alone for one in found) or 1.0
    leaders: list[Ranked] = []
    others: list[Ranked] = []
    for one in found:
        for i, version in enumerate(one.versions):
            score = math.log(one.belief * own_weight(version) / own_weight(one.versions[0]))
            rank = Ranked(version=version, score=score, share=one.alone / total)
            (others if i else leaders).append(rank)
    return (*_by_score(leaders), *_by_score(others))


def _by_score(items: Iterable[Ranked]) -> list[Ranked]:
    return sorted(items, key=lambda r: -r.score)


def own_weight(version: Version) -> float:
    """A patch's own weight: smaller ones first."""
    size = sum(len(edit.new) for edit in version.edits)
    return version.weight * PER_EDIT ** (len(version.edits) - 1) * math.exp(-size / 200)


async def behaviours(
    sandbox: Sandbox, task: Task, base: str, versions: Sequence[Version], *, group: str = ""
) -> tuple[Behaviour, ...]:
    """The likeliest versions, grouped by what they do on mutated inputs."""
    best = sorted(versions, key=lambda v: -own_weight(v))[:MOST]
    near = await _neighbourhood(sandbox, task, base, group)
    free = inputs_of(task.calls)
    # A method, a coroutine: their inputs are lines of Python, not calls with literals.
    forms: tuple[Form, ...] = (*near, *free) or tuple(
        column.form for column in plan_of(task).columns
    )
    tests = [Test(test_id="", form=form, expect=Completes()) for form in forms]
    programs = [task.program(code) for code in (base, *(v.code for v in best))]
    original, *seen = await screen(
        sandbox, programs, tests, limit_s=LEAST_S, patience=PATIENCE, group=group
    )
    valid = _valid(best, seen, len(tests))
    has_examples = any(not isinstance(test.form, ProjectTests) for test in task.tests)
    groups: defaultdict[tuple[str, ...], list[tuple[Version, Seen]]] = defaultdict(list)
    for version, one in zip(best, seen, strict=True):
        # Where there is neither input nor example to tell them apart, each may be another.
        known = tuple(behaviour(one.observed[i]) for i in valid)
        groups[known if tests or has_examples else (version.code,)].append((version, one))
    kinds = _wanted_kinds(task)
    return tuple(
        _behaviour(members, original, valid, (kinds, len(near))) for members in groups.values()
    )


async def _neighbourhood(sandbox: Sandbox, task: Task, base: str, group: str) -> tuple[Call, ...]:
    """Inputs near the examples that the original passes."""
    tests = [t for t in task.examples if isinstance(t.form, Call)]
    if not tests:
        return ()
    (seen,) = await screen(sandbox, [task.program(base)], tests, group=group)
    right = [t.form for t, ok in zip(tests, seen.passed, strict=True) if ok]
    return mutated_calls([f for f in right if isinstance(f, Call)], seed=1, n=N_NEAR)


def inputs_of(calls: Sequence[Call]) -> tuple[Call, ...]:
    """One and two mutations away, and with arguments that are equal or change places."""
    near = mutated_calls(calls, seed=0, n=N_INPUTS)
    far = mutated_calls(near, seed=2, n=N_FAR)
    return tuple({repr(call): call for call in (*near, *far, *_twins([*calls, *near]))}.values())


def _twins(calls: Sequence[Call]) -> Iterator[Call]:
    """Calls whose first two arguments are equal, or swapped, where they are of one kind."""
    for call in calls[:N_FAR]:
        if len(call.args) >= 2 and type(call.args[0]) is type(call.args[1]):
            one, other, *rest = call.args
            yield replace(call, args=(one, one, *rest))
            yield replace(call, args=(other, one, *rest))
            if isinstance(one, list) and isinstance(other, list):
                yield replace(call, args=(one, other[: len(one)], *rest))
                yield replace(call, args=(one, one[::-1], *rest))


def _valid(versions: Sequence[Version], seen: Sequence[Seen], n: int) -> list[int]:
    """Inputs on which versions with half of all weight return a value."""
    weights = [math.sqrt(own_weight(v)) for v in versions]
    return [
        i
        for i in range(n)
        if 2 * sum(w for w, s in zip(weights, seen, strict=True) if _returned(s.observed[i]))
        >= sum(weights)
    ]


def _behaviour(
    members: list[tuple[Version, Seen]],
    original: Seen,
    valid: Sequence[int],
    rest: tuple[tuple[str, ...], int],
) -> Behaviour:
    kinds, n_near = rest
    fastest = min(seen.cpu_s for _, seen in members)
    members.sort(key=lambda m: -own_weight(m[0]) * _speed(m[1].cpu_s, fastest))
    one = members[0][1]
    done = [one.observed[i] for i in valid]
    returned = [o for o in done if _returned(o)]
    odd = sum(not any(fits(kind_of_value(o.value), k) for k in kinds) for o in returned)
    near = [i for i in valid if i < n_near]
    same = sum(behaviour(one.observed[i]) == behaviour(original.observed[i]) for i in near)
    commonest = max(Counter(behaviour(o) for o in done).values(), default=0)
    n = max(len(valid), 1)
    return Behaviour(
        versions=tuple(version for version, _ in members),
        faults=1 - len(returned) / n if valid else 0.0,
        odd_kinds=odd / n if kinds else 0.0,
        agrees=same / len(near) if near else 0.0,
        commonest=commonest / n if len(valid) > 5 else 0.0,
    )


def _speed(cpu_s: float, fastest: float) -> float:
    """1 unless clearly slower than another version that does the same."""
    return fastest / cpu_s if cpu_s > 2 * fastest + 0.01 else 1.0


def _wanted_kinds(task: Task) -> tuple[str, ...]:
    wanted = [t.expect.value for t in task.examples if isinstance(t.expect, Returns)]
    return tuple(sorted({kind_of_value(value) for value in wanted}))


def _returned(seen: Observation) -> bool:
    return seen.outcome is Outcome.RETURNED

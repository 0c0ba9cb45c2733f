"""Which of several plausible patches to believe: by what they do on inputs near the examples."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.repair.hints import split_tests
from pipeline.repair.scope import fits, kind_of_value
from pipeline.repair.screen import LEAST_S, Seen, screen
from pipeline.repair.search import Version
from pipeline.select.inputs import mutated_calls, visible_calls
from pipeline.task import Task
from sandbox.api import Call, Completes, Observation, Outcome, Returns, Sandbox, Test

N_INPUTS = 40
MOST = 160
"""So many of the likeliest patches are compared."""
FAULTS = 4.0
"""exp(-FAULTS) for a patch that raises on every valid input."""
ODD_KINDS = 3.0
AGREES = 1.0
"""exp(AGREES) for a patch that does as the original on all inputs near those it had right."""
SAME_FOR_ALL = 0.1
PER_EDIT = 0.1


@dataclass(frozen=True, kw_only=True)
class Ranked:
    version: Version
    score: float
    """Natural log of its behaviour's share of the belief; only differences mean something."""


async def ranked(
    sandbox: Sandbox, task: Task, base: str, versions: Sequence[Version], *, group: str = ""
) -> tuple[Ranked, ...]:
    """The versions, best first: first the likeliest of each behaviour, behaviours by belief.

    A behaviour is believed for the summed weight of the versions that share it, less where it
    raises, changes the kind of the result, or ignores its input; more where it does as the
    original near examples that the original had right.
    """
    best = sorted(versions, key=lambda v: -_own(v))[:MOST]
    calls = mutated_calls(visible_calls(task), seed=0, n=N_INPUTS)
    near = await _neighbourhood(sandbox, task, base, group)
    tests = [_silent(call) for call in (*calls, *near)]
    if not tests:
        return tuple(Ranked(version=v, score=math.log(_own(v))) for v in best)
    programs = [task.program(code) for code in (base, *(v.code for v in best))]
    original, *seen = await screen(sandbox, programs, tests, limit_s=LEAST_S, group=group)
    return _by_behaviour(task, best, original, seen, len(calls))


async def _neighbourhood(sandbox: Sandbox, task: Task, base: str, group: str) -> tuple[Call, ...]:
    """Inputs near the examples that the original passes."""
    tests = [t for t in split_tests(task) if isinstance(t.form, Call)]
    if not tests:
        return ()
    (seen,) = await screen(sandbox, [task.program(base)], tests, group=group)
    right = [t.form for t, ok in zip(tests, seen.passed, strict=True) if ok]
    return mutated_calls([f for f in right if isinstance(f, Call)], seed=1, n=N_INPUTS // 2)


def _silent(call: Call) -> Test:
    return Test(test_id="", form=call, expect=Completes())


def _own(version: Version) -> float:
    """A patch's own weight: smaller ones first."""
    size = sum(len(edit.new) for edit in version.edits)
    return version.weight * PER_EDIT ** (len(version.edits) - 1) * math.exp(-size / 200)


def _by_behaviour(
    task: Task, versions: Sequence[Version], original: Seen, seen: Sequence[Seen], n_free: int
) -> tuple[Ranked, ...]:
    total = sum(map(_own, versions))
    valid = [
        i
        for i in range(len(original.observed))
        if sum(_own(v) for v, s in zip(versions, seen, strict=True) if _returned(s.observed[i]))
        >= total / 2
    ]
    groups: defaultdict[tuple[str, ...], list[tuple[Version, Seen]]] = defaultdict(list)
    for version, one in zip(versions, seen, strict=True):
        groups[tuple(_did(one.observed[i]) for i in valid)].append((version, one))
    leaders, others = [], []
    for members in groups.values():
        members.sort(key=lambda m: -_own(m[0]))
        belief = sum(_own(v) for v, _ in members) * _sanity(
            task, members[0][1], original, valid, n_free
        )
        leaders.append(Ranked(version=members[0][0], score=math.log(belief)))
        others += [
            Ranked(version=v, score=math.log(belief * _own(v) / _own(members[0][0])) - 10)
            for v, _ in members[1:]
        ]
    return tuple(sorted([*leaders, *others], key=lambda r: -r.score))


def _sanity(task: Task, one: Seen, original: Seen, valid: Sequence[int], n_free: int) -> float:
    """What the behaviour on valid inputs speaks for or against it, as a factor."""
    if not valid:
        return 1.0
    done = [one.observed[i] for i in valid]
    returned = [o for o in done if _returned(o)]
    kinds = _wanted_kinds(task)
    n_odd = sum(not any(fits(kind_of_value(o.value), k) for k in kinds) for o in returned)
    odd = n_odd / len(valid) if kinds else 0.0
    factor = math.exp(-FAULTS * (1 - len(returned) / len(valid)) - ODD_KINDS * odd)
    near = [i for i in valid if i >= n_free]
    if near:
        same = sum(_did(one.observed[i]) == _did(original.observed[i]) for i in near)
        factor *= math.exp(AGREES * same / len(near))
    if len(valid) > 5 and len({_did(o) for o in done}) == 1:
        factor *= SAME_FOR_ALL
    return factor


def _wanted_kinds(task: Task) -> tuple[str, ...]:
    wanted = [t.expect.value for t in split_tests(task) if isinstance(t.expect, Returns)]
    return tuple({kind_of_value(value) for value in wanted})


def _returned(seen: Observation) -> bool:
    return seen.outcome is Outcome.RETURNED


def _did(seen: Observation) -> str:
    if _returned(seen):
        return f"= {seen.value!r}"
    return f"raises {seen.exception.type}" if seen.exception else str(seen.outcome)

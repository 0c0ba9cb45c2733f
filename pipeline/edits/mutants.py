"""Mutants: small wrong versions of a function, to see whether its tests would notice.

Mutants that hang are not counted: any call shows them, and nobody learns from it.
Mutants that do as the original on every call that was tried are not counted either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from pipeline.core.task import Task
from pipeline.edits.edits import Edit, edits_of
from pipeline.running.screen import screen
from sandbox.api import Outcome, Sandbox, Test

N_MUTANTS = 120
KINDS = frozenset(
    {
        "compare: neighbour",
        "compare: other",
        "operator",
        "operator: drop operand",
        "boolean: and/or",
        "boolean: drop operand",
        "negate",
        "number: by one",
        "number: other",
        "text: other",
        "truth value",
        "name: other name",
        "call: alike",
        "call: swap arguments",
        "call: drop",
        "call: key or order",
        "off by one",
        "slice",
        "filter",
        "filter: drop",
        "branch: one side",
        "branch: swap",
        "assignment: operator",
        "assignment: initial value",
        "jump",
        "statement: drop",
        "statement: unwrap",
    }
)
"""What mutation testing usually does; repair makes many more edits, most of them far-fetched."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    code: str
    what: str
    """In words: `change < to <= in line 4`."""
    kind: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """Which test tells which mutant from the original."""

    mutants: tuple[Mutant, ...]
    """Without those that hang or that could not be run."""
    killed_by: tuple[frozenset[int], ...]
    """For each mutant the indices of tests."""

    def killed(self, tests: Sequence[int]) -> frozenset[int]:
        """Indices of the mutants that some of the tests notice."""
        wanted = set(tests)
        return frozenset(i for i, by in enumerate(self.killed_by) if by & wanted)


def mutants_of(code: str, *, n: int = N_MUTANTS, seed: int = 0) -> tuple[Mutant, ...]:
    """Up to `n` mutants, from every kind and line in turn; the same arguments give the same."""
    groups: defaultdict[tuple[str, int], list[Edit]] = defaultdict(list)
    for edit in edits_of(code):
        if edit.kind in KINDS:
            groups[edit.kind, edit.line].append(edit)
    rng = Random(seed)
    queues = [rng.sample(group, len(group)) for group in groups.values()]
    rng.shuffle(queues)
    found: dict[str, Mutant] = {}
    while queues and len(found) < n:
        for queue in queues:
            edit = queue.pop()
            new = edit.applied(code)
            if new != code and len(found) < n:
                found.setdefault(new, Mutant(code=new, what=edit.what, kind=edit.kind))
        queues = [queue for queue in queues if queue]
    return tuple(found.values())


async def kill_table(
    sandbox: Sandbox,
    task: Task,
    mutants: Sequence[Mutant],
    tests: Sequence[Test],
    *,
    limit_s: float = 0.03,
    group: str = "",
) -> Table:
    """Run every test on every mutant; `tests` must be such that the original passes them."""
    if not tests or not mutants:
        return Table(mutants=tuple(mutants), killed_by=(frozenset(),) * len(mutants))
    programs = [task.program(mutant.code) for mutant in mutants]
    seen = await screen(sandbox, programs, tests, limit_s=limit_s, group=group)
    kept, killed_by = [], []
    for mutant, one in zip(mutants, seen, strict=True):
        if all(o.outcome in (Outcome.RETURNED, Outcome.RAISED) for o in one.observed):
            kept.append(mutant)
            killed_by.append(frozenset(i for i, passed in enumerate(one.passed) if not passed))
    return Table(mutants=tuple(kept), killed_by=tuple(killed_by))

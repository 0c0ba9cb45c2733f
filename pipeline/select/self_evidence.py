"""What self-tests and properties say of each cluster of survivors, in nats.

A test that may be wrong speaks by its reliability (docs/decisions/posterior.md). All of one job
share a fate, so together they never say more than CAP.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.core.context import Context
from pipeline.core.events import Decided
from pipeline.core.stop import if_possible
from pipeline.core.task import Task
from pipeline.core.worth import pays
from pipeline.running.judge import runnable
from pipeline.running.matrix import RETURNED
from pipeline.select.agreement import Agreement
from pipeline.syntax.literals import literal
from pipeline.testgen.selftests import (
    SelfTest,
    SelfTests,
    broken_properties,
    properties_of,
    self_tests,
)
from sandbox.api import Call, Verdict
from sandbox.verdicts import run_tests

CAP = 2.0
STILL_RIGHT, SAME_WRONG = 0.6, 0.2
"""P(a wrong program is right on one input), P(it gives the very value that a wrong test wants)."""
OF_PROPERTY = 0.9
"""P(a relation that every example keeps holds for every input)."""
Group = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Own:
    """For each cluster what the self-made evidence adds, and its verdicts on self-tests."""

    nats: Mapping[Group, float] = field(default_factory=dict)
    verdicts: Mapping[Group, tuple[Verdict, ...]] = field(default_factory=dict)
    broken: Mapping[Group, tuple[str, ...]] = field(default_factory=dict)
    """Names of the properties that a cluster breaks."""


async def own_evidence(ctx: Context, task: Task, agreed: Agreement) -> Own:
    """Self-made evidence where survivors differ; nothing where they do not, or where it is off.

    Properties cost nothing; a model that is not small is asked for outputs too, in what is left of
    the time. Raises SandboxError.
    """
    if not ctx.settings.self_tests or len(agreed.groups) < 2 or task.kind == "stdio":
        return Own()
    properties = properties_of(task.results)
    broken = {
        group: broken_properties(properties, tuple(observed(agreed, group)))
        for group in agreed.groups
    }
    asked = await _asked(ctx, task, agreed)
    verdicts = await _verdicts(ctx, task, agreed, asked.tests)
    nats = {
        group: _nats(len(properties), len(broken[group]), asked.tests, verdicts.get(group, ()))
        for group in agreed.groups
    }
    if properties or asked.tests:
        n_best = list(nats.values()).count(max(nats.values()))
        counts = {"tests": len(asked.tests), "properties": len(properties)}
        choice = f"best for {n_best} of {len(nats)} clusters"
        ctx.emit(Decided(what="self_tests", choice=choice, numbers=counts))
    return Own(nats=nats, verdicts=verdicts, broken=broken)


def observed(agreed: Agreement, group: Group) -> Iterator[tuple[Call, object]]:
    """The calls on which the cluster returned a literal, and what."""
    for form, text in zip(agreed.seen.inputs, agreed.seen.rows[group[0]], strict=True):
        found = literal(text.removeprefix(RETURNED)) if text.startswith(RETURNED) else None
        if found is not None and isinstance(form, Call):
            yield form, found.value


async def _asked(ctx: Context, task: Task, agreed: Agreement) -> SelfTests:
    """Self-tests on the inputs that tell survivors apart."""
    if not pays(ctx.model.info, "self_tests"):
        return SelfTests()
    rows = [agreed.seen.rows[group[0]] for group in agreed.groups]
    telling = [
        form
        for i, form in enumerate(agreed.seen.inputs)
        if isinstance(form, Call) and len({row[i] for row in rows}) > 1
    ]
    made = await if_possible(ctx, "self_tests", lambda: self_tests(ctx, task, telling))
    return made or SelfTests()


async def _verdicts(
    ctx: Context, task: Task, agreed: Agreement, tests: Sequence[SelfTest]
) -> dict[Group, tuple[Verdict, ...]]:
    """One run for each cluster: its members do the same."""
    if not tests:
        return {}
    plain = [one.test for one in tests]
    programs = [runnable(task, agreed.pool[group[0]].candidate) for group in agreed.groups]
    rows = await asyncio.gather(
        *(run_tests(ctx.sandbox, code, plain, group=ctx.group) for code in programs)
    )
    return dict(zip(agreed.groups, rows, strict=True))


def _nats(
    n_properties: int, n_broken: int, tests: Sequence[SelfTest], verdicts: Sequence[Verdict]
) -> float:
    said = n_broken * log_ratio(OF_PROPERTY, passed=False)
    said += (n_properties - n_broken) * log_ratio(OF_PROPERTY, passed=True)
    said += sum(
        log_ratio(test.r, passed=verdict.passed)
        for test, verdict in zip(tests, verdicts, strict=False)
    )
    return max(-CAP, min(CAP, said))


def log_ratio(r: float, *, passed: bool) -> float:
    """log P(result | right) / P(result | wrong) of a test that is right with probability r."""
    wrong_passes = r * STILL_RIGHT + (1 - r) * SAME_WRONG
    if passed:
        return math.log(r / wrong_passes)
    return math.log((1 - r) / (1 - wrong_passes))

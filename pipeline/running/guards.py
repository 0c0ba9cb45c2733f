"""Tests of the project that passed before: what is offered breaks none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.core.task import Task
from pipeline.core.wrapped import world_of
from pipeline.running.reaching import EACH_CPU_S, PATIENCE, reach_of
from sandbox.api import Job, Observation, Outcome, ProjectTests, Sandbox, TestEnd, TestSeen

GUARDS_S = 6.0
"""By the clock, as they took on the unchanged code: the quick ones first; a job has 60 seconds."""
PATIENT = replace(PATIENCE, cpu_s=12.0, wall_s=60.0)


async def broken_by(
    sandbox: Sandbox, task: Task, program: str, *, group: str = ""
) -> tuple[TestSeen, ...]:
    """The tests of the module's reach that pass on the code as it was and not on `program`.

    One that fails on the unchanged code too, when it is run again, speaks against nothing.
    """
    tested, world = task.tested, world_of(sandbox)
    if tested is None or world is None:
        return ()
    others = await reach_of(
        sandbox, world, tested.unchanged, tested.others, group=group, limits=PATIENT
    )
    passed = sorted(
        (t for t in others.tests if t.end is TestEnd.PASSED), key=lambda t: t.duration_s
    )
    guards = (*tested.guards, *within(GUARDS_S, passed))
    if not guards:
        return ()
    # In one process with those that enter the function: what it leaves behind shows in the others.
    names = (*tested.counted, *guards)
    lost = _lost(names, await _run(sandbox, program, names, group))
    if not lost:
        return ()
    again = await _run(sandbox, tested.unchanged, [one.node_id for one in lost], group)
    flaky = {one.node_id for one in _lost([one.node_id for one in lost], again)}
    return tuple(one for one in lost if one.node_id not in flaky)


def within(limit_s: float, tests: Sequence[TestSeen]) -> Iterator[str]:
    """Names of the first tests that take no longer together."""
    for test in tests:
        limit_s -= test.duration_s
        if limit_s < 0:
            return
        yield test.node_id


async def _run(sandbox: Sandbox, code: str, names: Sequence[str], group: str) -> Observation:
    form = ProjectTests(node_ids=tuple(names), each_cpu_s=EACH_CPU_S)
    (seen,) = await sandbox.run([Job(code=code, form=form, limits=PATIENT)], group=group)
    return seen


def _lost(names: Sequence[str], seen: Observation) -> tuple[TestSeen, ...]:
    """What did not pass; where the run was cut and nothing failed, the test that it was cut in."""
    ended = {test.node_id for test in seen.tests}
    bad = [t for t in seen.tests if t.end is not TestEnd.PASSED]
    missing = next((name for name in names if name not in ended), "")
    if missing and seen.outcome is not Outcome.RETURNED and not bad:
        why = seen.detail or seen.outcome.value
        bad.append(TestSeen(node_id=seen.last_begun or missing, end=TestEnd.ERROR, message=why))
    return tuple(bad)

"""Tests of the project that passed before: what is offered breaks none of them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.inside import world_of
from pipeline.core.task import Task
from pipeline.running.reaching import EACH_S, PATIENCE, reach_of
from sandbox.api import Job, Observation, Outcome, ProjectTests, Sandbox, TestEnd, TestSeen


async def broken_by(
    sandbox: Sandbox, task: Task, program: str, *, group: str = ""
) -> tuple[TestSeen, ...]:
    """The tests of the module's reach that pass on the code as it was and not on `program`.

    One that fails on the unchanged code too, when it is run again, speaks against nothing.
    """
    tested, world = task.tested, world_of(sandbox)
    if tested is None or world is None:
        return ()
    others = await reach_of(sandbox, world, tested.unchanged, tested.others, group=group)
    passed = [t.node_id for t in others.tests if t.end is TestEnd.PASSED]
    if not (tested.guards or passed):
        return ()
    # In one process with those that enter the function: what it leaves behind shows in the others.
    names = (*tested.counted, *tested.guards, *passed)
    lost = _lost(names, await _run(sandbox, program, names, group))
    if not lost:
        return ()
    again = await _run(sandbox, tested.unchanged, [one.node_id for one in lost], group)
    flaky = {one.node_id for one in _lost([one.node_id for one in lost], again)}
    return tuple(one for one in lost if one.node_id not in flaky)


async def _run(sandbox: Sandbox, code: str, names: Sequence[str], group: str) -> Observation:
    form = ProjectTests(node_ids=tuple(names), each_s=EACH_S)
    (seen,) = await sandbox.run([Job(code=code, form=form, limits=PATIENCE)], group=group)
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

"""Which lines of a failing function to suspect: Ochiai over failing and passing examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.core.task import Task
from pipeline.running.spectrum import ochiai
from sandbox.api import Limits, Sandbox, Test
from sandbox.verdicts import job_of, judge

TRACED = Limits(cpu_s=0.3, wall_s=2.0)


async def suspicion(
    sandbox: Sandbox, task: Task, code: str, calls: Sequence[Test], *, group: str = ""
) -> Mapping[int, float]:
    """Line of `code` (1-based) -> suspicion 0..1 (Ochiai; Abreu et al. 2006); {} untraced.

    Runs that reach a limit leave no trace; where no failing run does, there is nothing to say.
    """
    program = task.program(code)
    jobs = [replace(job_of(program, call), trace_lines=True, limits=TRACED) for call in calls]
    seen = await sandbox.run(jobs, group=group)
    shift = task.before.count("\n") if task.kind != "stdio" else 0
    failing: list[frozenset[int]] = []
    passing: list[frozenset[int]] = []
    for call, observed in zip(calls, seen, strict=True):
        if observed.lines is not None:
            lines = frozenset(line - shift for line in observed.lines)
            (passing if judge(call, observed).passed else failing).append(lines)
    return ochiai(failing, passing)

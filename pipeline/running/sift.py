"""Many versions of a function against examples and the project's tests: the first look at both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.task import Task
from pipeline.running.screen import LEAST_S, Seen, can_screen, screen
from sandbox.api import Job, Limits, Observation, Outcome, ProjectTests, Sandbox, Test
from sandbox.verdicts import job_of, judge

ALONE_CPU_S = 1.0
"""Of a test's limit, what is for a process of its own."""
START_CPU_S = 5.0
"""For pytest to start and the tests to be collected, once for many versions."""


def can_sift(test: Test) -> bool:
    return can_screen(test) or isinstance(test.form, ProjectTests)


async def sift(
    sandbox: Sandbox,
    task: Task,
    codes: Sequence[str],
    tests: Sequence[Test],
    *,
    limit_s: float = LEAST_S,
    quiet: bool = False,
    group: str = "",
) -> tuple[Seen, ...]:
    """As `screen`, `codes` being texts of the function; then the project's tests for what passes
    all the rest: in a fork each, where only the body differs from the function as it stands.
    """
    programs = [task.program(code) for code in codes]
    quick = [test for test in tests if can_screen(test)]
    slow = [test for test in tests if not can_screen(test)]
    seen = (Seen(passed=(), n_passed=0, observed=()),) * len(programs)
    if quick:
        seen = await screen(sandbox, programs, quick, limit_s=limit_s, quiet=quiet, group=group)
    if not slow:
        return seen
    able = [n for n, one in enumerate(seen) if all(one.passed)]
    runs: dict[int, list[Observation]] = {n: [] for n in able}
    for test in slow:
        for n, one in zip(able, await _tried(sandbox, task, codes, able, test, group), strict=True):
            runs[n].append(one)
    return tuple(_merged(tests, one, slow, runs.get(n)) for n, one in enumerate(seen))


async def _tried(
    sandbox: Sandbox, task: Task, codes: Sequence[str], able: Sequence[int], test: Test, group: str
) -> list[Observation]:
    """The versions in forks; those that cannot be had so each by itself."""
    if not able:
        return []
    job = _forking(task, [codes[n] for n in able], test)
    (seen,) = await sandbox.run([job], group=group)
    found = list(seen.parts)
    # What kills the process that forks leaves the rest untried.
    found += [Observation(outcome=Outcome.NOT_RUN)] * (len(able) - len(found))
    alone = [i for i, one in enumerate(found) if one.outcome is Outcome.NOT_RUN]
    jobs = [job_of(task.program(codes[able[i]]), test) for i in alone]
    for i, one in zip(alone, await sandbox.run(jobs, group=group), strict=True):
        found[i] = one
    return found


def _forking(task: Task, codes: Sequence[str], test: Test) -> Job:
    assert isinstance(test.form, ProjectTests)
    versions = tuple(map(task.without_answers, codes))
    each_s = max(0.3, test.limits.cpu_s - ALONE_CPU_S)
    form = replace(test.form, versions=versions, exchanged=task.entry_point, version_cpu_s=each_s)
    limits = Limits(
        cpu_s=START_CPU_S + each_s * len(codes),
        wall_s=4 * (START_CPU_S + each_s * len(codes)) + 10.0,
        memory_mb=test.limits.memory_mb,
        output_bytes=test.limits.output_bytes,
    )
    # A stub may be no Python yet.
    base = codes[0] if task.is_stub else task.statement
    return Job(code=task.program(base), form=form, limits=limits)


def _merged(
    tests: Sequence[Test], quick: Seen, slow: Sequence[Test], runs: Sequence[Observation] | None
) -> Seen:
    """What was seen of each test, in their order."""
    runs = runs or [Observation(outcome=Outcome.NOT_RUN)] * len(slow)
    verdicts = [judge(test, run) for test, run in zip(slow, runs, strict=True)]
    passed, observed = iter(quick.passed), iter(quick.observed)
    slow_passed, slow_observed = iter([v.passed for v in verdicts]), iter(runs)
    is_quick = [can_screen(test) for test in tests]
    return Seen(
        passed=tuple(next(passed) if one else next(slow_passed) for one in is_quick),
        n_passed=quick.n_passed + sum(v.passed_examples for v in verdicts),
        observed=tuple(next(observed) if one else next(slow_observed) for one in is_quick),
        cpu_s=quick.cpu_s + sum(run.cpu_s for run in runs),
    )

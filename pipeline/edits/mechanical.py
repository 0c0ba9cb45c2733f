"""Mechanical repair: try small edits by the thousand in the sandbox, no tokens, no model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.core.task import Task
from pipeline.edits.ranking import Ranked, ranked
from pipeline.edits.reservations import doubt_of
from pipeline.edits.search import Found, Search, Version, search
from sandbox.api import Limits, ProjectTests, Sandbox, Test
from sandbox.verdicts import run_twice

QUICK = Limits(cpu_s=0.3, wall_s=2.0)
N_RUNS, CPU_S = 3000, 4.0
"""Versions, and their CPU seconds: about what two idle cores do in two seconds."""
BACKSTOP = 2.5
"""Seconds by the clock for each second of CPU: examples may sleep, and a stage must end. Where
others wait for the processor too, as many times more.
"""


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A changed function, and what the visible tests say of it."""

    code: str
    edits: tuple[str, ...]
    """In words."""
    score: float
    """Natural log of the belief in it; only differences mean something."""
    n_passed: int
    """Examples that pass, in both of two runs."""
    share: float
    """Of the belief in all behaviours that were found to be plausible, 0..1."""
    is_plausible: bool
    """Every visible test passes, twice, with different hash seeds."""
    doubt: str = ""
    """Why it may be wrong although every visible test passes; "" where nothing speaks for that."""

    @property
    def is_verified(self) -> bool:
        return self.is_plausible and not self.doubt


@dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """How far the search is; sent when a version first passes everything at a first look."""

    code: str
    edits: tuple[str, ...]
    elapsed_s: float


async def repair_mechanically(
    sandbox: Sandbox,
    task: Task,
    *,
    code: str | None = None,
    n_runs: int = N_RUNS,
    cpu_s: float = CPU_S,
    deadline_s: float | None = None,
    depth: int = 2,
    max_patches: int = 8,
    jobs_group: str = "",
    on_progress: Callable[[SearchProgress], None] | None = None,
) -> tuple[Patch, ...]:
    """Patches of `code` (the task's function where None) that pass all visible tests, best first.

    Single edits first, then up to `depth` together, until `n_runs` versions or `cpu_s` are spent;
    at the deadline, by the clock, what was found so far. Where
    nothing passes everything, the one version that passes most, if that is more than the original
    passes (`is_plausible` is False). () when nothing helps, nothing fails, or no test can be run.
    """
    began = time.monotonic()
    base = task.statement if code is None else code
    if not task.visible:
        return ()

    def report(version: Version) -> None:
        if on_progress:
            elapsed_s = time.monotonic() - began
            on_progress(
                SearchProgress(code=version.code, edits=_words(version), elapsed_s=elapsed_s)
            )

    found = await search(
        Search(
            sandbox=sandbox,
            task=task,
            code=base,
            n_runs=n_runs,
            cpu_s=cpu_s,
            deadline=began + (BACKSTOP * crowd() * cpu_s if deadline_s is None else deadline_s),
            depth=depth,
            group=jobs_group,
            on_plausible=report,
        )
    )
    if not found.plausible:
        return _partial(found)
    order = await ranked(sandbox, task, base, found.plausible, group=jobs_group)
    patches = await _confirmed(sandbox, task, order[: 4 * max_patches], max_patches, jobs_group)
    doubts = {r.version.code: doubt_of(task, found, r) for r in order}
    return tuple(replace(patch, doubt=doubts[patch.code]) for patch in patches)


def crowd() -> float:
    """How many processes want each processor, at least 1; 1 where the system does not say."""
    try:
        return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    except (AttributeError, OSError):
        return 1.0


def _words(version: Version) -> tuple[str, ...]:
    return tuple(edit.what for edit in version.edits)


def _partial(found: Found) -> tuple[Patch, ...]:
    if found.partial is None:
        return ()
    n_passed, version = found.partial
    patch = Patch(
        code=version.code,
        edits=_words(version),
        score=float("-inf"),
        n_passed=n_passed,
        share=0.0,
        is_plausible=False,
    )
    return (patch,)


def _quick(test: Test) -> Test:
    """With less patience; the project's tests have limits that were measured."""
    return test if isinstance(test.form, ProjectTests) else replace(test, limits=QUICK)


async def _confirmed(
    sandbox: Sandbox, task: Task, order: Sequence[Ranked], max_patches: int, group: str
) -> tuple[Patch, ...]:
    """The first `max_patches` that pass every visible test twice, each in processes of its own."""
    patches: list[Patch] = []
    for one in order:
        if len(patches) == max_patches:
            break
        tests = [_quick(test) for test in task.tests]
        program = task.program(one.version.code)
        # Whatever is taken of these is judged again, in a fresh worker.
        verdicts = await run_twice(sandbox, program, tests, group=group, fresh=False)
        if all(verdict.passed for verdict in verdicts):
            patches.append(
                Patch(
                    code=one.version.code,
                    edits=_words(one.version),
                    score=one.score,
                    n_passed=sum(v.passed_examples for v in verdicts),
                    share=one.share,
                    is_plausible=True,
                )
            )
    return tuple(patches)

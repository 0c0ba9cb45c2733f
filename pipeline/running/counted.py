"""Which of the project's tests judge a function: those that reach it and are fit to count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.calls import VisibleTest
from pipeline.core.reach import BAD_ENDS, Reach, Tested
from pipeline.core.task import Task
from pipeline.core.wording import many
from pipeline.running.guards import GUARDS_S, within
from pipeline.running.reaching import EACH_CPU_S, PATIENCE, reach_of
from pipeline.running.written_tests import calls_in, calls_seen, sources_of
from pipeline.source.extract import head_of
from pipeline.source.locate import FunctionSite
from pipeline.syntax.text import Document
from pipeline.world.tested_by import TestFiles
from sandbox.api import (
    PROOF_SEED,
    Completes,
    Job,
    Limits,
    Observation,
    Outcome,
    ProjectTests,
    Sandbox,
    Test,
    TestEnd,
    TestSeen,
    World,
)

TEST_ID = "project tests"
MOST_COUNTED = 200
MOST_COUNTED_S = 3.0
"""More tests, or slower ones, are run once before an edit is offered, not for each candidate."""
MEMORY_MB = 384
TOO_LONG = "the test takes too long"
"""What the sandbox says of one that it ended."""
_NEEDS = (
    (
        re.compile(
            r"gaierror|ConnectionRefused|ConnectionError|URLError|NewConnectionError|ConnectError"
            r"|ConnectTimeout|MaxRetryError|Network is unreachable|Name or service not known"
        ),
        "needs a network",
    ),
    (re.compile(r"OperationalError|psycopg|pymysql|redis\.exceptions"), "needs a database"),
    (re.compile(r"TclError|no display|DISPLAY"), "needs a display"),
    (
        re.compile(r"Read-only file system|PermissionError: \[Errno 13\].*'(/project|[^/])"),
        "writes into the project, which is read-only here",
    ),
    (
        re.compile(r"FileNotFoundError.*/project|fixture '[^']+' not found"),
        "needs what is not here",
    ),
)
SLOW = f"takes more than {EACH_CPU_S:g} s of CPU"
_AT = re.compile(r"^\S+:\d+: ")


@dataclass(frozen=True, kw_only=True)
class WhichTests:
    """Which of the project's tests somebody wants to be judged by."""

    only: tuple[Path, ...] = ()
    """Files, folders and node ids; () takes all that reach the function."""
    besides: frozenset[str] = frozenset()
    """Node ids that do not judge: what they say is of another function."""
    none: bool = False


ALL_TESTS, NO_TESTS = WhichTests(), WhichTests(none=True)


async def with_project_tests(
    sandbox: Sandbox,
    document: Document,
    site: FunctionSite,
    task: Task,
    files: TestFiles,
    *,
    besides: frozenset[str] = frozenset(),
    group: str = "",
) -> Task:
    """The task with the project's tests as one visible test more, where some reach the function.

    They run on the code as it stands, again in another order and under another hash seed, and on a
    body that raises: what fails for want of something, flips, or is skipped is left out and named.
    """
    world = task.loading.world
    if world is None or task.loading.obstacle or not files.all:
        return task
    if files.problem or not task.loading.is_whole:
        why = files.problem or "the project's tests were not run: the module could not be loaded"
        return replace(task, tested=Tested(notes=(why,)))
    run = _Run(sandbox=sandbox, world=world, document=document, site=site, task=task, group=group)
    reach, others = await run.reach(files)
    hits = [test for test in run.hits(reach) if test.node_id not in besides]
    able, unfit = _sorted_out(hits)
    counted = _within_reason(able)
    again, raised = await run.again_and_raising([test.node_id for test in counted])
    flaky = [test for test in counted if _flips(test, again)]
    kept = [test for test in counted if test not in flaky]
    guards, n_left = _guards(reach, world.path, {t.node_id for t in (*kept, *flaky)})
    notes = [*_notes(reach, unfit), *(f"left out: {t.node_id} is flaky" for t in flaky)]
    if n_left:
        notes.append(
            f"no time to run {many(n_left, 'test')} of the module again that passed before"
        )
    tested = Tested(
        counted=tuple(test.node_id for test in kept),
        failed=frozenset(t.node_id for t in kept if t.end in BAD_ENDS),
        bites=frozenset(t.node_id for t in kept if not _passes(t.node_id, raised)),
        guards=guards,
        others=others,
        unchanged=document.plain,
        notes=tuple(notes),
        calls=(*calls_in(world, document, site, kept), *calls_seen(again.calls)),
        recorded=again.calls,
        sources=sources_of(world, kept),
    )
    task = replace(task, tested=tested)
    return replace(task, visible=(*task.visible, _visible(kept))) if kept else task


def tested_like(was: Task, task: Task) -> Task:
    """The task of a text that was edited meanwhile, with the project's tests as they were found."""
    tests = tuple(one for one in was.visible if one.origin == TEST_ID)
    return replace(task, visible=(*task.visible, *tests), tested=was.tested)


@dataclass(frozen=True, kw_only=True)
class _Run:
    sandbox: Sandbox
    world: World
    document: Document
    site: FunctionSite
    task: Task
    group: str

    async def reach(self, files: TestFiles) -> tuple[Reach, tuple[str, ...]]:
        """Of the files that name the function; of all where neither those nor examples say what is
        wrong. And the files that are left.
        """
        reach = await self._reach(files.naming)
        is_enough = self.hits(reach) if self.task.is_stub else self._failing(reach)
        if is_enough or self.task.visible or not files.others:
            return reach, files.others
        return reach.plus(await self._reach(files.others)), ()

    async def _reach(self, names: Sequence[str]) -> Reach:
        code = self.document.plain
        return await reach_of(self.sandbox, self.world, code, names, group=self.group)

    def _failing(self, reach: Reach) -> list[TestSeen]:
        return [test for test in fit_to_count(self.hits(reach)) if test.end in BAD_ENDS]

    def hits(self, reach: Reach) -> tuple[TestSeen, ...]:
        """The tests that enter the function."""
        lines = frozenset((self.site.first_line + 1, self.site.def_line + 1))
        return reach.entering(self.world.path, lines, self.site.last_name)

    async def again_and_raising(self, names: Sequence[str]) -> tuple[Observation, Observation]:
        """In another order under another hash seed, calls recorded; and on a body that raises."""
        if not names:
            return Observation(outcome=Outcome.RETURNED), Observation(outcome=Outcome.RETURNED)
        form = ProjectTests(node_ids=tuple(names), each_cpu_s=EACH_CPU_S)
        raising = f"{head_of(self.task.statement)}    raise NotImplementedError\n"
        job = Job(code=self.document.plain, form=form, limits=PATIENCE, world=self.world)
        seen = replace(form, seed=PROOF_SEED, recorded=self.site.name)
        shuffled = replace(job, form=seen, hash_seed=PROOF_SEED)
        raises = replace(job, code=self.task.program(raising))
        again, raised = await self.sandbox.run([shuffled, raises], group=self.group)
        return again, raised


def fit_to_count(hits: Sequence[TestSeen]) -> list[TestSeen]:
    """Without what was skipped, or failed for want of something that the sandbox has not."""
    return _sorted_out(hits)[0]


def _sorted_out(hits: Sequence[TestSeen]) -> tuple[list[TestSeen], list[tuple[TestSeen, str]]]:
    """Those that can count, and the others with the reason."""
    reasons = [(test, unfit(test)) for test in hits]
    if any(t.end in BAD_ENDS and not why and not is_endless(t) for t, why in reasons):
        # Where others say what is wrong, one that takes long may just be slow.
        reasons = [(t, why or (SLOW if is_endless(t) else "")) for t, why in reasons]
    return [t for t, why in reasons if not why], [(t, why) for t, why in reasons if why]


def unfit(test: TestSeen) -> str:
    """Why a test says nothing about the code it enters; "" where it does."""
    if test.end is TestEnd.PASSED:
        return ""
    whole = _AT.sub("", " ".join(test.message.split()))
    said = whole[:120]
    # pytest names a fixture behind the signature of its test; what a test itself raises begins
    # with what it is, and may quote anything after that.
    searched = whole if test.end is TestEnd.ERROR else said
    if test.end is TestEnd.SKIPPED:
        return f"was skipped ({said})" if said else "was skipped"
    if test.end is TestEnd.MISSING_MODULE:
        return f"needs a module that is not installed ({said})"
    # What an assertion quotes is the function's own.
    is_claim = said.startswith(("assert", "AssertionError", "Failed"))
    return next((why for pattern, why in _NEEDS if not is_claim and pattern.search(searched)), "")


def _within_reason(able: Sequence[TestSeen]) -> list[TestSeen]:
    """What is run for each candidate: what fails first, then the quick ones. The rest guards."""
    order = sorted(able, key=lambda t: (t.end not in BAD_ENDS, _cost_s(t)))
    taken: set[str] = set()
    left_s = MOST_COUNTED_S
    for test in order:
        is_first = not taken
        if is_first or (len(taken) < MOST_COUNTED and _cost_s(test) <= left_s):
            taken.add(test.node_id)
            left_s -= _cost_s(test)
    return [test for test in able if test.node_id in taken]


def _cost_s(test: TestSeen) -> float:
    """Seconds; a test that did not end may well be quick once its function returns."""
    return 0.1 if is_endless(test) else test.duration_s


def is_endless(test: TestSeen) -> bool:
    """It was ended: its function may never return, or the test just takes long."""
    return test.end in BAD_ENDS and TOO_LONG in test.message


def _flips(test: TestSeen, again: Observation) -> bool:
    ends = {seen.node_id: seen.end for seen in again.tests}
    end = ends.get(test.node_id, test.end)
    return (end is TestEnd.PASSED) != (test.end is TestEnd.PASSED)


def _passes(node_id: str, seen: Observation) -> bool:
    return any(t.node_id == node_id and t.end is TestEnd.PASSED for t in seen.tests)


def _guards(reach: Reach, path: str, counted: set[str]) -> tuple[tuple[str, ...], int]:
    """Those that there is time for, and how many are not."""
    able = [
        test
        for test in reach.within(path)
        if test.end is TestEnd.PASSED and test.node_id not in counted
    ]
    taken = tuple(within(GUARDS_S, sorted(able, key=lambda test: test.duration_s)))
    return taken, len(able) - len(taken)


def _notes(reach: Reach, unfit: Sequence[tuple[TestSeen, str]]) -> Iterator[str]:
    """One for each reason, with the first tests that it holds for."""
    if reach.cut:
        yield reach.cut
    by_reason: dict[str, list[str]] = {}
    for test, why in unfit:
        by_reason.setdefault(why, []).append(test.node_id)
    for why, names in by_reason.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"left out: {names[0]}{more} {why}"


def _visible(kept: Sequence[TestSeen]) -> VisibleTest:
    total_s = sum(map(_cost_s, kept))
    limits = Limits(
        cpu_s=round(1.5 + 4 * total_s, 1),
        wall_s=round(10.0 + 10 * total_s, 1),
        memory_mb=MEMORY_MB,
        output_bytes=PATIENCE.output_bytes,
    )
    names = tuple(test.node_id for test in kept)
    test = Test(
        test_id=TEST_ID,
        form=ProjectTests(node_ids=names, each_cpu_s=EACH_CPU_S),
        expect=Completes(),
        limits=limits,
    )
    return VisibleTest(test=test, text="", origin=TEST_ID)

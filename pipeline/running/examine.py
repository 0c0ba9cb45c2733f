"""The examples of whole files, as their project runs them: who passes, who fails, who cannot run.

Functions that pass at a first look, in one process per file as doctest itself would do, are done;
each other one is run again in a process of its own, and only that counts against it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.core.inside import driver_world, inside
from pipeline.core.task import Loading, Task, n_passed, n_told
from pipeline.core.wording import printable
from pipeline.running.ready import LOAD_CPU_S, bad_example, cause
from pipeline.running.screen import driver, observed, payload
from pipeline.source.doctests import DoctestMalformed
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import FunctionSite, numbered_functions
from pipeline.syntax.text import Document
from pipeline.world.discover import Surroundings, surroundings_of
from pipeline.world.rules import loading_of
from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Call,
    Job,
    Limits,
    Observation,
    Sandbox,
    Verdict,
    World,
)
from sandbox.verdicts import judge

AT_A_TIME = 60
"""Functions per process."""
AT_ONCE = 8
"""Functions that run alone, before progress is told."""
TEST_CPU_S = 5.0
"""For one docstring, at the first look."""
PATIENT_CPU_S = 20.0
"""For one docstring, in a process of its own."""
MEMORY_MB = 256


class Outcomes(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    CANNOT_RUN = "cannot-run"
    NO_TESTS = "no-tests"


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What the examples of one function showed."""

    document: Document
    site: FunctionSite
    outcome: Outcomes
    detail: str = ""
    """Why it failed or cannot run, in one line."""
    verdicts: tuple[Verdict, ...] = ()

    @property
    def n_passed(self) -> int:
        return n_passed(self.verdicts)

    @property
    def n_examples(self) -> int:
        return n_told(self.verdicts)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A function with its examples, not yet run."""

    document: Document
    site: FunctionSite
    around: Surroundings
    task: Task


async def examine(
    sandbox: Sandbox,
    documents: Sequence[Document],
    *,
    interpreter: str | None = None,
    names: Sequence[str] = (),
    group: str = "",
    strict: bool = True,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Examined, ...]:
    """Every function of the documents, or those of these names, in order.

    With `strict` examples are what doctest makes of them; `on_done` is told how many of all
    functions are judged. Raises SourceSyntaxError.
    """
    found = [
        case
        for document in documents
        for case in _cases(document, interpreter, names, strict=strict)
    ]
    ended = [case for case in found if isinstance(case, Examined)]
    on_done(len(ended), len(found))
    for cases in _by_world([case for case in found if isinstance(case, _Case)]):
        box = inside(
            sandbox,
            Loading(world=driver_world(merged_worlds([case.around.world for case in cases]))),
        )
        async for examined in _examined(box, cases, group):
            ended.append(examined)
            on_done(len(ended), len(found))
    by_place = {(id(one.document), one.site.label): one for one in ended}
    return tuple(by_place[id(one.document), one.site.label] for one in found)


def _cases(
    document: Document, interpreter: str | None, names: Sequence[str], *, strict: bool
) -> Iterator[_Case | Examined]:
    sites = numbered_functions(document)
    wanted = [site for site in sites if not names or site.name in names or site.label in names]
    if not wanted:
        return
    source = document.to_bytes(document.text)
    around = surroundings_of(Path(document.path), source, interpreter=interpreter)
    loading = replace(loading_of(document, around), is_whole=True)
    for site in wanted:
        yield _case(document, site, around, loading, strict=strict)


def _case(
    document: Document, site: FunctionSite, around: Surroundings, loading: Loading, *, strict: bool
) -> _Case | Examined:
    """The function ready to be run, or its end where nothing has to."""
    try:
        task = task_from_file(document, site, loading=loading, strict=strict)
    except DoctestMalformed as exc:
        why = str(exc)
        return _ended(document, site, Outcomes.CANNOT_RUN, why)
    if not task.visible:
        return _ended(document, site, Outcomes.NO_TESTS)
    if why := bad_example(document, task):
        return _ended(document, site, Outcomes.CANNOT_RUN, why)
    return _Case(document=document, site=site, around=around, task=task)


def _ended(
    document: Document,
    site: FunctionSite,
    outcome: Outcomes,
    detail: str = "",
    verdicts: Sequence[Verdict] = (),
) -> Examined:
    said = printable(" ".join(detail.splitlines()))
    return Examined(
        document=document, site=site, outcome=outcome, detail=said, verdicts=tuple(verdicts)
    )


# --- one project ----------------------------------------------------------------------------------


def _by_world(cases: Sequence[_Case]) -> Iterator[list[_Case]]:
    """Cases that can share a sandbox's template."""
    groups: dict[tuple[object, ...], list[_Case]] = {}
    for case in cases:
        around = case.around
        key = (around.project.root, around.top, around.world.python, around.world.interpreter)
        groups.setdefault(key, []).append(case)
    yield from groups.values()


def merged_worlds(worlds: Sequence[World]) -> World:
    """One world with what all of them reach, each edited module as its document has it."""
    files: dict[str, bytes] = {}
    for world in worlds:
        files.update(world.files)
    for world in worlds:
        files[world.path] = world.files[world.path]
    site = {inside: path for world in worlds for inside, path in world.site.items()}
    return replace(
        worlds[0],
        files=files,
        site=site,
        roots=tuple(dict.fromkeys(root for world in worlds for root in world.roots)),
        preload=tuple(sorted({name for world in worlds for name in world.preload})),
    )


async def _examined(
    sandbox: Sandbox, cases: Sequence[_Case], group: str
) -> AsyncIterator[Examined]:
    """A first look in shared processes; whoever does not pass has one of its own."""
    again: list[_Case] = []
    for some in _batches(cases):
        job = _job(Batch(parts=tuple(_part(case, TEST_CPU_S) for case in some)), TEST_CPU_S)
        (seen,) = await sandbox.run([job], group=group)
        parts = seen.parts if len(seen.parts) == len(some) else (seen,) * len(some)
        for case, part in zip(some, parts, strict=True):
            examined = _judged(case, part)
            if examined.outcome is Outcomes.PASSED:
                yield examined
            else:
                again.append(case)
    jobs = [_job(_part(case, PATIENT_CPU_S), PATIENT_CPU_S) for case in again]
    for n in range(0, len(again), AT_ONCE):
        seen_alone = await sandbox.run(jobs[n : n + AT_ONCE], group=group)
        for case, part in zip(again[n : n + AT_ONCE], seen_alone, strict=True):
            yield _judged(case, part)


def _batches(cases: Sequence[_Case]) -> Iterator[Sequence[_Case]]:
    for n in range(0, len(cases), AT_A_TIME):
        yield cases[n : n + AT_A_TIME]


def _part(case: _Case, limit_s: float) -> Call:
    tests = [payload(test.form) for test in case.task.tests]
    return Call(entry="attempt_as_it_is", args=(case.around.world.module, tests, limit_s))


def _job(form: Batch | Call, limit_s: float) -> Job:
    limits = Limits(cpu_s=LOAD_CPU_S + 2 * limit_s, wall_s=4 * LOAD_CPU_S, memory_mb=MEMORY_MB)
    return Job(code=driver(), form=form, limits=limits)


def _judged(case: _Case, seen: Observation) -> Examined:
    if seen.outcome in BROKEN_MACHINERY:
        return _ended(case.document, case.site, Outcomes.CANNOT_RUN, seen.detail)
    match seen.value:
        case (float(), [("i", str(kind), str(message)), *_]):
            return _ended(case.document, case.site, Outcomes.CANNOT_RUN, _why(case, kind, message))
    verdicts = [
        judge(test, one)
        for test, one in zip(case.task.tests, observed(case.task.tests, seen), strict=True)
    ]
    failed = next((v for v in verdicts if not v.passed), None)
    if failed is None:
        return _ended(case.document, case.site, Outcomes.PASSED, "", verdicts)
    obstacle = _obstacle(case, failed)
    outcome = Outcomes.CANNOT_RUN if obstacle else Outcomes.FAILED
    return _ended(case.document, case.site, outcome, obstacle or failed.detail, verdicts)


def _why(case: _Case, kind: str, message: str) -> str:
    """Why its module cannot be imported."""
    said = printable(" ".join(f"{kind}: {message}".split()))[:300]
    default = f"{case.around.place.name} cannot be imported: {said}; mend that first"
    return cause(kind, message, case.around) or default


def _obstacle(case: _Case, failed: Verdict) -> str:
    """What the first exception says of the surroundings and not of the code; "" for nothing."""
    raised = (part.exception for part in failed.observation.parts if part.exception is not None)
    first = next(raised, None)
    return cause(first.type, first.message, case.around) if first else ""

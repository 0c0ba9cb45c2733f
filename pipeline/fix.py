"""From a project's failing tests to repairs: run its tests, rank functions, repair in that order.

A test is never edited. One that no repair turns is named, with what speaks for its being wrong.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.broken import Broken, failing_with
from pipeline.core.context import Settings
from pipeline.core.events import Emit, Progress, ignore
from pipeline.job import JobResult, run_job
from pipeline.models.api import PromptTooLong
from pipeline.running.counted import WhichTests
from pipeline.running.spectrum import Suspect, explained_by_others
from pipeline.source.locate import FunctionSite, numbered_functions
from pipeline.storage.foreign import foreign_bytes
from pipeline.syntax.text import Document, SourceError, document_from_bytes
from pipeline.wiring import Runtime
from sandbox.api import TestSeen

MOST_TRIED = 5
"""Functions that are tried in a row without a repair; the right one is rarely further down."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """When to stop before the next function."""

    total_s: float
    tokens: int
    """Generated ones."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One function that was tried."""

    suspect: Suspect
    path: Path
    result: JobResult
    turned: tuple[str, ...] = ()
    """Node ids that failed before and pass now."""


@dataclass(kw_only=True)
class FixReport:
    """What was done; filled while it is done."""

    broken: Broken
    attempts: list[Attempt] = field(default_factory=list)
    unfixed: dict[str, str] = field(default_factory=dict)
    """Node ids of tests that still fail, with what there is to say."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Functions that could not be tried to the end, with the reason."""
    stopped: str = ""
    """Why it ended before all suspects were tried; "" where it did not."""

    @property
    def n_tokens(self) -> int:
        ledgers = [one.result.solution.ledger for one in self.attempts]
        return sum(one.generated_tokens for one in ledgers if one)


async def attempts(
    runtime: Runtime,
    report: FixReport,
    settings: Settings,
    allowance: Allowance,
    *,
    emit: Emit = ignore,
    interpreter: str | None = None,
) -> AsyncGenerator[Attempt]:
    """Repair the functions that failing tests point at, each in the text that holds what was found
    before it in its file; `report` is filled. Nothing is written.

    Raises ModelError or SandboxError when the machinery breaks.
    """
    broken = report.broken
    left = {test.node_id: test for test in broken.aimed}
    texts: dict[Path, Document] = {}
    tried: set[Suspect] = set()
    explained = {one: explained_by_others(broken.suspects, one) for one in broken.suspects}
    began = time.monotonic()
    while suspect := _next(broken, left, explained, tried):
        left_s = allowance.total_s - (time.monotonic() - began)
        report.stopped = _why_stop(report, allowance, left_s, tried)
        if report.stopped:
            break
        tried.add(suspect)
        path = broken.files.around.top / suspect.entered.path
        found = _found(texts, path, suspect)
        if found is None:
            continue
        document, site = found
        within = replace(settings, timeout_s=min(settings.timeout_s, left_s))
        emit(Progress(message=f"repairing {site.name}"))
        tests = WhichTests(besides=explained[suspect])
        try:
            result = await run_job(
                runtime, document, site, within, emit=emit, interpreter=interpreter, tests=tests
            )
        except (PromptTooLong, SourceError) as exc:
            report.passed_over[site.name] = str(exc)
            continue
        attempt = _attempt(suspect, path, result)
        report.attempts.append(attempt)
        if result.solution.is_good and result.new_text is not None:
            texts[path] = replace(document, text=result.new_text)
            left = {name: test for name, test in left.items() if name not in attempt.turned}
        yield attempt
    if texts:
        emit(Progress(message="running all tests with what was found"))
        left = await failing_with(runtime.sandbox, broken, texts)
    report.unfixed = {name: _why_unfixed(report, test) for name, test in left.items()}


def _next(
    broken: Broken,
    left: Collection[str],
    explained: Mapping[Suspect, frozenset[str]],
    tried: Collection[Suspect],
) -> Suspect | None:
    """The most suspect function that a test which still fails speaks against."""
    return next(
        (
            one
            for one in broken.to_try
            if one not in tried and any(n in left for n in one.failing if n not in explained[one])
        ),
        None,
    )


def _why_stop(
    report: FixReport, allowance: Allowance, left_s: float, tried: Collection[Suspect]
) -> str:
    if left_s <= 0:
        return f"the {allowance.total_s:g} s for all functions are used up"
    if report.n_tokens >= allowance.tokens:
        return f"the {allowance.tokens} tokens for all functions are used up"
    in_a_row = 0
    for one in report.attempts:
        in_a_row = 0 if one.turned else in_a_row + 1
    return f"{in_a_row} functions in a row could not be repaired" if in_a_row >= MOST_TRIED else ""


def _found(
    texts: dict[Path, Document], path: Path, suspect: Suspect
) -> tuple[Document, FunctionSite] | None:
    """The function in its file as it is by now; None for a nested one, and for what went away."""
    try:
        before = document_from_bytes(foreign_bytes(path), _shown(path))
        lines = {s.first_line + 1: s for s in numbered_functions(before)}
        site = lines.get(suspect.entered.line)
        if site is None or site.owner == "function":
            return None
        document = texts.get(path, before)
        same = [s for s in numbered_functions(document) if s.label == site.label]
    except (OSError, SourceError):
        return None
    return (document, same[0]) if same else None


def _shown(path: Path) -> str:
    """As a person at this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if here in path.parents else path.as_posix()


def _attempt(suspect: Suspect, path: Path, result: JobResult) -> Attempt:
    tested = result.task.tested
    is_good = result.solution.is_good and tested is not None
    turned = tuple(sorted(tested.failed)) if is_good and tested else ()
    return Attempt(suspect=suspect, path=path, result=result, turned=turned)


def _why_unfixed(report: FixReport, test: TestSeen) -> str:
    if test.node_id not in {one.node_id for one in report.broken.failing}:
        return "it passed before, and fails with all repairs together"
    entered = [s for s in report.broken.suspects if test.node_id in s.failing]
    if not entered:
        return "it enters no function of the project: look at the test itself"
    tried = [a for a in report.attempts if a.suspect in entered]
    if len(tried) < len(entered) and report.stopped:
        return f"not tried to the end: {report.stopped}"
    doubted = [a.result for a in tried if (chosen := a.result.solution.chosen) and chosen.passes]
    if doubted:
        return f"a repair of {doubted[0].site.name} passes it, and is not called verified"
    names = ", ".join(a.result.site.name for a in tried[:3])
    if all(len(s.failing) == 1 and s.n_passing for s in entered):
        return (
            f"no repair of {names or 'its functions'} passes it with the others, and every other "
            "test of what it enters passes: the test itself may be wrong"
        )
    return f"no repair of {names or 'its functions'} was found"

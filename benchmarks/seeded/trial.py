"""Lets Atlas at planted bugs, and scores what it offers with the tests that it did not see."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.seeded.natively import run_tests
from benchmarks.seeded.packages import Package
from benchmarks.seeded.planting import Baseline, Planted, baseline, planted
from pipeline.broken import Aim, Broken, broken_by_tests
from pipeline.core.context import Settings
from pipeline.core.task import Solution
from pipeline.fix import Allowance, FixReport, attempts
from pipeline.job import JobResult, run_job
from pipeline.models.api import PromptTooLong
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.wiring import Runtime


@dataclass(frozen=True, kw_only=True)
class Score:
    """What came of one bug."""

    package: str
    function: str
    kind: str
    what: str
    n_failing: int
    n_hidden: int
    status: str
    is_right: bool = False
    """What was offered passes the hidden tests and all that passed in the package."""
    n_broken: int = 0
    """Tests that passed with the bug and fail with what was offered."""
    rank: int | None = None
    """Of the right function among the suspects, from 1; None where it is none of them."""
    seconds: float = 0.0
    tokens: int = 0
    why: str = ""
    """Of what is not verified: the first sentences of the evidence."""

    @property
    def is_verified(self) -> bool:
        return self.status == "verified"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one package is measured."""

    n: int
    seed: int
    stubs: bool
    fix: bool
    """Atlas is not told where the bug is."""
    settings: Settings


async def measured(
    runtime: Runtime, package: Package, plan: Plan, on_score: Callable[[Score], None]
) -> list[Score]:
    """A score for each of up to `plan.n` bugs."""
    before = baseline(package)
    _say(f"{package.wanted}: {len(before.passed)} tests pass, {before.n_flaky} flaky")
    scores = []
    for bug in islice(planted(package, before, plan.seed, stubs=plan.stubs), plan.n):
        try:
            score = await _scored(runtime, package, before, bug, plan)
        finally:
            package.restore()
        on_score(score)
        scores.append(score)
    return scores


async def _scored(
    runtime: Runtime, package: Package, before: Baseline, bug: Planted, plan: Plan
) -> Score:
    _plant(package, bug)
    broken = await broken_by_tests(runtime.sandbox, Aim(root=package.project))
    began = time.monotonic()
    offer = await (_fixed if plan.fix else _repaired)(runtime, package, bug, plan)
    seconds = time.monotonic() - began
    # Atlas is through: now the tests that it did not see come back.
    package.restore(keep=[bug.file])
    lost = bug.failing
    if offer.file is not None and offer.content is not None:
        offer.file.write_bytes(offer.content)
        lost = before.passed - run_tests(package).passed
    return Score(
        package=package.wanted,
        function=f"{bug.file.as_posix()}::{bug.name}",
        kind=bug.bug.kind,
        what=bug.bug.what,
        n_failing=len(bug.failing),
        n_hidden=len(bug.split.hidden),
        status=offer.status,
        is_right=not lost,
        n_broken=len(lost - bug.failing),
        rank=rank_of(broken, bug),
        seconds=round(seconds, 1),
        tokens=offer.tokens,
        why=offer.why,
    )


def _plant(package: Package, bug: Planted) -> None:
    source = document_from_bytes((package.pristine / bug.file).read_bytes())
    (package.project / bug.file).write_bytes(source.to_bytes(bug.bug.text))
    for file, text in bug.split.files:
        seen = document_from_bytes((package.pristine / file).read_bytes())
        (package.project / file).write_bytes(seen.to_bytes(text))


# --- what Atlas offers ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Offer:
    status: str
    file: Path | None = None
    content: bytes | None = None
    """Of the whole file, whatever the status."""
    tokens: int = 0
    why: str = ""


async def _repaired(runtime: Runtime, package: Package, bug: Planted, plan: Plan) -> Offer:
    document = _document(package.project / bug.file)
    site = find_function(document, bug.name)
    try:
        result = await run_job(runtime, document, site, plan.settings)
    except PromptTooLong as exc:
        return Offer(status="none", why=str(exc))
    return _offer(result, file=package.project / bug.file)


async def _fixed(runtime: Runtime, package: Package, bug: Planted, plan: Plan) -> Offer:
    aim = Aim(root=package.project)
    allowance = Allowance(
        total_s=3 * plan.settings.timeout_s, tokens=3 * plan.settings.token_budget
    )
    report = FixReport(broken=await broken_by_tests(runtime.sandbox, aim))
    async for _ in attempts(runtime, report, plan.settings, allowance):
        pass
    good = next((one for one in report.attempts if one.turned), None)
    if good is not None:
        return _offer(good.result, file=good.path, tokens=report.n_tokens)
    why = "; ".join(dict.fromkeys(report.unfixed.values()))[:300]
    return Offer(status="none", tokens=report.n_tokens, why=why)


def rank_of(broken: Broken, bug: Planted) -> int | None:
    places = [(one.entered.path, one.entered.line) for one in broken.suspects]
    wanted = (bug.file.as_posix(), bug.line)
    return places.index(wanted) + 1 if wanted in places else None


def _offer(result: JobResult, *, file: Path, tokens: int | None = None) -> Offer:
    solution = result.solution
    ledger = solution.ledger
    spent = ledger.generated_tokens if ledger else 0
    return Offer(
        status="already right" if solution.is_right_already else str(solution.status),
        file=file,
        content=None if result.new_text is None else result.document.to_bytes(result.new_text),
        tokens=spent if tokens is None else tokens,
        why=_why(solution),
    )


def _why(solution: Solution) -> str:
    return "" if solution.status == "verified" else " | ".join(solution.evidence[:6])[:600]


def _document(path: Path) -> Document:
    return document_from_bytes(path.read_bytes(), str(path))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

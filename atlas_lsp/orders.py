"""What the server has done elsewhere: one class for each kind of work, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from atlas_lsp.settings import ServerSettings
from pipeline.core.task import n_passed, n_told
from pipeline.syntax.text import Document

if TYPE_CHECKING:
    from pipeline.broken import Blamed
    from pipeline.core.events import Event
    from pipeline.core.task import Judged
    from pipeline.job import JobResult
    from pipeline.running.counted import WhichTests
    from pipeline.source.locate import FunctionSite
    from pipeline.testgen.proposal import TestProposal
    from pipeline.wiring import Runtime
    from sandbox.api import TestSeen, Verdict

T_co = TypeVar("T_co", covariant=True)
Emit = Callable[["Event"], None]
Opened = Callable[[ServerSettings], Awaitable["Runtime"]]
"""Gives model and sandbox that the settings ask for, opened by the first who needs them."""


class Order(Protocol[T_co]):
    """Work that is done elsewhere; `emit` and `keep_best` belong to whoever gives the order."""

    @property
    def settings(self) -> ServerSettings: ...

    @property
    def emit(self) -> Emit: ...

    @property
    def keep_best(self) -> asyncio.Event: ...

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> T_co:
        """Do it, with an `emit` and a `keep_best` of the loop on which it is done.

        Raises SourceError, ModelError or SandboxError with one line for the user.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """What every order says: on this very text, with these settings."""

    document: Document
    settings: ServerSettings
    emit: Emit = field(default=lambda _: None, repr=False)
    keep_best: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


@dataclass(frozen=True, kw_only=True)
class SolveOrder(Ordered):
    """Solve or repair the function `name`."""

    name: str
    besides: frozenset[str] = frozenset()
    """Tests that do not judge it: another function explains why they fail."""

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> JobResult:
        from pipeline.core.context import Settings
        from pipeline.job import run_job
        from pipeline.source.locate import find_function

        site, asked = find_function(self.document, self.name), self.settings
        up = await opened(asked)
        settings = Settings(k=asked.k, seed=asked.seed, timeout_s=asked.timeout, ask=True)
        return await run_job(
            up,
            self.document,
            site,
            settings,
            emit=emit,
            keep_best=keep_best,
            interpreter=asked.python or None,
            tests=replace(_tests_of(asked), besides=self.besides),
        )


@dataclass(frozen=True, kw_only=True)
class BlameOrder(Ordered):
    """Find the function that the failing test `name` speaks against most."""

    name: str

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> Blamed | str:
        from pipeline.broken import blamed_by
        from pipeline.core.events import Progress

        box = (await opened(self.settings)).sandbox
        emit(Progress(message="running the project's tests"))
        path, interpreter = Path(self.document.path), self.settings.python or None
        return await blamed_by(box, path, self.name, interpreter=interpreter)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """Generated tests, and the text and function that they were made for."""

    document: Document
    site: FunctionSite
    proposal: TestProposal


@dataclass(frozen=True, kw_only=True)
class TestsOrder(Ordered):
    """Make tests for the function `name`."""

    __test__ = False

    name: str

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> Proposed:
        from pipeline.core.context import Settings
        from pipeline.job import propose_tests
        from pipeline.source.locate import find_function

        site, asked = find_function(self.document, self.name), self.settings
        up = await opened(asked)
        settings = Settings(k=asked.k, seed=asked.seed, timeout_s=asked.timeout)
        proposal = await propose_tests(
            up,
            self.document,
            site,
            style=asked.tests,
            emit=emit,
            settings=settings,
            interpreter=asked.python or None,
        )
        return Proposed(document=self.document, site=site, proposal=proposal)


@dataclass(frozen=True, kw_only=True)
class VerifyOrder(Ordered):
    """Run the visible tests on the chosen candidate in another text of its file.

    None when it would be the very program that was proved, so that nothing had to run.
    """

    result: JobResult

    async def run(self, opened: Opened, emit: Emit, keep_best: asyncio.Event) -> Judged | None:
        from pipeline.core.context import Settings
        from pipeline.core.inside import inside
        from pipeline.running.counted import tested_like
        from pipeline.running.judge import judge_all
        from pipeline.running.ready import placed_task
        from pipeline.source.from_file import task_from_file
        from pipeline.source.locate import find_function

        chosen, was = self.result.solution.chosen, self.result.task
        if chosen is None:
            return None
        site = find_function(self.document, self.result.site.label)
        task = tested_like(was, task_from_file(self.document, site, loading=was.loading))
        is_the_same = (task.before, task.after, task.tests) == (was.before, was.after, was.tests)
        if is_the_same and not self.result.is_kept:
            return None
        up = await opened(self.settings)
        if self.result.is_kept:
            task = await placed_task(
                up.sandbox,
                self.document,
                site,
                interpreter=self.settings.python or None,
                tests=_tests_of(self.settings),
            )
        ctx = up.context(Settings(), group=task.task_id)
        ctx = replace(ctx, sandbox=inside(ctx.sandbox, task.loading))
        (judged,) = await judge_all(ctx, task, "verify", [chosen.candidate])
        return judged


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the examples of one function showed, and the project's tests of it."""

    name: str
    source_hash: str
    first_line: int
    """0-based line of the function in the text that was checked."""
    verdicts: tuple[Verdict, ...]
    tests: tuple[TestSeen, ...] = ()
    """Of the project, those that enter it."""

    @property
    def n_passed(self) -> int:
        """Examples and tests."""
        n_failed = len(self.failed_tests)
        return n_passed(self.verdicts) + len(self.tests) - n_failed

    @property
    def n_all(self) -> int:
        """Examples and tests."""
        return n_told(self.verdicts) + len(self.tests)

    @property
    def fails(self) -> bool:
        return bool(self.failures or self.failed_tests)

    @property
    def told(self) -> str:
        """`2 of 5 examples fail`, and where it has both kinds `2 of 5 examples and tests fail`."""
        kinds = [word for word, has in (("examples", self.verdicts), ("tests", self.tests)) if has]
        return f"{self.n_all - self.n_passed} of {self.n_all} {' and '.join(kinds)} fail"

    @property
    def failed_tests(self) -> tuple[TestSeen, ...]:
        return tuple(test for test in self.tests if test.end.value in ("failed", "error"))

    @property
    def failures(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.is_evidence and not v.passed)


@dataclass(frozen=True, kw_only=True)
class CheckOrder(Ordered):
    """Run the examples of the functions as they stand, and the project's tests that enter them;
    those with neither are left out.
    """

    names: tuple[str, ...]

    async def run(
        self, opened: Opened, emit: Emit, keep_best: asyncio.Event
    ) -> tuple[Checked, ...]:
        from pipeline.running.examine import examine
        from pipeline.running.module_tests import entering_tests, module_tests
        from pipeline.source.from_file import visible_tests
        from pipeline.source.locate import functions

        sites = [s for s in functions(self.document) if s.name in self.names and not s.is_stub]
        interpreter = self.settings.python or None
        tests = None
        if self.settings.project_tests and sites:
            tests = module_tests(self.document, interpreter=interpreter)
        has_examples = any(visible_tests(self.document, site) for site in sites)
        if not has_examples and tests is None:
            return ()
        box = (await opened(self.settings)).sandbox
        group = f"check:{self.document.path}"
        found = await examine(
            box,
            [self.document],
            names=self.names,
            interpreter=interpreter,
            group=group,
            strict=False,
        )
        entering = await entering_tests(box, tests, group=group) if tests else {}
        checked = (
            Checked(
                name=one.site.name,
                source_hash=one.site.source_hash,
                first_line=one.site.first_line,
                verdicts=one.verdicts if one.outcome != "cannot-run" else (),
                tests=entering.get(one.site.label, ()),
            )
            for one in found
            if not one.site.is_stub
        )
        return tuple(one for one in checked if one.verdicts or one.tests)


def _tests_of(settings: ServerSettings) -> WhichTests:
    from pipeline.running.counted import ALL_TESTS, NO_TESTS

    return ALL_TESTS if settings.project_tests else NO_TESTS

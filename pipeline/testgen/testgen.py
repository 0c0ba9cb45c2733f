"""Tests for a function that exists: what it does now, on the few calls that tell most mutants.

A test is offered only if the function passes it three times with different hash seeds and if it
kills a mutant that the tests before it let live. Where the function fails its own examples, or
self-tests that can be trusted disagree with it, nothing is pinned: the question is asked instead.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from pipeline.core.calls import source_of
from pipeline.core.context import Context
from pipeline.core.events import Progress
from pipeline.core.task import Task
from pipeline.edits.mutants import Mutant, Table, kill_table, mutants_of
from pipeline.inputs.callers import WrittenCall
from pipeline.inputs.constants import tables_of
from pipeline.inputs.target import NotCallable, Target, target_of
from pipeline.running.screen import can_screen
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import FunctionSite, find_function
from pipeline.syntax.text import Document, parse
from pipeline.testgen.cases import Case, Cases, cases_of
from pipeline.testgen.doctest_text import Named, examples_text, with_doctests
from pipeline.testgen.labels import labelled
from pipeline.testgen.plausible import plausible
from pipeline.testgen.proposal import (
    Disagreement,
    FileEdit,
    MutationScore,
    ProposedTest,
    TestProposal,
)
from pipeline.testgen.pytest_text import can_be_pytest, is_plain, seen_by_pytest, with_pytests
from pipeline.testgen.selftests import SelfTests, self_tests
from pipeline.testgen.spelling import Namespace
from pipeline.testgen.test_place import TestFile, has_tests, test_file_for
from pipeline.world.relations import calls_around
from sandbox.api import Call, Outcome, Returns, Test, Verdict
from sandbox.verdicts import brief, run_tests

Style = Literal["doctest", "pytest", "auto"]
MAX_TESTS = 8
FIRST_LOOK = 60
"""Cases that every mutant meets; those that live on meet the rest."""
HASH_SEEDS = (0, 1, 2)
ALIKE = 20
"""Characters that a reader is spared where a call differs from another in one argument."""


async def proposed(
    ctx: Context,
    document: Document,
    site: FunctionSite,
    task: Task,
    *,
    style: Style = "auto",
    max_tests: int = MAX_TESTS,
) -> TestProposal:
    """Tests for the function at `site`; the files are not written."""
    form = await asyncio.to_thread(_style, document, site, style)
    nothing = TestProposal(function=site.name, style=form)
    try:
        target = target_of(document, site)
    except NotCallable as exc:
        return replace(nothing, warnings=(str(exc),))
    if site.is_stub:
        return replace(nothing, warnings=(f"{site.name} has no body yet; `atlas solve` writes it",))
    doubts = await _doubts(ctx, task)
    if doubts:
        why = f"{site.name} fails its own examples; mend it, or them, before anything is pinned"
        return replace(nothing, questions=doubts, warnings=(why,))
    written = await asyncio.to_thread(calls_around, document, target)
    meant = target.raises | {one.raises for one in written if one.raises}
    target = replace(target, raises=meant)
    file = await asyncio.to_thread(_test_file, document) if form == "pytest" else None
    return await _Work(ctx, document, site, task, target, written, file, max_tests).done()


def _test_file(document: Document) -> TestFile:
    return test_file_for(Path(document.path))


def _style(document: Document, site: FunctionSite, style: Style) -> Literal["doctest", "pytest"]:
    """Doctests where the function has some, or where there is no place for tests."""
    if style != "auto":
        return style
    if ">>>" in (site.docstring or "") or not document.path:
        return "doctest"
    return "pytest" if has_tests(Path(document.path)) else "doctest"


async def _doubts(ctx: Context, task: Task) -> tuple[Disagreement, ...]:
    """The visible tests that the function fails."""
    tests = task.examples
    verdicts = await run_tests(ctx.sandbox, task.program(task.statement), tests, group=ctx.group)
    return tuple(
        _question(test, verdict)
        for test, verdict in zip(tests, verdicts, strict=True)
        if verdict.is_evidence and not verdict.passed
    )


def _question(test: Test, verdict: Verdict) -> Disagreement:
    """Both values, where the example is one call; else what went wrong, in the sandbox's words."""
    if isinstance(test.form, Call) and isinstance(test.expect, Returns):
        gives, other = _shown(verdict), brief(test.expect.value)
        return Disagreement(
            call=source_of(test.form), gives=gives, other=other, asked_by="the example"
        )
    call, _, rest = verdict.detail.partition(" gave ")
    gives, _, other = rest.partition(", expected ")
    if not other:
        call, _, gives = verdict.detail[1:].partition("` ")
        other = "something else"
    return Disagreement(call=call.strip("`"), gives=gives, other=other, asked_by="the example")


def _shown(verdict: Verdict) -> str:
    seen = verdict.observation
    if seen.outcome is Outcome.RETURNED:
        return brief(seen.value)
    return f"a {seen.exception.type}" if seen.exception else str(seen.outcome)


@dataclass(frozen=True)
class _Work:
    """One proposal on its way."""

    ctx: Context
    document: Document
    site: FunctionSite
    task: Task
    target: Target
    written: tuple[WrittenCall, ...]
    """Calls of it that stand in the project."""
    file: TestFile | None
    """Where the tests go; None for the docstring."""
    max_tests: int

    @property
    def form(self) -> Literal["doctest", "pytest"]:
        return "pytest" if self.file else "doctest"

    @cached_property
    def words(self) -> Namespace:
        there = self.file.document if self.file else None
        module = self.file.module if self.file else ""
        return Namespace.of(module, self.document.tree, there.tree if there else None)

    async def done(self) -> TestProposal:
        self.ctx.emit(Progress(message="tests: looking at what the function does"))
        code = self.task.statement
        cases, own = await asyncio.gather(
            cases_of(
                self.ctx.sandbox,
                self.task,
                self.target,
                code,
                written=self.written,
                seed=self.ctx.settings.seed,
                group=self.ctx.group,
            ),
            self._self_tests(),
        )
        good = plausible(self.task, cases.good)
        if self.form == "pytest":
            good = tuple(case for case in good if can_be_pytest(case, self.words))
            good = await self._equal_to_itself(good)
        questions = await self._disagreements(own)
        asked = {question.call for question in questions}
        good = tuple(case for case in good if self.target.source(case.call) not in asked)
        warnings = _about_accidents(cases)
        if not good:
            return self._nothing(questions, (*_why_nothing(self.site, cases), *warnings))
        return await self._chosen(good, questions, warnings)

    async def _equal_to_itself(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Without those whose value is not equal to what its `repr` says."""
        unsure = [case for case in cases if not is_plain(case)]
        verdicts = await self._run([self._test(case) for case in unsure], HASH_SEEDS[0])
        bad = {case.lines for case, v in zip(unsure, verdicts, strict=True) if not v.passed}
        return tuple(case for case in cases if case.lines not in bad)

    async def _self_tests(self) -> SelfTests:
        if not self.ctx.settings.self_tests:
            return SelfTests()
        return await self_tests(self.ctx, self.task)

    async def _disagreements(self, own: SelfTests) -> tuple[Disagreement, ...]:
        """Self-tests that can be trusted and that the function does not agree with."""
        program = self.task.program(self.task.statement)
        tests = [test.test for test in own.tests]
        verdicts = await run_tests(self.ctx.sandbox, program, tests, group=self.ctx.group)
        return tuple(
            Disagreement(
                call=made.source,
                gives=_shown(verdict),
                other=repr(made.value),
                asked_by=f"the model (reliability {made.r:.0%})",
            )
            for made, verdict in zip(own.tests, verdicts, strict=True)
            if verdict.is_evidence and not verdict.passed
        )

    def _nothing(
        self, questions: tuple[Disagreement, ...], warnings: tuple[str, ...]
    ) -> TestProposal:
        return TestProposal(
            function=self.site.name, style=self.form, questions=questions, warnings=warnings
        )

    async def _chosen(
        self, good: Sequence[Case], questions: tuple[Disagreement, ...], warnings: tuple[str, ...]
    ) -> TestProposal:
        self.ctx.emit(Progress(message="tests: trying them on mutants"))
        there = [test for test in self.task.examples if can_screen(test)]
        table = await self._table(there, good)
        n_there = len(there)
        picked = await self._steady(table, n_there, good)
        old = table.killed(range(n_there))
        new = table.killed([*range(n_there), *(n_there + i for i in picked)])
        total = sum(1 for by in table.killed_by if by)
        before = MutationScore(killed=len(old), total=total)
        if not picked:
            why = "no call was found that tells another mutant from the function"
            nothing = self._nothing(questions, (why, *warnings))
            return replace(nothing, before=before, after=before)
        labels = labelled(
            [good[i] for i in picked], self.target, self.task.statement, self._texts()
        )
        named = [Named(label=label, case=good[i]) for label, i in zip(labels, picked, strict=True)]
        edits, problems = await self._edits(named)
        return TestProposal(
            function=self.site.name,
            style=self.form,
            edits=edits,
            tests=_described(table, n_there, picked, named) if edits else (),
            before=before,
            after=MutationScore(killed=len(new), total=total) if edits else before,
            questions=questions,
            warnings=(*problems, *warnings),
        )

    def _texts(self) -> frozenset[str]:
        """Strings of the tables that the function reads."""
        module = parse(self.task.program(self.task.statement))
        node = parse(self.task.statement)
        if module is None or node is None:
            return frozenset()
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        tables = tables_of(module, node)
        return frozenset(
            value for name in names for value in tables.get(name, ()) if isinstance(value, str)
        )

    async def _table(self, there: Sequence[Test], good: Sequence[Case]) -> Table:
        """Which test notices which mutant: the tests that are there first, then the cases."""
        mutants = mutants_of(self.task.statement, seed=self.ctx.settings.seed)
        first = [*there, *map(self._test, good[:FIRST_LOOK])]
        table = await self._kills(mutants, first)
        rest = [*map(self._test, good[FIRST_LOOK:])]
        alive = [i for i, by in enumerate(table.killed_by) if len(by) < 3]
        if not rest or not alive:
            return table
        more = await self._kills([table.mutants[i] for i in alive], rest)
        return _joined(table, more, len(first))

    def _test(self, case: Case) -> Test:
        return seen_by_pytest(case, self.words) if self.form == "pytest" else case.test

    async def _kills(self, mutants: Sequence[Mutant], tests: Sequence[Test]) -> Table:
        return await kill_table(self.ctx.sandbox, self.task, mutants, tests, group=self.ctx.group)

    async def _steady(self, table: Table, n_there: int, good: Sequence[Case]) -> tuple[int, ...]:
        """The greedy choice among cases that do the same three times, in processes of their own."""
        shaky: set[int] = set()
        passed: dict[int, set[int]] = {seed: set() for seed in HASH_SEEDS}
        while True:
            picked = greedy(table, n_there, good, self.max_tests, without=shaky)
            seed = next((s for s in HASH_SEEDS if not passed[s].issuperset(picked)), None)
            if seed is None:
                return picked
            unsure = [i for i in picked if i not in passed[seed]]
            tests = [self._test(good[i]) for i in unsure]
            for i, verdict in zip(unsure, await self._run(tests, seed), strict=True):
                (passed[seed] if verdict.passed else shaky).add(i)

    async def _run(self, tests: Sequence[Test], hash_seed: int) -> tuple[Verdict, ...]:
        program = self.task.program(self.task.statement)
        return await run_tests(
            self.ctx.sandbox, program, tests, hash_seed=hash_seed, group=self.ctx.group
        )

    async def _edits(self, named: Sequence[Named]) -> tuple[tuple[FileEdit, ...], tuple[str, ...]]:
        if self.file is not None:
            file = self.file
            old = file.document.text if file.document else None
            new = with_pytests(file, self.target, named, self.words)
            encoding = file.document.encoding if file.document else "utf-8"
            path = file.path.as_posix()
            return (FileEdit(path=path, old_text=old, new_text=new, encoding=encoding),), ()
        text = with_doctests(self.document, self.site, named)
        if text is None:
            return (), ("the docstring is joined from several strings; make it one string first",)
        problem = await self._problem(text, len(named))
        if problem:
            return (), (problem,)
        edit = FileEdit(
            path=self.document.path,
            old_text=self.document.text,
            new_text=text,
            encoding=self.document.encoding,
        )
        return (edit,), ()

    async def _problem(self, text: str, n_new: int) -> str:
        """Why the docstring as a whole does not pass; empty when it does."""
        document = replace(self.document, text=text)
        task = task_from_file(
            document, find_function(document, self.site.label), loading=self.task.loading
        )
        verdicts = await run_tests(
            self.ctx.sandbox, task.program(task.statement), task.tests, group=self.ctx.group
        )
        failed = next((v for v in verdicts if not v.passed), None)
        if failed is not None:
            return f"the new docstring would not pass: {failed.detail}"
        if sum(v.n_examples for v in verdicts) < n_new:
            return "the new examples would not be found by doctest"
        return ""


def greedy(
    table: Table,
    n_there: int,
    good: Sequence[Case],
    max_tests: int,
    *,
    without: set[int] | frozenset[int] = frozenset(),
) -> tuple[int, ...]:
    """Indices of cases, each of which kills a mutant that those before it let live."""
    alive = set(range(len(table.mutants))) - table.killed(range(n_there))
    kills: list[set[int]] = [set() for _ in good]
    for mutant, by in enumerate(table.killed_by):
        for test in by:
            if test >= n_there:
                kills[test - n_there].add(mutant)
    picked: list[int] = []
    while alive and len(picked) < max_tests:
        chosen = [good[i] for i in picked]
        gains = [
            (len(kills[i] & alive) / (60 + case.cost - ALIKE * _is_alike(case, chosen)), -i)
            for i, case in enumerate(good)
            if i not in without and kills[i] & alive
        ]
        if not gains:
            break
        _, index = max(gains)
        picked.append(-index)
        alive -= kills[-index]
    return tuple(picked)


def _is_alike(case: Case, chosen: Sequence[Case]) -> bool:
    """Whether it differs from one of them in one argument: what that one shows is seen at once."""
    args = case.call.args
    return len(args) > 1 and any(
        len(one.call.args) == len(args)
        and one.call.kwargs == case.call.kwargs
        and sum(a == b for a, b in zip(one.call.args, args, strict=True)) == len(args) - 1
        for one in chosen
    )


def _joined(table: Table, more: Table, n_first: int) -> Table:
    found = {m.code: by for m, by in zip(more.mutants, more.killed_by, strict=True)}
    return Table(
        mutants=table.mutants,
        killed_by=tuple(
            by | {n_first + i for i in found.get(mutant.code, ())}
            for mutant, by in zip(table.mutants, table.killed_by, strict=True)
        ),
    )


def _described(
    table: Table, n_there: int, picked: Sequence[int], named: Sequence[Named]
) -> tuple[ProposedTest, ...]:
    tests, known = [], table.killed(range(n_there))
    for index, one in zip(picked, named, strict=True):
        now = table.killed([n_there + index]) - known
        known |= now
        words = tuple(table.mutants[i].what for i in sorted(now))
        tests.append(ProposedTest(name=one.label, source=examples_text([one]), kills=words))
    return tuple(tests)


def _about_accidents(cases: Cases) -> tuple[str, ...]:
    """The shortest call that raises what the code does not name; no test pins that."""
    # Of a wrong kind, or of a size that only a search for inputs tries.
    usual = ("TypeError", "AttributeError", "MemoryError")
    serious = [case for case in cases.accidents if case.raised not in usual]
    by_kind: dict[str, Case] = {}
    for case in sorted(serious, key=lambda case: case.cost):
        by_kind.setdefault(case.raised, case)
    return tuple(
        f"{case.lines[-1]} raises {case.raised}: is that meant? no test pins it"
        for case in list(by_kind.values())[:2]
    )


def _why_nothing(site: FunctionSite, cases: Cases) -> tuple[str, ...]:
    if cases.accidents:
        n = len(cases.accidents)
        why = (
            f"{n} calls that were tried raise, and no other has a short result that can be compared"
        )
        return (f"{why}; add an example to the docstring",)
    return (f"no short call of {site.name} with a short result was found; add an example",)

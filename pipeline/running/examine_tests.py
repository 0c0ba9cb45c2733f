"""The project's tests of whole files, beside their examples: one run for each project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.reach import Reach
from pipeline.running.counted import ALL_TESTS, SLOW, TEST_ID, WhichTests, fit_to_count, is_endless
from pipeline.running.examine import Examined, Outcomes, merged_worlds
from pipeline.running.reaching import reach_of
from pipeline.source.locate import numbered_functions
from pipeline.syntax.text import Document
from pipeline.world.discover import surroundings_of
from pipeline.world.tested_by import TestFiles, files_that_test
from sandbox.api import (
    Completes,
    Observation,
    Outcome,
    ProjectTests,
    Sandbox,
    Test,
    TestEnd,
    TestSeen,
)
from sandbox.verdicts import judge


async def with_tests(
    sandbox: Sandbox,
    found: Sequence[Examined],
    *,
    tests: WhichTests = ALL_TESTS,
    interpreter: str | None = None,
    group: str = "",
) -> tuple[Examined, ...]:
    """What was examined, with the project's tests that reach each function counted as well.

    Tests that are skipped, or fail for want of a network and the like, count for nothing.
    """
    documents = list({id(one.document): one.document for one in found}.values())
    tested = [one for document in documents for one in _tested(document, tests, interpreter)]
    by_document: dict[int, tuple[str, Reach]] = {}
    for some in _by_project(tested):
        world = merged_worlds([one.files.around.world for one in some])
        names = tuple(dict.fromkeys(name for one in some for name in one.files.naming))
        code = some[0].document.plain
        reach = await reach_of(sandbox, world, code, names, group=group)
        by_document.update({id(one.document): (one.inside, reach) for one in some})
    return tuple(_counted(one, *by_document.get(id(one.document), ("", Reach()))) for one in found)


@dataclass(frozen=True, kw_only=True)
class _Tested:
    document: Document
    files: TestFiles

    @property
    def inside(self) -> str:
        return self.files.around.world.path


def _tested(document: Document, tests: WhichTests, interpreter: str | None) -> Iterator[_Tested]:
    """The document with its test files, where there are some that can run."""
    if tests.none or not document.path:
        return
    source = document.to_bytes(document.text)
    around = surroundings_of(Path(document.path), source, interpreter=interpreter)
    names = [part for site in numbered_functions(document) for part in site.name.split(".")]
    names = [name for name in dict.fromkeys(names) if not name.startswith("__")]
    if names:
        files = files_that_test(around, source, names, only=tests.only, interpreter=interpreter)
        if files.naming and not files.problem:
            yield _Tested(document=document, files=files)


def _by_project(tested: Sequence[_Tested]) -> Iterator[list[_Tested]]:
    groups: dict[tuple[object, ...], list[_Tested]] = {}
    for one in tested:
        around = one.files.around
        key = (around.project.root, around.top, around.world.python, around.world.interpreter)
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def _counted(one: Examined, inside: str, reach: Reach) -> Examined:
    """With a verdict more where tests reach the function; what fails first is an example."""
    able, slow = _able(one, inside, reach)
    left_out = f"left out: {slow[0].node_id} {SLOW}" if slow else ""
    if one.site.is_stub or one.outcome is Outcomes.CANNOT_RUN:
        return one
    if not able:
        return replace(one, detail=one.detail or left_out)
    form = ProjectTests(node_ids=tuple(test.node_id for test in able))
    test = Test(test_id=TEST_ID, form=form, expect=Completes())
    verdict = judge(test, Observation(outcome=Outcome.RETURNED, tests=tuple(able)))
    is_good = verdict.passed and one.outcome is not Outcomes.FAILED
    return replace(
        one,
        outcome=Outcomes.PASSED if is_good else Outcomes.FAILED,
        detail=one.detail or verdict.detail or left_out,
        verdicts=(*one.verdicts, verdict),
    )


def _able(one: Examined, inside: str, reach: Reach) -> tuple[list[TestSeen], list[TestSeen]]:
    """The tests that judge it, and those that had to be ended though the function does return:
    they may just take long.
    """
    lines = frozenset((one.site.first_line + 1, one.site.def_line + 1))
    able = fit_to_count(reach.entering(inside, lines, one.site.last_name))
    ended = [test for test in able if not is_endless(test)]
    if one.outcome is Outcomes.PASSED or any(test.end is TestEnd.PASSED for test in ended):
        return ended, [test for test in able if is_endless(test)]
    return able, []

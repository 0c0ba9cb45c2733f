"""The project's tests of one module on its text as it stands: how they end, by function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.reach import BAD_ENDS, Reach
from pipeline.running.counted import unfit
from pipeline.running.reaching import reach_of
from pipeline.source.locate import FunctionSite, numbered_functions
from pipeline.syntax.text import Document
from pipeline.world.discover import surroundings_of
from pipeline.world.tested_by import TestFiles, files_that_test
from sandbox.api import Entered, Sandbox, TestSeen


@dataclass(frozen=True, kw_only=True)
class ModuleTests:
    """A module and the project's test files that lead to it."""

    document: Document
    sites: tuple[FunctionSite, ...]
    files: TestFiles


def module_tests(document: Document, *, interpreter: str | None = None) -> ModuleTests | None:
    """Found by reading files; None where no test that can be run leads to the module.

    Raises SourceSyntaxError.
    """
    sites = tuple(site for site in numbered_functions(document) if not site.is_stub)
    if not sites or not document.path:
        return None
    source = document.to_bytes(document.text)
    around = surroundings_of(Path(document.path), source, interpreter=interpreter)
    names = tuple(dict.fromkeys(site.last_name for site in sites))
    files = files_that_test(around, source, names, interpreter=interpreter)
    if files.problem or not files.all:
        return None
    return ModuleTests(document=document, sites=sites, files=files)


async def entering_tests(
    sandbox: Sandbox, tests: ModuleTests, *, group: str
) -> Mapping[str, tuple[TestSeen, ...]]:
    """By label, the tests that enter a function and can count.

    A failing one counts only for the functions of the module that it speaks against most, for it
    enters many. Kept by content: the same again runs nothing.
    """
    world = tests.files.around.world
    code, names = tests.document.plain, tests.files.all
    reach = await reach_of(sandbox, world, code, names, group=group)
    able = Reach(tests=tuple(test for test in reach.tests if not unfit(test)))
    entries = {site.label: _entries(site, world.path) for site in tests.sites}
    scores = {label: _suspicion(able, entered) for label, entered in entries.items()}
    found: dict[str, tuple[TestSeen, ...]] = {}
    for label, entered in entries.items():
        found[label] = tuple(
            test
            for test in able.tests
            if entered & test.entered
            and (test.end not in BAD_ENDS or scores[label] == _most(test, entries, scores))
        )
    return found


def _entries(site: FunctionSite, path: str) -> frozenset[Entered]:
    """How a trace may call the function: by its first line, or that of its `def`."""
    lines = {site.first_line + 1, site.def_line + 1}
    return frozenset(Entered(path=path, line=line, name=site.last_name) for line in lines)


def _suspicion(able: Reach, entered: frozenset[Entered]) -> float:
    """Ochiai (Abreu et al. 2006): failed(f) / sqrt(failed * (failed(f) + passed(f)))."""
    n_failing = sum(test.end in BAD_ENDS for test in able.tests)
    here = [test for test in able.tests if entered & test.entered]
    n_failed = sum(test.end in BAD_ENDS for test in here)
    return n_failed / math.sqrt(n_failing * len(here)) if n_failed else 0.0


def _most(
    test: TestSeen, entries: Mapping[str, frozenset[Entered]], scores: Mapping[str, float]
) -> float:
    return max(scores[label] for label, entered in entries.items() if entered & test.entered)

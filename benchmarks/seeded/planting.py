"""Chooses functions that the tests reach, and a bug for each that makes some of them fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.seeded.bugs import Bug, bugs_of, stubbed
from benchmarks.seeded.hiding import Split, split
from benchmarks.seeded.natively import AtLine, Ran, run_tests
from benchmarks.seeded.packages import NotUsable, Package
from pipeline.source.locate import FunctionSite, numbered_functions
from pipeline.syntax.text import Document, SourceError, document_from_bytes

TRIES = 8
"""Bugs that are tried in a function before it is left."""
HANG_S = 20.0
"""A bug whose tests take so much longer than before is none that tests show in seconds."""
MOST_IDS = 400
"""Test functions on one command line; a function that more reach is tried with the whole suite."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A bug in its place, and the tests that show it."""

    file: Path
    """Relative to the project."""
    name: str
    line: int
    """1-based, of the function's first decorator or `def`."""
    bug: Bug
    split: Split

    @property
    def failing(self) -> frozenset[str]:
        return frozenset((*self.split.hidden, *self.split.visible))


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the tests of the package do before anything is planted."""

    passed: frozenset[str]
    """In two runs."""
    n_flaky: int
    reached: dict[AtLine, frozenset[str]]
    """Functions of the package, and the passing tests that enter each."""
    suite_s: float


def baseline(package: Package) -> Baseline:
    """Raises NotUsable where no test passes."""
    import time

    traced = run_tests(package, trace=True)
    began = time.monotonic()
    again = run_tests(package)
    suite_s = time.monotonic() - began
    passed = traced.passed & again.passed
    if not passed or not (traced.is_whole and again.is_whole):
        raise NotUsable(f"{package.wanted}: {len(passed)} tests pass, within the time limit")
    reached: dict[AtLine, set[str]] = {}
    for test in passed:
        for place in traced.entered[test]:
            reached.setdefault(place, set()).add(test)
    sources = {path.as_posix() for path in package.sources()}
    return Baseline(
        passed=passed,
        n_flaky=len(traced.passed ^ again.passed),
        reached={at: frozenset(by) for at, by in reached.items() if at[0] in sources},
        suite_s=suite_s,
    )


def planted(package: Package, before: Baseline, seed: int, *, stubs: bool) -> Iterator[Planted]:
    """One bug for each function that takes one, functions in random order; the project is left as
    it was distributed.
    """
    found = list(_functions(package, before))
    Random(seed).shuffle(found)
    for document, site, tests in found:
        # A function's bugs do not depend on which others were tried before it.
        key = f"{seed} {document.path} {site.label}"
        rng = Random(hashlib.sha256(key.encode()).digest())
        bug = _first(package, before, document, site, tests, rng, stubs=stubs)
        package.restore()
        if bug is not None:
            yield bug


def _functions(
    package: Package, before: Baseline
) -> Iterator[tuple[Document, FunctionSite, frozenset[str]]]:
    for file in sorted({Path(path) for path, _ in before.reached}):
        try:
            document = document_from_bytes((package.pristine / file).read_bytes(), str(file))
            sites = numbered_functions(document)
        except SourceError:
            continue
        for site in sites:
            tests = before.reached.get((file.as_posix(), site.first_line + 1), frozenset())
            if len({test.partition("[")[0] for test in tests}) >= 2 and _is_wanted(site):
                yield document, site, tests


def _is_wanted(site: FunctionSite) -> bool:
    return site.owner != "function" and not site.is_stub and site.number == 1


def _first(
    package: Package,
    before: Baseline,
    document: Document,
    site: FunctionSite,
    tests: frozenset[str],
    rng: Random,
    *,
    stubs: bool,
) -> Planted | None:
    """The first bug that two test functions show."""
    stub = stubbed(document, site) if stubs else None
    bugs = iter([stub] if stub else []) if stubs else bugs_of(document, site, rng)
    file = Path(document.path)
    for bug in islice(bugs, TRIES):
        (package.project / file).write_bytes(document.to_bytes(bug.text))
        failing = _failing(_shown(package, before, tests), tests)
        parts = split(package.project, sorted(failing), rng) if failing else None
        if parts is not None:
            return Planted(
                file=file, name=site.label, line=site.first_line + 1, bug=bug, split=parts
            )
    return None


def _shown(package: Package, before: Baseline, tests: frozenset[str]) -> Ran:
    names = sorted({test.partition("[")[0] for test in tests})
    limit_s = HANG_S + 3 * before.suite_s
    return run_tests(package, names if len(names) <= MOST_IDS else (), limit_s=limit_s)


def _failing(seen: Ran, tests: frozenset[str]) -> frozenset[str]:
    """Those that fail by it; none where the module cannot be loaded any more, or hangs."""
    if not seen.is_loaded:
        return frozenset()
    return frozenset(test for test in tests if seen.ends.get(test) in ("failed", "error"))

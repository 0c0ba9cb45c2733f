"""What a project's tests say of it as it stands: which fail, and which functions are suspected."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.reach import BAD_ENDS, Reach
from pipeline.running.counted import unfit
from pipeline.running.reaching import PATIENCE, reach_of
from pipeline.running.spectrum import Suspect, explained_by_others, suspects
from pipeline.source.locate import numbered_functions
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.world.project import absolute, project_of
from pipeline.world.tested_by import TestFiles, every_test
from sandbox.api import Limits, Sandbox, TestEnd, TestSeen

SUITE = Limits(
    cpu_s=300.0,
    wall_s=900.0,
    memory_mb=1024,
    output_bytes=PATIENCE.output_bytes,
    result_bytes=PATIENCE.result_bytes,
)
"""For all tests of a project."""


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What is to be mended."""

    root: Path
    """Of the project."""
    tests: tuple[str, ...] = ()
    """Node ids, test files and folders, relative to the root; () takes every failing test."""
    sources: tuple[Path, ...] = ()
    """Only functions in these files and folders are suspected; () takes all of the project."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """What the tests say of a project as it stands."""

    files: TestFiles
    reach: Reach
    failing: tuple[TestSeen, ...] = ()
    """All of them, so that each speaks against its own function."""
    aimed: tuple[TestSeen, ...] = ()
    """Of those, the ones that are to be turned."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Failing tests that say nothing of the code, by node id, with the reason."""
    suspects: tuple[Suspect, ...] = ()
    to_try: tuple[Suspect, ...] = ()
    """Of those, the ones in the sources of the aim."""

    @property
    def obstacle(self) -> str:
        """Why no test could be run, with the mend; "" where one could."""
        if self.files.problem:
            return self.files.problem
        return "" if self.reach.tests else self.reach.cut or "the project has no pytest tests"


async def broken_by_tests(
    sandbox: Sandbox, aim: Aim, *, interpreter: str | None = None, group: str = "fix"
) -> Broken:
    """Run the project's tests once, traced, and rank the functions that the failing ones enter.

    All run, whatever the aim is: the passing ones say which functions are right.
    """
    files = every_test(aim.root, interpreter=interpreter)
    if files.problem or not files.all:
        return Broken(files=files, reach=Reach())
    reach = await reach_of(sandbox, files.around.world, "", files.all, group=group, limits=SUITE)
    bad = [test for test in reach.tests if test.end in BAD_ENDS]
    failing = tuple(test for test in bad if not unfit(test))
    passing = [test for test in reach.tests if test.end is TestEnd.PASSED]
    found = suspects(failing, passing, frozenset(_sources(files)))
    return Broken(
        files=files,
        reach=reach,
        failing=failing,
        aimed=tuple(test for test in failing if is_aimed_at(test.node_id, aim.tests)),
        left_out=tuple((test.node_id, why) for test in bad if (why := unfit(test))),
        suspects=found,
        to_try=tuple(one for one in found if _is_in(files.around.top / one.entered.path, aim)),
    )


@dataclass(frozen=True, kw_only=True)
class Blamed:
    """The function that a failing test speaks against most."""

    path: Path
    label: str
    besides: frozenset[str]
    """Failing tests that enter it, and that another function explains."""


async def blamed_by(
    sandbox: Sandbox, path: Path, test: str, *, interpreter: str | None = None
) -> Blamed | str:
    """By the test of that dotted name in the file, as it is saved; else why there is none."""
    root = project_of(path).root
    node_id = "::".join((absolute(path).relative_to(root).as_posix(), *test.split(".")))
    aim = Aim(root=root, tests=(node_id,))
    broken = await broken_by_tests(sandbox, aim, interpreter=interpreter)
    if broken.obstacle:
        return broken.obstacle
    if not broken.aimed:
        return _why_not_aimed(broken, node_id)
    aimed = {one.node_id for one in broken.aimed}
    for suspect in broken.to_try:
        if aimed & set(suspect.failing):
            source = broken.files.around.top / suspect.entered.path
            document = document_from_bytes(source.read_bytes(), str(source))
            for site in numbered_functions(document):
                if site.first_line + 1 == suspect.entered.line and site.owner != "function":
                    besides = explained_by_others(broken.suspects, suspect) - aimed
                    return Blamed(path=source, label=site.label, besides=besides)
    return f"{node_id} fails, and enters no function of the project: look at the test itself"


def _why_not_aimed(broken: Broken, node_id: str) -> str:
    for name, why in broken.left_out:
        if is_aimed_at(name, (node_id,)):
            return f"{name} {why}"
    if any(is_aimed_at(test.node_id, (node_id,)) for test in broken.reach.tests):
        return f"{node_id} passes, so there is nothing to repair"
    return broken.reach.cut or f"{node_id} was not run: pytest does not find it in the saved file"


async def failing_with(
    sandbox: Sandbox, broken: Broken, texts: Mapping[Path, Document]
) -> dict[str, TestSeen]:
    """The tests that do not pass with all repairs together, and did or were to."""
    files = broken.files
    world = files.around.world
    new = {
        path.relative_to(files.around.top).as_posix(): document.to_bytes(document.text)
        for path, document in texts.items()
    }
    world = replace(world, files={**world.files, **new})
    reach = await reach_of(sandbox, world, "", files.all, group="fix", limits=SUITE)
    failed_before = {test.node_id for test in broken.reach.tests if test.end in BAD_ENDS}
    aimed = {test.node_id for test in broken.aimed}
    return {
        test.node_id: test
        for test in reach.tests
        if test.end in BAD_ENDS and (test.node_id in aimed or test.node_id not in failed_before)
    }


def is_aimed_at(node_id: str, tests: Collection[str]) -> bool:
    return not tests or any(
        node_id == one or node_id.startswith((f"{one}::", f"{one}[", f"{one}/")) for one in tests
    )


def _is_in(path: Path, aim: Aim) -> bool:
    folders = {absolute(one) for one in aim.sources}
    return not folders or path in folders or any(one in path.parents for one in folders)


def _sources(files: TestFiles) -> Iterator[str]:
    """Files of the project whose functions may be wrong: no tests, and none of their helpers."""
    tests = set(files.all)
    for path in files.around.world.files:
        parts = path.split("/")
        is_helper = parts[-1] == "conftest.py" or any(p in ("test", "tests") for p in parts[:-1])
        if path.endswith(".py") and path not in tests and not is_helper:
            yield path

"""Whether a module can be loaded where candidates will run, before anything is spent on it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.core.inside import inside
from pipeline.core.task import Loading, Task
from pipeline.core.wording import printable
from pipeline.running.counted import NO_TESTS, WhichTests, with_project_tests
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import FunctionSite
from pipeline.syntax.text import Document, parse
from pipeline.world.discover import Surroundings, surroundings_of
from pipeline.world.environment import own_version
from pipeline.world.manuals import manuals_of
from pipeline.world.relations import neighbours_of
from pipeline.world.rules import loading_of
from pipeline.world.tested_by import files_that_test
from sandbox.api import (
    BROKEN_MACHINERY,
    Doctest,
    DoctestWants,
    Expression,
    Job,
    Limits,
    Observation,
    Outcome,
    Sandbox,
)

LOAD_CPU_S = 30.0
"""Patience with what a module imports; measured once, and given to each of its tests."""
_FIXTURE = re.compile(r"\bgetfixture\(\s*['\"](\w+)")
_NO_MODULE = re.compile(r"No module named '([^']+)'")
_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_EXTENSION = re.compile(r"([\w./+-]+)\.so: cannot open shared object file")
"""What glibc says of an extension module that was built for another machine."""
_UNREACHABLE = (
    *("gaierror", "ConnectionRefusedError", "ConnectionError", "URLError", "NewConnectionError"),
    *("ConnectError", "ConnectTimeout", "MaxRetryError", "OperationalError"),
)


async def placed_task(
    sandbox: Sandbox,
    document: Document,
    site: FunctionSite,
    *,
    interpreter: str | None = None,
    tests: WhichTests = NO_TESTS,
    group: str = "",
) -> Task:
    """The task of a function where it lives, ready to be run in its world, with its examples and
    those of the project's tests that reach it.
    """
    if not document.path:
        return task_from_file(document, site)
    source = document.to_bytes(document.text)
    around = surroundings_of(Path(document.path), source, interpreter=interpreter)
    if tests.none:
        loading = loading_of(document, around)
        return await ready_task(sandbox, document, site, around, loading=loading, group=group)
    names = _names_in_tests(site)
    files = files_that_test(around, source, names, only=tests.only, interpreter=interpreter)
    around = files.around if not files.problem else around
    loading = loading_of(document, around)
    task = await ready_task(sandbox, document, site, around, loading=loading, group=group)
    return await with_project_tests(
        sandbox, document, site, task, files, besides=tests.besides, group=group
    )


def _names_in_tests(site: FunctionSite) -> tuple[str, ...]:
    """What a test may call it; nobody writes `__init__`."""
    parts = [part for part in site.name.split(".") if not part.startswith("__")]
    return tuple(dict.fromkeys(reversed(parts))) or (site.last_name,)


async def ready_task(
    sandbox: Sandbox,
    document: Document,
    site: FunctionSite,
    surroundings: Surroundings,
    *,
    loading: Loading,
    group: str = "",
) -> Task:
    """The task in its world: of the whole module, or, where that cannot be loaded, of the part that
    the function needs, for which there has to be a body or an example. `loading.obstacle` says why
    neither can be.
    """
    whole = replace(loading, world=surroundings.world, is_whole=True)
    box = inside(sandbox, whole)
    seen = await load(box, document.plain, group)
    around = neighbours_of(document, site, surroundings)
    told = manuals_of(surroundings.project)
    task_in = partial(task_from_file, document, site, neighbours=around, doctest_files=told)
    if seen.outcome is Outcome.RETURNED:
        task = task_in(loading=replace(whole, cpu_s=_extra_s(seen)))
        return _with_obstacle(task, bad_example(document, task))
    why = obstacle(seen, surroundings)
    if seen.outcome in BROKEN_MACHINERY:
        return _with_obstacle(task_in(loading=whole), why)
    part = replace(whole, is_whole=False, why_cut=why)
    task = task_in(loading=part)
    if site.is_stub and not task.visible:
        # Nothing shows whether a body of it does without what is lacking.
        return _with_obstacle(task, why)
    program = f"{task.before}{task.indent}pass\n{task.after}"
    rest = await load(box, program, group)
    if rest.outcome is not Outcome.RETURNED:
        return _with_obstacle(task, why)
    return _with_obstacle(_in_cut_world(task, program), bad_example(document, task))


def _in_cut_world(task: Task, program: str) -> Task:
    """Where others import the module, they get the part that can be loaded."""
    world = task.loading.world
    assert world is not None
    files = {**world.files, world.path: program.encode("utf-8", "surrogatepass")}
    return replace(task, loading=replace(task.loading, world=replace(world, files=files)))


async def load(sandbox: Sandbox, program: str, group: str = "") -> Observation:
    """What importing the module does."""
    limits = Limits(cpu_s=LOAD_CPU_S, wall_s=2 * LOAD_CPU_S)
    (seen,) = await sandbox.run(
        [Job(code=program, form=Expression(source="None"), limits=limits)], group=group
    )
    return seen


def _extra_s(seen: Observation) -> float:
    """Loading that takes no time worth mentioning changes no limit, and so no test's identity."""
    return round(seen.cpu_s, 1) if seen.cpu_s > 0.1 else 0.0


def _with_obstacle(task: Task, why: str) -> Task:
    return replace(task, loading=replace(task.loading, obstacle=why)) if why else task


def bad_example(document: Document, task: Task) -> str:
    """What no function can pass, in one line with the mend: the first example that is no Python,
    though its output is not about that, or that asks for a fixture which only pytest has; "" for
    none.

    A project on a newer Python than this one may write what cannot be read here.
    """
    world = task.loading.world
    is_newer = bool(world and world.python and version_of(world.python) > own_version())
    for one in task.visible:
        form, expect = one.test.form, one.test.expect
        if not isinstance(form, Doctest) or not isinstance(expect, DoctestWants):
            continue
        for example, want in zip(form.examples, expect.wants, strict=True):
            at = f"{document.path or 'the file'}:{example.lineno}: the example"
            first = example.source.strip().partition("\n")[0]
            if not is_newer and parse(example.source) is None and "Error" not in want:
                return f"{at} `{first}` is no Python, so no function can pass it; mend it"
            lacking = set(_FIXTURE.findall(example.source)) - task.loading.fixtures
            if lacking:
                return (
                    f"{at} `{first}` asks for the fixture {min(lacking)}, which no conftest.py "
                    "above the module makes of plain ones; run it with pytest"
                )
    return ""


def version_of(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor.partition(".")[0] or 0)


def obstacle(seen: Observation, surroundings: Surroundings) -> str:
    """Why the module cannot be imported, in one line with the mend."""
    name = surroundings.place.name
    error = seen.exception
    if seen.outcome in BROKEN_MACHINERY or error is None:
        return f"{name} cannot be imported here: {seen.detail or seen.outcome.value}"
    said = printable(" ".join(f"{error.type}: {error.message}".split()))[:300]
    return cause(error.type, error.message, surroundings) or (
        f"{name} cannot be imported: {said}; mend that first"
    )


def cause(kind: str, message: str, surroundings: Surroundings) -> str:
    """What an exception says of the surroundings and not of the code; "" for nothing."""
    name, last = surroundings.place.name, kind.rpartition(".")[2]
    if found := _NO_MODULE.search(message):
        return surroundings.why_absent(found[1])
    if found := _LIBRARY.search(message):
        return f"{name} needs the native library {found[1]}, which the sandbox has not"
    if found := _EXTENSION.search(message):
        # `/site/pkg/_core.abi3.so`, wherever the sandbox has it.
        *folders, file = found[1].split("/")
        inside = folders[folders.index("site") + 1 :] if "site" in folders else folders[-1:]
        return surroundings.why_absent(".".join((*inside, file.partition(".")[0])))
    if last == "TclError" or "DISPLAY" in message:
        return f"{name} needs a display, which the sandbox has not; test what needs none"
    if last in _UNREACHABLE or "Network is unreachable" in message:
        return f"{name} needs a network or a database ({last}); the sandbox has none"
    if last == "SystemExit":
        return f"{name} ends the process when it is imported (SystemExit {message}); guard that"
    return ""

"""What the sandbox lacks for true: a program that says that a module is not there is not believed.

The same module is asked for where no candidate runs. One that is there, and one that the program
only speaks of, is a failure of the program like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Doctest,
    Expression,
    Form,
    Job,
    Limits,
    Observation,
    Outcome,
    Sandbox,
    TestCode,
    TestEnd,
    TestSeen,
)

LIMITS = Limits(cpu_s=10.0, wall_s=60.0, memory_mb=512)
"""A package may take long to be imported; this runs for few programs."""
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NO_MODULE = re.compile(r"No module named '([^']+)'")
_BY_ITSELF = re.compile(
    r"raise\s+[\w.]*\b(?:ModuleNotFoundError|ImportError)\b|\bimport_module\b|__import__"
)


async def without_false_claims(
    sandbox: Sandbox, jobs: Sequence[Job], seen: Sequence[Observation], *, group: str = ""
) -> tuple[Observation, ...]:
    """The observations, with those that claim a lack in vain as raised exceptions."""
    asked = [(job, name) for job, one in zip(jobs, seen, strict=True) for name in claims(one)]
    if not asked:
        return tuple(seen)
    names = tuple(dict.fromkeys(name for _, name in asked))
    found = await sandbox.run([probe(asked[0][0], name) for name in names], group=group)
    lacking = {
        name
        for name, one in zip(names, found, strict=True)
        # Where the machinery broke nothing is known, and the claim stands.
        if one.outcome is Outcome.MISSING_MODULE or one.outcome in BROKEN_MACHINERY
    }
    return tuple(
        _settled(one, {n for n in lacking if is_imported(job, n)})
        for job, one in zip(jobs, seen, strict=True)
    )


def claims(seen: Observation) -> tuple[str, ...]:
    """Names of modules that the run says are not there; "" where it names none."""
    own = [one.detail for one in (seen, *seen.parts) if one.outcome is Outcome.MISSING_MODULE]
    return (*own, *(name for test in seen.tests if (name := _of_test(test))))


def _of_test(test: TestSeen) -> str:
    found = _NO_MODULE.search(test.message)
    return found[1] if found and test.end is TestEnd.MISSING_MODULE else ""


def probe(job: Job, name: str) -> Job:
    """Imports the module where no candidate is; "" only loads an empty one in the same place."""
    if not _DOTTED.fullmatch(name):
        return replace(job, code="", form=Expression(source="None"), limits=LIMITS)
    source = f"import importlib; importlib.import_module({name!r})"
    return replace(job, code="", form=Expression(source=source), limits=LIMITS, fresh="")


def is_imported(job: Job, name: str) -> bool:
    """Whether the program imports the module, and does not just speak of it.

    One that raises such errors itself, or imports by names that it has from elsewhere, must have
    an import of it in its text.
    """
    root = re.escape(name.partition(".")[0])
    imports = re.compile(
        rf"(?:(?:^|[:;])\s*(?:import|from)\s|import_module\(|__import__\()[^\n;]*\b{root}\b",
        re.MULTILINE,
    )
    is_named = any(imports.search(text) for text in (job.code, *_texts(job.form)))
    return is_named or not _BY_ITSELF.search(job.code)


def _texts(form: Form) -> Iterator[str]:
    match form:
        case Doctest(examples=examples, setup=setup):
            yield from (setup, *(example.source for example in examples))
        case Expression(source=source) | TestCode(source=source):
            yield source
        case Batch(parts=parts):
            yield from (text for part in parts for text in _texts(part))


def _settled(seen: Observation, lacking: set[str]) -> Observation:
    """With lacks of other modules as what they are: exceptions that were raised."""
    tests = tuple(
        replace(test, end=TestEnd.FAILED) if (n := _of_test(test)) and n not in lacking else test
        for test in seen.tests
    )
    parts = tuple(_settled(part, lacking) for part in seen.parts)
    is_false = seen.outcome is Outcome.MISSING_MODULE and seen.detail not in lacking
    outcome = Outcome.RAISED if is_false else seen.outcome
    return replace(seen, outcome=outcome, parts=parts, tests=tests)

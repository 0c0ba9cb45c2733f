"""How answers are judged: a Grader is given programs and says of each what it is worth.

Holds hidden tests: only for `publish`, `scorer` and `samples`, never in a process that solves.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from pipeline.bench.records import BenchError, Json, PublicTask
from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Call,
    Expression,
    Job,
    Limits,
    Observation,
    Opaque,
    Outcome,
    Returns,
    Sandbox,
    Test,
    VerdictKind,
)
from sandbox.codec import encode
from sandbox.verdicts import judge

CHUNKS = (4, 12, 50, 200)
"""Calls per process: a program that hangs shows it before it has cost much."""
PASS = VerdictKind.PASS.value
HANGS = frozenset({Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL})


class ScoringBroke(BenchError):
    """The sandbox failed where a verdict was due; what was scored stays."""


class BadTask(BenchError):
    """The suite is at fault in one task: its reference fails, or its targets are not there."""


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What one answer is worth."""

    passed: bool
    """By the suite's own, official rule: what the published figures count."""
    n_passed: int = 0
    n_tests: int = 0
    first_failure: str | None = None
    behaviour: str = ""
    """The same for programs that did the same on every hidden input; "" where nothing ran."""
    marks: Mapping[str, float] = field(default_factory=dict)
    """What else is counted of the same run, between 0 and 1: `base`, `strict`, `steps`."""

    def as_json(self) -> Json:
        return asdict(self)


class Grader(Protocol):
    """Judges the answers to one task; a suite makes one per task."""

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        """A grade for each program, in order.

        Raises ScoringBroke when the sandbox fails, BadTask when the task itself is at fault.
        """
        ...

    @property
    def n_tests(self) -> int:
        """How many hidden tests there are, before anything has run."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What scores a task."""

    task_id: str
    grader: Grader

    @property
    def n_tests(self) -> int:
        return self.grader.n_tests

    @property
    def tests(self) -> tuple[Test, ...]:
        """Where the task is judged by tests of its own; else empty."""
        return self.grader.tests if isinstance(self.grader, TestGrader) else ()


Pair = tuple[PublicTask, Hidden]


@dataclass(frozen=True, kw_only=True)
class TestGrader:
    """Every test has to pass."""

    __test__ = False

    tests: tuple[Test, ...]
    n_asserts: int = 0
    """Of test code, which is one test with many asserts."""

    @property
    def n_tests(self) -> int:
        return max(self.n_asserts, len(self.tests))

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        return tuple([await grade_by_tests(box, one, self.tests, task_id) for one in programs])


async def grade_by_tests(box: Sandbox, program: str, tests: Sequence[Test], task_id: str) -> Grade:
    """How many tests pass, the kind of the first failure, and a hash of the behaviour."""
    seen = await observe(box, program, tests, task_id)
    kinds = [
        judge(test, _as_listed(test, one)).kind.value for test, one in zip(tests, seen, strict=True)
    ]
    return Grade(
        passed=all(kind == PASS for kind in kinds),
        n_passed=sum(kind == PASS for kind in kinds),
        n_tests=len(tests),
        first_failure=next((kind for kind in kinds if kind != PASS), None),
        behaviour=behaviour_of(seen),
    )


def _as_listed(test: Test, seen: Observation) -> Observation:
    """JSON has no tuples: one that is returned counts as the list that is expected."""
    is_list = isinstance(test.expect, Returns) and isinstance(test.expect.value, list)
    if is_list and isinstance(test.form, Call) and isinstance(seen.value, tuple):
        return replace(seen, value=list(seen.value))
    return seen


async def observe(
    box: Sandbox, program: str, tests: Sequence[Test], task_id: str
) -> tuple[Observation, ...]:
    """One observation per test; calls and expressions travel many at a time."""
    small = [n for n, test in enumerate(tests) if isinstance(test.form, Call | Expression)]
    alone = [n for n in range(len(tests)) if n not in set(small)]
    jobs = [Job(code=program, form=tests[n].form, limits=tests[n].limits) for n in alone]
    seen = await run(box, jobs, task_id) if jobs else ()
    forms = [form for n in small if isinstance(form := tests[n].form, Call | Expression)]
    parts = (
        await observe_calls(box, program, forms, tests[small[0]].limits, task_id) if small else ()
    )
    found = dict(zip(alone, seen, strict=True)) | dict(zip(small, parts, strict=True))
    return tuple(found[n] for n in range(len(tests)))


async def observe_calls(
    box: Sandbox, code: str, forms: Sequence[Call | Expression], limits: Limits, what: str
) -> tuple[Observation, ...]:
    """One observation per form; after a chunk in which the program hung, the rest is not asked."""
    seen: list[Observation] = []
    for chunk in _chunks(forms):
        (whole,) = await run(box, [Job(code=code, form=Batch(parts=chunk), limits=limits)], what)
        parts = whole.parts if len(whole.parts) == len(chunk) else (whole,) * len(chunk)
        # A part does not know its own time: that of all of its chunk is an upper bound.
        seen += [replace(part, cpu_s=part.cpu_s or whole.cpu_s) for part in parts]
        if any(part.outcome in HANGS for part in parts):
            late = Observation(outcome=Outcome.TIMEOUT_CPU, detail="not asked: it hung before")
            return (*seen, *[late] * (len(forms) - len(seen)))
    return tuple(seen)


def _chunks(forms: Sequence[Call | Expression]) -> list[tuple[Call | Expression, ...]]:
    chunks, at, sizes = [], 0, iter(CHUNKS)
    while at < len(forms):
        size = next(sizes, CHUNKS[-1])
        chunks.append(tuple(forms[at : at + size]))
        at += size
    return chunks


async def run(box: Sandbox, jobs: Sequence[Job], what: str) -> tuple[Observation, ...]:
    """Run them; a sandbox failure gets a second go, then it is an error, never a verdict."""
    for _ in range(2):
        seen = await box.run(jobs, group=what)
        broken = [
            one
            for whole in seen
            for one in (whole, *whole.parts)
            if one.outcome in BROKEN_MACHINERY
        ]
        if not broken:
            return seen
    raise ScoringBroke(f"{what}: the sandbox failed ({broken[0].detail}); run again to go on")


# --- what a program did, as a short text ---------------------------------------------------------


def behaviour_of(seen: Sequence[Observation]) -> str:
    """The same for programs that did the same on every hidden input, in any process."""
    shown = [
        one.outcome.value.encode()
        + (one.exception.type if one.exception else "").encode("utf-8", "surrogatepass")
        + b" ".join(one.stdout.split())
        + _fingerprint(one.value)
        for one in seen
    ]
    return _digest(shown).hex()[:16]


_SCALARS = frozenset({int, float, bool, str, bytes, complex, type(None)})


def _fingerprint(value: object) -> bytes:
    """Of plain data; sets and dicts without their order."""
    if isinstance(value, Opaque):
        return _digest([b"opaque", value.type.encode("utf-8", "surrogatepass")])
    if isinstance(value, list | tuple):
        kind = type(value).__name__.encode()
        # Millions of numbers are packed at once: version 2 knows neither references nor interning,
        # so that equal values have equal bytes in any process.
        if _SCALARS.issuperset(map(type, value)):
            return _digest([kind, b"scalars", marshal.dumps(value, 2)])
        return _digest([kind, *map(_fingerprint, value)])
    if isinstance(value, set | frozenset):
        return _digest([b"set", *sorted(map(_fingerprint, value))])
    if isinstance(value, dict):
        pairs = (_fingerprint(key) + _fingerprint(item) for key, item in value.items())
        return _digest([b"dict", *sorted(pairs)])
    return _digest([encode(value)])


def _digest(parts: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()

"""Many versions of a module against all tests, cheaply: the first look, never the verdict.

One sandboxed process tries many versions; see `driver` for what that costs in isolation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from pipeline.core.inside import driver_world
from pipeline.core.wrapped import world_of
from sandbox.api import (
    Batch,
    Call,
    Doctest,
    ExceptionSeen,
    Expression,
    Form,
    Job,
    Limits,
    Observation,
    Outcome,
    Program,
    Sandbox,
    Test,
)
from sandbox.verdicts import judge

AT_A_TIME = 40
"""Versions per process."""
IMPORT_S = 20.0
"""CPU seconds that a project's imports may take."""
LEAST_S = 0.03
"""CPU seconds of one test of one version, at least."""
LATE = Outcome.TIMEOUT_CPU
TRACEBACK = "Traceback (most recent call last):\n"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one version did, at a first look."""

    passed: tuple[bool, ...]
    """Per test; a doctest is one test."""
    n_passed: int
    """Examples that passed."""
    observed: tuple[Observation, ...]
    cpu_s: float = 0.0
    """Of all tests; as the version's own process says, so good for a hint only."""

    @property
    def passes(self) -> bool:
        return bool(self.passed) and all(self.passed)


def can_screen(test: Test) -> bool:
    return isinstance(test.form, Call | Expression | Doctest | Program)


async def screen(
    sandbox: Sandbox,
    programs: Sequence[str],
    tests: Sequence[Test],
    *,
    limit_s: float = LEAST_S,
    patience: int = 1,
    quiet: bool = False,
    hash_seed: int = 0,
    group: str = "",
) -> tuple[Seen, ...]:
    """A first look at each program, in order; at most AT_A_TIME of them share a process.

    `limit_s` is CPU seconds per test; after `patience` tests that take longer a version's other
    tests are left out. With `quiet` a call that prints does not pass, as in a doctest.
    Tests that cannot be screened must be left out before.
    """
    payloads = [payload(test.form) for test in tests]
    world = world_of(sandbox)
    entry, where = ("attempt_in", (world.module,)) if world else ("attempt", ())
    parts = [Call(entry=entry, args=(*where, p, payloads, limit_s, patience)) for p in programs]
    limits = Limits(cpu_s=0.2 + limit_s * (1 + patience + len(tests)), wall_s=10.0, memory_mb=256)
    if world:
        # The first version of each process waits for the project to be imported.
        limits = replace(limits, cpu_s=limits.cpu_s + IMPORT_S, wall_s=10.0 + 2 * IMPORT_S)
    jobs = [
        Job(
            code=driver(),
            form=Batch(parts=tuple(parts[i : i + AT_A_TIME])),
            limits=limits,
            hash_seed=hash_seed,
            world=driver_world(world) if world else None,
        )
        for i in range(0, len(parts), AT_A_TIME)
    ]
    seen = await sandbox.run(jobs, group=group)
    flat = [part for job, one in zip(jobs, seen, strict=True) for part in _parts(job, one)]
    return tuple(_judged(tests, part, quiet) for part in flat)


@cache
def driver() -> str:
    return files("pipeline.running").joinpath("driver.py").read_text(encoding="utf-8")


def _parts(job: Job, seen: Observation) -> Sequence[Observation]:
    assert isinstance(job.form, Batch)
    n = len(job.form.parts)
    return seen.parts if len(seen.parts) == n else [Observation(outcome=seen.outcome)] * n


def payload(form: Form) -> tuple[object, ...]:
    match form:
        case Call(entry=entry, args=args, kwargs=kwargs):
            return ("call", entry, repr(args), repr(dict(kwargs)))
        case Expression(source=source):
            return ("expression", source)
        case Doctest(examples=examples, setup=setup):
            return ("doctest", [e.source for e in examples], setup)
        case Program(stdin=stdin, args=args):
            return ("program", stdin, list(args))
        case _:
            raise TypeError(f"a {type(form).__name__} cannot be screened; filter with can_screen")


def _judged(tests: Sequence[Test], part: Observation, quiet: bool) -> Seen:
    cpu_s, _ = _report(part.value)
    seen = observed(tests, part)
    pairs = list(zip(tests, seen, strict=True))
    verdicts = [judge(test, one) for test, one in pairs]
    loud = [quiet and isinstance(test.form, Call) and bool(one.stdout) for test, one in pairs]
    return Seen(
        passed=tuple(v.passed and not bad for v, bad in zip(verdicts, loud, strict=True)),
        n_passed=sum(v.passed_examples for v, bad in zip(verdicts, loud, strict=True) if not bad),
        observed=seen,
        cpu_s=cpu_s,
    )


def observed(tests: Sequence[Test], part: Observation) -> tuple[Observation, ...]:
    """What the driver says of each test, as the sandbox would have said it."""
    _, results = _report(part.value)
    found = [_observation(test, r) for test, r in zip(tests, results, strict=False)]
    lost = part if part.outcome is not Outcome.RETURNED else Observation(outcome=LATE)
    return (*found, *[lost] * (len(tests) - len(found)))


def _report(value: object) -> tuple[float, Sequence[object]]:
    match value:
        case (float() as cpu_s, list() as results):
            return cpu_s, results
    return 0.0, ()


def _observation(test: Test, result: object) -> Observation:
    """What the driver said of one test, as the sandbox would have said it."""
    match result:
        case ("v", value) if isinstance(test.form, Program):
            stdout = value if isinstance(value, bytes) else b""
            return Observation(outcome=Outcome.RETURNED, stdout=stdout)
        case ("v", value, str() as printed):
            stdout = printed.encode("utf-8", "surrogatepass")
            return Observation(outcome=Outcome.RETURNED, value=value, stdout=stdout)
        case ("v", value):
            return Observation(outcome=Outcome.RETURNED, value=value)
        case ("x", str() as name, str() as message):
            seen = ExceptionSeen(type=name, message=message)
            return Observation(outcome=Outcome.RAISED, exception=seen)
        case ("p", list() as shown):
            return _doctest_observation(shown)
    return Observation(outcome=Outcome.TIMEOUT_CPU)


def _doctest_observation(shown: Sequence[object]) -> Observation:
    parts, got = [], []
    for item in shown:
        match item:
            case (str() as text, str() as name):
                printed, _, end = text.partition(TRACEBACK) if name else (text, "", "")
                message = end.partition(":")[2].strip()
                seen = ExceptionSeen(type=name, message=message) if name else None
                outcome = Outcome.RAISED if name else Outcome.RETURNED
                stdout = printed.encode("utf-8", "surrogatepass")
                parts.append(Observation(outcome=outcome, exception=seen, stdout=stdout))
                got.append(text)
    return Observation(outcome=Outcome.RETURNED, parts=tuple(parts), got=tuple(got))

"""Mechanical repair: try small edits by the hundred in the sandbox, no tokens, no model."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.repair.edits import Edit, edits_of
from pipeline.repair.suspicion import suspicion
from pipeline.source.doctests import split_calls
from pipeline.task import Task
from sandbox.api import Batch, Call, Expression, Job, Limits, Observation, Returns, Sandbox, Test
from sandbox.verdicts import judge, run_twice

QUICK = Limits(cpu_s=0.3, wall_s=2.0)
AT_A_TIME = 48
SEEDS_OF_PAIRS = 12
"""Single edits that pass more than the original are combined with the likeliest others."""
LEAST_SUSPICION = 0.1


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A version of the function that passes every visible test."""

    code: str
    edits: tuple[str, ...]
    """In words."""
    score: float
    """Prior times suspicion of its edits; higher is likelier. Not a probability."""


@dataclass(frozen=True, kw_only=True)
class _Version:
    code: str
    edits: tuple[Edit, ...]
    score: float


async def repair_mechanically(
    sandbox: Sandbox,
    task: Task,
    *,
    code: str | None = None,
    deadline_s: float = 2.0,
    max_patches: int = 8,
    jobs_group: str = "",
) -> tuple[Patch, ...]:
    """Patches of `code` (the task's function where None) that pass all visible tests, best first.

    Single edits first, then pairs; at the deadline what was found so far. () when nothing was, or
    when no visible test can be run.
    """
    deadline = time.monotonic() + deadline_s
    base = task.statement if code is None else code
    if not task.visible:
        return ()
    search = _Search(sandbox, task, base, jobs_group)
    await search.begin()
    found: list[Patch] = []
    for versions in _batched(search.versions()):
        if time.monotonic() > deadline or len(found) >= max_patches:
            break
        found += await search.plausible(versions)
    return tuple(sorted(found, key=lambda p: (len(p.edits), -p.score))[:max_patches])


class _Search:
    """The state of one search: the ranked edits, and which of them helped a little."""

    def __init__(self, sandbox: Sandbox, task: Task, base: str, group: str) -> None:
        self._sandbox = sandbox
        self._task = task
        self._base = base
        self._group = group
        self._singles: list[tuple[float, Edit]] = []
        self._helpful: list[tuple[float, Edit]] = []
        split = (part for v in task.visible for part in split_calls(task.entry_point, v))
        own = (v for v in task.visible if isinstance(v.test.form, Call | Expression))
        self._calls = tuple(v.test for v in (*split, *own))
        self._n_base = 0

    async def begin(self) -> None:
        """Rank the edits, and count what the original passes."""
        where: Mapping[int, float] = {}
        if self._calls:
            where = await suspicion(
                self._sandbox, self._task, self._base, self._calls, group=self._group
            )
            (self._n_base,) = await self._count([self._base])
        values = _returned_values(self._calls)
        ranked = [
            (edit.prior * max(where.get(edit.line, LEAST_SUSPICION), LEAST_SUSPICION), edit)
            for edit in edits_of(self._base, values)
        ]
        self._singles = sorted(ranked, key=lambda pair: -pair[0])

    def versions(self) -> Iterator[_Version]:
        """Single edits, likeliest first; then pairs of a helpful one with each other one."""
        for score, edit in self._singles:
            yield _Version(code=edit.applied(self._base), edits=(edit,), score=score)
        seeds = [*sorted(self._helpful, key=lambda p: -p[0]), *self._singles][:SEEDS_OF_PAIRS]
        for first, second in itertools.product(seeds, self._singles):
            if _apart(first[1], second[1]):
                early, late = sorted((first[1], second[1]), key=lambda e: e.start)
                code = early.applied(late.applied(self._base))
                score = first[0] * second[0] / 100
                yield _Version(code=code, edits=(early, late), score=score)

    async def plausible(self, versions: Sequence[_Version]) -> list[Patch]:
        """Those that pass all visible tests, twice; the quick calls sort most others out."""
        counts = await self._count([version.code for version in versions])
        survivors = []
        for version, n_passed in zip(versions, counts, strict=True):
            if n_passed == len(self._calls):
                survivors.append(version)
            elif n_passed > self._n_base and len(version.edits) == 1:
                self._helpful.append((version.score, version.edits[0]))
        return [patch for version in survivors if (patch := await self._confirmed(version))]

    async def _confirmed(self, version: _Version) -> Patch | None:
        program = self._task.program(version.code)
        tests = [replace(test, limits=QUICK) for test in self._task.tests]
        verdicts = await run_twice(self._sandbox, program, tests, group=self._group)
        if not all(verdict.passed for verdict in verdicts):
            return None
        words = tuple(edit.what for edit in version.edits)
        return Patch(code=version.code, edits=words, score=version.score)

    async def _count(self, codes: Sequence[str]) -> list[int]:
        """How many of the calls each version passes, in one process per version."""
        if not self._calls:
            return [0] * len(codes)
        forms = tuple(t.form for t in self._calls if isinstance(t.form, Call | Expression))
        jobs = [
            Job(code=self._task.program(code), form=Batch(parts=forms), limits=QUICK)
            for code in codes
        ]
        seen = await self._sandbox.run(jobs, group=self._group)
        return [_n_passed(self._calls, observed.parts) for observed in seen]


def _n_passed(calls: Sequence[Test], parts: Sequence[Observation]) -> int:
    return sum(judge(call, part).passed for call, part in zip(calls, parts, strict=False))


def _returned_values(calls: Sequence[Test]) -> tuple[str, ...]:
    """Short values that the examples want: what a missing base case may return."""
    wanted = [repr(c.expect.value) for c in calls if isinstance(c.expect, Returns)]
    usual = ["0", "1", "[]", "None", "False", "True", "''"]
    return tuple(dict.fromkeys(text for text in [*wanted, *usual] if len(text) <= 12))[:8]


def _apart(one: Edit, other: Edit) -> bool:
    return one.end <= other.start or other.end <= one.start


def _batched(versions: Iterable[_Version]) -> Iterator[list[_Version]]:
    """Chunks of versions with new code; lazily, because later ones depend on earlier results."""
    known: set[str] = set()
    chunk: list[_Version] = []
    for version in versions:
        if version.code in known:
            continue
        known.add(version.code)
        chunk.append(version)
        if len(chunk) == AT_A_TIME:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

"""The search: single edits, likeliest first, then the same edit everywhere, then pairs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.core.task import Task, n_examples
from pipeline.edits.edits import Edit, apart, apply_all, edits_of
from pipeline.edits.hints import hints_of
from pipeline.edits.suspicion import suspicion
from pipeline.running.screen import AT_A_TIME, LEAST_S, Seen
from pipeline.running.sift import can_sift, sift
from sandbox.api import Doctest, Observation, Outcome, ProjectTests, Sandbox

IN_FLIGHT = 3
FEW = 10
"""Versions per process of a function that hangs: most of them hang too"""
LEAST_SUSPICION = 0.1
SAME_EVERYWHERE = 0.3
PARTNERS = 160
"""So many of the likeliest single edits are paired with one another."""
HELPFUL = 24
"""So many single edits that pass more than the original are paired with all others."""
HELPS = 30.0
"""How much likelier an edit is right that passes more examples than the original."""
NO_RIVAL = 0.05
"""Where a version takes a fork, one that is so much less likely than what passes is not tried."""
GRACE = 0.12
"""Share of the runs to look for rivals after a first pair was found."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """The function with some edits."""

    code: str
    edits: tuple[Edit, ...]
    weight: float
    """Prior times suspicion of the edits."""


_Pair = tuple[float, Version, Version]
"""A weight, and two single edits."""


@dataclass(kw_only=True)
class Found:
    """What a search has found so far."""

    n_examples: int = 0
    n_base: int = 0
    """Examples that the original passes."""
    n_tried: int = 0
    n_all: int = 0
    """Versions of the kinds that were begun, tried or not."""
    total_weight: float = 1.0
    """Of all single edits."""
    is_cut: bool = False
    """A limit came before all versions of a kind were tried."""
    plausible: list[Version] = field(default_factory=list)
    """Pass every test at a first look."""
    partial: tuple[int, Version] | None = None
    """Passes the most examples among those that pass more than the original."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched, and how far: counted in what it got, so that a busy machine finds the same,
    only later.
    """

    sandbox: Sandbox
    task: Task
    code: str
    n_runs: int
    """Versions."""
    cpu_s: float
    """Of all versions together, as their processes say."""
    deadline: float
    """By time.monotonic(): the backstop."""
    depth: int = 2
    group: str = ""
    on_plausible: Callable[[Version], None] | None = None


async def search(what: Search) -> Found:
    """All single edits, and pairs only where none of those passes; at a limit what there is.

    Nothing is tried when a test cannot be screened, when none fails, or when there is no test.
    """
    run = _Run(what)
    try:
        async with asyncio.timeout_at(_loop_time(what.deadline)):
            await run.all()
    except TimeoutError:
        run.found.is_cut = True
    return run.found


def _loop_time(deadline: float) -> float:
    return asyncio.get_running_loop().time() + deadline - time.monotonic()


class _Run:
    """The state of one search."""

    def __init__(self, what: Search) -> None:
        self.what = what
        self.found = Found()
        self.tests = what.task.examples
        self._known = {what.code}
        self._helpful: list[Version] = []
        self._base: Seen | None = None
        self._hangs = False
        self._forks = any(isinstance(test.form, ProjectTests) for test in self.tests)
        self._n_asked = 0
        self._cpu_s = 0.0
        self._enough_at = what.n_runs
        """Versions after which a search for pairs that found one looks no further."""

    async def all(self) -> None:
        if not self.tests or not all(map(can_sift, self.tests)):
            return
        (self._base,) = await self._screen([self.what.code], 10 * LEAST_S)
        self.found.n_base = self._base.n_passed
        self.found.n_examples = sum(map(n_examples, self.tests))
        if self._base.passes:
            return
        ended = [t for t, o in zip(self.tests, self._base.observed, strict=True) if is_end(o)]
        self._hangs = len(ended) < len(self.tests)
        where = await suspicion(
            self.what.sandbox, self.what.task, self.what.code, ended, group=self.what.group
        )
        singles = self._singles(where)
        self.found.total_weight = sum(one.weight for one in singles) or 1.0
        await self._try(iter(singles), len(singles))
        if self.found.plausible or self.what.depth < 2:
            return
        everywhere = same_everywhere(self.what.code, singles)
        await self._try(iter(everywhere), len(everywhere))
        if not self.found.plausible:
            pairs = self._pairs(singles)
            await self._try(self._paired(pairs), len(pairs), stop_early=True)

    def _singles(self, where: Mapping[int, float]) -> list[Version]:
        versions = []
        for edit in edits_of(self.what.code, hints_of(self.what.task, self.what.code)):
            doubt = max(where.get(edit.line, 0.0), LEAST_SUSPICION) if where else 1.0
            code = edit.applied(self.what.code)
            versions.append(Version(code=code, edits=(edit,), weight=edit.prior * doubt))
        return sorted(versions, key=lambda v: -v.weight)

    def _pairs(self, singles: Sequence[Version]) -> list[_Pair]:
        """Pairs, the likeliest first; single edits that helped count for much more."""
        helpful = sorted(self._helpful, key=lambda v: -v.weight)[:HELPFUL]
        helping = {v.code for v in helpful}
        total = sum(v.weight for v in singles) or 1.0
        partners = [v for v in singles if v.code not in helping][:PARTNERS]
        ranked = [
            (one.weight * HELPS * other.weight / total, one, other)
            for one in helpful
            for other in singles
            if one is not other
        ]
        ranked += [
            (one.weight * other.weight / total, one, other)
            for one, other in itertools.combinations(partners, 2)
        ]
        ranked.sort(key=lambda item: -item[0])
        return ranked

    def _paired(self, pairs: Sequence[_Pair]) -> Iterator[Version]:
        for weight, one, other in pairs:
            edits = (*one.edits, *other.edits)
            if apart(edits[0], edits[1]):
                code = apply_all(self.what.code, edits)
                yield Version(code=code, edits=edits, weight=weight)

    async def _try(self, versions: Iterator[Version], n: int, *, stop_early: bool = False) -> None:
        """Screen the `n` versions, a few chunks at a time, until they or a limit run out."""
        self.found.n_all += n
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                enough = stop_early and self.found.plausible and self._n_asked >= self._enough_at
                while len(running) < IN_FLIGHT and not enough:
                    size = FEW if self._hangs or self._forks else AT_A_TIME
                    chunk = list(itertools.islice(self._new(versions), size))
                    if not chunk or self._is_spent():
                        self.found.is_cut |= bool(chunk)
                        break
                    self._n_asked += len(chunk)
                    running.add(asyncio.create_task(self._look(chunk)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _is_spent(self) -> bool:
        return self._n_asked >= self.what.n_runs or self._cpu_s >= self.what.cpu_s

    def _new(self, versions: Iterator[Version]) -> Iterator[Version]:
        for version in versions:
            if self._forks and version.weight < self._least_weight():
                return
            if version.code not in self._known:
                self._known.add(version.code)
                yield version

    def _least_weight(self) -> float:
        return NO_RIVAL * max((one.weight for one in self.found.plausible), default=0.0)

    async def _look(self, chunk: Sequence[Version]) -> None:
        for version, seen in zip(
            chunk, await self._screen([v.code for v in chunk], LEAST_S), strict=True
        ):
            self.found.n_tried += 1
            self._cpu_s += seen.cpu_s
            if seen.passes:
                self._plausible(version)
            elif seen.n_passed > self.found.n_base and len(version.edits) == 1:
                self._helpful.append(version)
            self._partial(version, seen)

    def _plausible(self, version: Version) -> None:
        if not self.found.plausible:
            self._enough_at = self._n_asked + int(GRACE * self.what.n_runs)
        self.found.plausible.append(version)
        if self.what.on_plausible:
            self.what.on_plausible(version)

    def _partial(self, version: Version, seen: Seen) -> None:
        most = self.found.partial[0] if self.found.partial else self.found.n_base
        if seen.n_passed > most:
            self.found.partial = (seen.n_passed, version)

    async def _screen(self, codes: Sequence[str], limit_s: float) -> tuple[Seen, ...]:
        what = self.what
        return await sift(
            what.sandbox,
            what.task,
            codes,
            self.tests,
            limit_s=limit_s,
            quiet=any(isinstance(test.form, Doctest) for test in what.task.tests),
            group=what.group,
        )


def is_end(seen: Observation) -> bool:
    """Whether the run came to an end by itself."""
    return seen.outcome is not Outcome.TIMEOUT_CPU


def same_everywhere(code: str, singles: Sequence[Version]) -> list[Version]:
    """The same replacement at each place where the same text stands."""
    groups: defaultdict[tuple[str, str], list[Version]] = defaultdict(list)
    for version in singles:
        (edit,) = version.edits
        if edit.end > edit.start:
            groups[code[edit.start : edit.end], edit.new].append(version)
    made = []
    for group in groups.values():
        edits = tuple(v.edits[0] for v in group)
        if len(group) > 1 and all(apart(a, b) for a, b in itertools.combinations(edits, 2)):
            weight = SAME_EVERYWHERE * max(v.weight for v in group)
            made.append(Version(code=apply_all(code, edits), edits=edits, weight=weight))
    return sorted(made, key=lambda v: -v.weight)

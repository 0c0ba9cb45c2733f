"""A sandbox that runs nothing twice: within a job the same program, input and seed run once.

A second, proving run has another hash seed and is another run. What the sandbox broke is not
remembered, and a time-out holds for no larger limit than it was seen with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from pipeline.core.context import Context
from pipeline.core.wrapped import Wrapped
from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Call,
    Expression,
    Form,
    Job,
    Limits,
    Observation,
    Outcome,
    Sandbox,
)

LIMITED = frozenset(
    {Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL, Outcome.MEMORY, Outcome.OUTPUT_LIMIT}
)
Key = bytes


def remembering(ctx: Context) -> Context:
    """The context of a job with a sandbox that runs nothing twice."""
    if isinstance(ctx.sandbox, Remembered):
        return ctx
    return replace(ctx, sandbox=Remembered(ctx.sandbox))


@dataclass(frozen=True, kw_only=True)
class _Memory:
    observation: Observation
    limits: Limits
    is_whole: bool = False
    """The code could not be loaded: what was seen stands for every input."""

    is_traced: bool = False

    def holds_for(self, job: Job) -> bool:
        if job.trace_lines and not self.is_traced:
            return False
        is_limited = self.observation.outcome in LIMITED
        return not is_limited or _size(job.limits) <= _size(self.limits)


def _size(limits: Limits) -> tuple[float, int, int]:
    return limits.cpu_s, limits.memory_mb, limits.output_bytes


class Remembered(Wrapped):
    """Keeps what it saw for as long as it lives: one job."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._seen: dict[Key, _Memory] = {}

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        """As the wrapped one; only what was never seen is run."""
        asked = list(self._unseen(jobs))
        new: dict[Key, _Memory] = {}
        if asked:
            for job, seen in zip(asked, await self._sandbox.run(asked, group=group), strict=True):
                new.update(_memories(job, seen))
        kept = {k: m for k, m in new.items() if m.observation.outcome not in BROKEN_MACHINERY}
        self._seen.update(kept)
        return tuple(_recalled(job, self._seen | new) for job in jobs)

    def _unseen(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """The jobs, and of batches the parts, that have to run."""
        asked: set[Key] = set()
        for job in jobs:
            parts = [form for form in _forms(job) if self._is_new(job, form, asked)]
            asked.update(_key(job, form) for form in parts)
            if parts:
                yield replace(job, form=_like(job.form, parts))

    def _is_new(self, job: Job, form: Form, asked: set[Key]) -> bool:
        key = _key(job, form)
        known = self._seen.get(key)
        return key not in asked and (known is None or not known.holds_for(job))


def _forms(job: Job) -> Sequence[Form]:
    return job.form.parts if isinstance(job.form, Batch) else (job.form,)


def _like(form: Form, parts: Sequence[Form]) -> Form:
    if not isinstance(form, Batch):
        return form
    return Batch(parts=tuple(part for part in parts if isinstance(part, Call | Expression)))


def _key(job: Job, form: Form) -> Key:
    what = (job.code, form, job.hash_seed, *_more(job))
    return blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=20).digest()


def _more(job: Job) -> tuple[str, ...]:
    """The world that the code runs in, by its content."""
    return (job.world.key,) if job.world else ()


def _memories(job: Job, seen: Observation) -> Iterator[tuple[Key, _Memory]]:
    forms = _forms(job)
    is_whole = isinstance(job.form, Batch) and len(seen.parts) != len(forms)
    each = [seen] * len(forms) if is_whole or not isinstance(job.form, Batch) else seen.parts
    for form, one in zip(forms, each, strict=True):
        yield (
            _key(job, form),
            _Memory(
                observation=one, limits=job.limits, is_whole=is_whole, is_traced=job.trace_lines
            ),
        )


def _recalled(job: Job, seen: dict[Key, _Memory]) -> Observation:
    found = [seen[_key(job, form)] for form in _forms(job)]
    whole = next((one.observation for one in found if one.is_whole), None)
    if whole is not None or not isinstance(job.form, Batch):
        return whole or found[0].observation
    parts = tuple(one.observation for one in found)
    isolation = parts[0].isolation if parts else ()
    return Observation(outcome=Outcome.RETURNED, parts=parts, isolation=isolation)

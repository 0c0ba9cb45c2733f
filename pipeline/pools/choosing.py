"""Choose among recorded candidates, task by task; streamed, resumable, and blind to labels."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pipeline.account.status import status_of
from pipeline.pools.pool import PoolError, PoolTask, read_pool
from pipeline.running.cache import Cache, key_of
from pipeline.running.matrix import Matrix, matrix_of, plan_of
from pipeline.running.remembered import Remembered
from pipeline.select.calibrated import weighed
from pipeline.select.evidence import KINDS
from pipeline.select.posterior import Posterior, nearest, shipped
from sandbox.api import Sandbox

OnDone = Callable[["PoolChoice"], None]


@dataclass(frozen=True, kw_only=True)
class PoolOptions:
    """What choices depend on besides the pool."""

    k: int | None = 3
    """Candidates drawn from each task; None takes all."""
    seed: int = 0
    kinds: tuple[str, ...] = KINDS


@dataclass(frozen=True, kw_only=True)
class PoolChoice:
    """One line of the choices file."""

    task_id: str
    chosen: int
    """Index of a candidate of the pool."""
    probability: float
    """Calibrated P(chosen is right)."""
    status: str
    considered: tuple[int, ...]
    evidence: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    def as_json(self) -> str:
        return json.dumps({**self.__dict__, "probability": round(self.probability, 4)})


async def choose_pool(
    sandbox: Sandbox,
    pool: Path,
    out: Path,
    options: PoolOptions,
    *,
    jobs: int = 2,
    cache: Cache | None = None,
    on_done: OnDone | None = None,
) -> int:
    """Write a choice for each task of the pool that has none in `out` yet; how many were there.

    Lines come in the pool's order and each is whole on disk before the next. Raises PoolError for
    a pool or choices that cannot be used, OSError, SandboxError.
    """
    known = _known(out, options)
    waiting: deque[asyncio.Task[PoolChoice]] = deque()
    with out.open("a", encoding="utf-8") as file:

        async def write_first() -> None:
            choice = await waiting[0]
            waiting.popleft()
            file.write(choice.as_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
            if on_done:
                on_done(choice)

        try:
            for one in read_pool(pool):
                _check_known(known.get(one.task.task_id), one, options, out)
                if one.task.task_id in known:
                    continue
                waiting.append(asyncio.create_task(_choose(sandbox, one, options, cache)))
                if len(waiting) >= jobs:
                    await write_first()
            while waiting:
                await write_first()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    return len(known)


def drawn(one: PoolTask, options: PoolOptions) -> tuple[int, ...]:
    """The candidates that are considered; the same for the same task, seed and k."""
    n = len(one.programs)
    if options.k is None or options.k >= n:
        return tuple(range(n))
    rng = Random(f"{options.seed}/{one.task.task_id}")
    return tuple(sorted(rng.sample(range(n), options.k)))


async def _choose(
    sandbox: Sandbox, one: PoolTask, options: PoolOptions, cache: Cache | None
) -> PoolChoice:
    considered = drawn(one, options)
    matrix = await matrix_for(sandbox, one, considered, options.kinds, cache)
    places = range(len(considered))
    chosen = pick(matrix, tuple(places), options.kinds)
    return PoolChoice(
        task_id=one.task.task_id,
        chosen=considered[chosen.index],
        probability=chosen.probability,
        status=chosen.status,
        considered=considered,
        evidence=options.kinds,
        reasons=(*chosen.reasons, *(f"not used: {one}" for one in one.unread)),
    )


async def matrix_for(
    sandbox: Sandbox,
    one: PoolTask,
    considered: Sequence[int],
    kinds: Sequence[str] = KINDS,
    cache: Cache | None = None,
) -> Matrix:
    """The matrix of these candidates, from the cache where it is there."""
    programs = tuple(one.programs[index] for index in considered)
    generated = one.generated if "generated" in kinds else ()
    plan = plan_of(one.task, generated)
    only_survivors = one.task.kind == "stdio"
    key = key_of(one.task.task_id, plan, programs, only_survivors=only_survivors)
    if cache and (found := cache.get(key)):
        return found
    matrix = await matrix_of(
        Remembered(sandbox),
        one.task.task_id,
        plan,
        programs,
        only_survivors=only_survivors,
        group=one.task.task_id,
    )
    if cache:
        cache.put(key, matrix)
    return matrix


# --- one choice ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Picked:
    """`index` is a candidate of the matrix."""

    index: int
    probability: float
    status: str
    reasons: tuple[str, ...]


def pick(
    matrix: Matrix,
    considered: Sequence[int],
    kinds: Sequence[str],
    model: Posterior | None = None,
) -> Picked:
    """The most probable behaviour's most frequent program, with its probability and the reasons."""
    kinds = [kind for kind in kinds if kind in KINDS]
    model = model or nearest(shipped(), kinds, len(considered))
    if model is None:
        raise ValueError(f"no weights for the evidence {', '.join(kinds) or 'none'}")
    found = weighed(matrix, considered, kinds, model)
    members, probability = found.groups[0], found.chances[0]
    index = considered[members[0]]
    visible = matrix.visible[matrix.row_of[index]] if "visible" in kinds else ()
    status = status_of(
        has_tests=bool(visible),
        passes=all(value == 1 for value in visible),
        can_prove=matrix.can_prove,
        probability=probability,
    )
    return Picked(
        index=index,
        probability=probability,
        status=status,
        reasons=_reasons(matrix, considered, kinds, index, len(members), visible),
    )


def _reasons(
    matrix: Matrix,
    considered: Sequence[int],
    kinds: Sequence[str],
    index: int,
    n_alike: int,
    visible: Sequence[int],
) -> tuple[str, ...]:
    said = []
    if visible:
        said.append(f"passes {sum(v == 1 for v in visible)} of {len(visible)} visible tests")
    if "agreement" in kinds:
        said.append(
            f"{n_alike} of {len(considered)} candidates behave like it on "
            f"{len(matrix.inputs)} inputs"
        )
    tests = matrix.generated[matrix.row_of[index]]
    if "generated" in kinds and tests:
        said.append(f"passes {sum(v == 1 for v in tests)} of {len(tests)} generated tests")
    return tuple(said)


# --- going on ------------------------------------------------------------------------------------


def _known(out: Path, options: PoolOptions) -> dict[str, Mapping[str, Any]]:
    """The choices that are there; a torn last line is cut off."""
    if not out.exists():
        return {}
    raw = out.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    known = {row["task_id"]: row for row in _rows(whole, out)}
    if len(whole) < len(raw):
        with out.open("r+b") as file:
            file.truncate(len(whole))
    for row in known.values():
        if tuple(row["evidence"]) != options.kinds:
            raise PoolError(
                f"{out.name} was made with --evidence {','.join(row['evidence'])}; "
                "give another --out, or the same evidence"
            )
    return known


def _rows(raw: bytes, out: Path) -> Iterator[Mapping[str, Any]]:
    for n, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
        try:
            row = json.loads(line)
            is_ours = {"task_id", "considered", "evidence"} <= row.keys()
        except (ValueError, AttributeError):
            is_ours = False
        if not is_ours:
            raise PoolError(f"{out.name}, line {n}: no choice of ours; give another --out")
        yield row


def _check_known(
    row: Mapping[str, Any] | None, one: PoolTask, options: PoolOptions, out: Path
) -> None:
    if row is not None and tuple(row["considered"]) != drawn(one, options):
        raise PoolError(
            f"{out.name} was made with another --k, --seed or pool ({one.task.task_id}); "
            "give another --out"
        )

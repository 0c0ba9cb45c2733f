"""Runs the project's tests once on the code as it stands, traced; kept by content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

from pipeline.core.reach import Reach
from pipeline.storage.caches import cache_folder
from pipeline.storage.kept import keep, read_kept
from sandbox.api import (
    BROKEN_MACHINERY,
    Entered,
    Job,
    Limits,
    Observation,
    Outcome,
    ProjectTests,
    Sandbox,
    TestEnd,
    TestSeen,
    World,
)

EACH_CPU_S = 5.0
"""After which one test is ended: its function may never return."""
PATIENCE = Limits(
    cpu_s=30.0, wall_s=120.0, memory_mb=384, output_bytes=8 << 20, result_bytes=32 << 20
)
"""For one run of many tests, plugins that print included."""
_VERSION = "2"


async def reach_of(
    sandbox: Sandbox,
    world: World,
    code: str,
    node_ids: Sequence[str],
    *,
    group: str = "",
    limits: Limits = PATIENCE,
) -> Reach:
    """What the tests do, `code` being the text of the world's module; files count as all they hold.

    The same again costs nothing: the result is kept under the content of all that it depends on.
    What a limit cut is said in `cut`, and kept only where it was the limit of CPU seconds.
    """
    if not node_ids:
        return Reach()
    path = _kept_at(world, code, node_ids, limits)
    known = _read(path)
    if known is not None:
        return known
    form = ProjectTests(node_ids=tuple(node_ids), is_traced=True, each_cpu_s=EACH_CPU_S)
    job = Job(code=code, form=form, world=world, limits=limits)
    (seen,) = await sandbox.run([job], group=group)
    reach = Reach(tests=seen.tests, cut=_why_cut(seen))
    if seen.outcome in (Outcome.RETURNED, Outcome.TIMEOUT_CPU):
        keep(path, json.dumps(_packed(reach)).encode())
    return reach


def _why_cut(seen: Observation) -> str:
    if seen.outcome is Outcome.RETURNED:
        return ""
    if seen.outcome in BROKEN_MACHINERY:
        return f"the sandbox could not run the project's tests: {seen.detail}"
    why = seen.detail or seen.outcome.value
    if seen.exception is not None:
        why = f"{seen.exception.type}: {seen.exception.message}"
    where = f" in {seen.last_begun}" if seen.last_begun else ""
    return f"the run of the project's tests ended after {len(seen.tests)} of them{where}: {why}"


# --- kept -----------------------------------------------------------------------------------------


def _kept_at(world: World, code: str, node_ids: Sequence[str], limits: Limits) -> Path:
    parts = (_VERSION, str(limits.cpu_s), world.key, code, *node_ids)
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16)
    return cache_folder() / "reach" / f"{digest.hexdigest()}.json"


def _packed(reach: Reach) -> list[object]:
    """Functions once, tests with their numbers."""
    functions = sorted({one for test in reach.tests for one in test.entered | test.stack})
    number = {one: n for n, one in enumerate(functions)}
    tests = [
        [
            *(t.node_id, t.end.value, t.message, t.duration_s),
            *(sorted(number[one] for one in some) for some in (t.entered, t.stack)),
        ]
        for t in reach.tests
    ]
    return [[list(asdict(one).values()) for one in functions], tests, reach.cut]


def _read(path: Path) -> Reach | None:
    data = read_kept(path)
    if data is None:
        return None
    functions, tests, cut = json.loads(data)
    entered = [Entered(path=path, line=line, name=name) for path, line, name in functions]
    return Reach(
        tests=tuple(
            TestSeen(
                node_id=node_id,
                end=TestEnd(end),
                message=message,
                duration_s=took_s,
                entered=frozenset(entered[n] for n in numbers),
                stack=frozenset(entered[n] for n in stack),
            )
            for node_id, end, message, took_s, numbers, stack in tests
        ),
        cut=cut,
    )

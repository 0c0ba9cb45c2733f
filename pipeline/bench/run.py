"""Solves a suite: one atomic answer file per task, condition and seed; resumable, no hidden test.

This process never imports `pipeline.bench.hidden`; the scorer never imports this one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field

from pipeline.bench.cells import run_cell
from pipeline.bench.conditions import condition_of, settings_of
from pipeline.bench.energy import EnergyMeter
from pipeline.bench.publish import Selection, publish
from pipeline.bench.records import (
    BenchError,
    Cell,
    Json,
    RunFolder,
    RunMismatch,
    canonical,
    file_sha256,
    read_object,
    read_tasks,
    to_json,
    write_atomically,
    write_manifest,
)
from pipeline.core.context import Settings
from pipeline.wiring import Runtime

OnDone = Callable[[Cell, int, int], None]
"""Called after each cell with how many are done and how many there are."""


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """What to run; together with model, prompts and versions it makes a run what it is."""

    selection: Selection
    conditions: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    settings: Settings = field(default_factory=Settings)
    n_workers: int = 4
    """Tasks solved at a time; the model's own queue decides which call is next."""


async def split_suite(plan: RunPlan, folder: RunFolder) -> Json:
    """Have the suite split by another process; gives what that one says of it.

    Raises BenchError for a plan or a suite that cannot be.
    """
    conditions = {condition_of(name).name for name in plan.conditions}
    if not conditions or len(conditions) < len(plan.conditions):
        raise BenchError("conditions must be given, and none of them twice")
    folder.root.mkdir(parents=True, exist_ok=True)
    suite = await publish(plan.selection, folder.new_tasks)
    chosen = canonical(asdict(plan.selection))
    return suite | {"selection": chosen, "tasks_sha256": file_sha256(folder.new_tasks)}


def prepare(plan: RunPlan, folder: RunFolder, suite: Json, made_with: Json) -> tuple[Cell, ...]:
    """The cells of the run; the folder is a new one, or one of the very same run.

    Raises RunMismatch, which names what differs.
    """
    record = canonical(_record(plan, suite, made_with))
    if folder.run.exists():
        folder.new_tasks.unlink()
        _refuse_other_run(folder, record)
    else:
        folder.new_tasks.replace(folder.tasks)
        write_atomically(folder.run, to_json(record))
    return cells_in(folder)


def _record(plan: RunPlan, suite: Json, made_with: Json) -> Json:
    conditions = {name: condition_of(name) for name in plan.conditions}
    return {
        "format": 2,
        "suite": suite,
        "conditions": {
            name: {"about": one.about, "settings": asdict(settings_of(one, plan.settings))}
            for name, one in conditions.items()
        },
        "seeds": list(plan.seeds),
        **made_with,
    }


def _refuse_other_run(folder: RunFolder, record: Json) -> None:
    before = read_object(folder.run)
    differs = [key for key in record if before.get(key) != record[key] and key != "machine"]
    if differs:
        raise RunMismatch(
            f"{folder.root} holds a run with another {differs[0]}"
            f" ({_difference(before.get(differs[0]), record[differs[0]])}); give another --out"
        )
    if file_sha256(folder.tasks) != record["suite"]["tasks_sha256"]:
        raise RunMismatch(f"{folder.tasks} was changed; give another --out")


def _difference(before: object, now: object) -> str:
    """The first thing that is not the same, by its path."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            if before.get(key) != now.get(key):
                return f"{key}: {_difference(before.get(key), now.get(key))}"
    return f"{str(before)[:60]} then, {str(now)[:60]} now"


def cells_in(folder: RunFolder) -> tuple[Cell, ...]:
    """Every cell of the run that lies in a folder, done or not. Raises BenchError.

    Condition by condition, so that each one's wall clock can be told.
    """
    record = read_object(folder.run)
    tasks = read_tasks(folder.tasks)
    return tuple(
        Cell(task_id=task.task_id, condition=name, seed=seed)
        for name in record["conditions"]
        for seed in record["seeds"]
        for task in tasks
    )


async def run_cells(
    runtime: Runtime,
    settings: Settings,
    folder: RunFolder,
    cells: Sequence[Cell],
    *,
    n_workers: int = 4,
    on_done: OnDone | None = None,
    meter: EnergyMeter | None = None,
) -> int:
    """Solve those cells that have no answer yet; returns how many faults were recorded.

    Raises ModelError and SandboxError when the machinery breaks, OSError when nothing can be
    written; what was answered stays.
    """
    tasks = {task.task_id: task for task in read_tasks(folder.tasks)}
    waiting = [cell for cell in cells if not folder.answer(cell).exists()]
    n_done, n_faults = len(cells) - len(waiting), 0
    clock, meter = _Clock(), meter or EnergyMeter()
    queue = iter(waiting)

    async def work() -> None:
        nonlocal n_done, n_faults
        for cell in queue:
            done = await run_cell(runtime, settings, tasks[cell.task_id], cell, folder)
            done.write(folder, wall_share_s=clock.lap(), energy_share_j=meter.lap())
            n_done += 1
            n_faults += done.is_fault
            if on_done is not None:
                on_done(cell, n_done, len(cells))

    await _together(work, min(n_workers, len(waiting)))
    return n_faults


def finish(folder: RunFolder) -> str:
    """Write the list of answers of a run that is complete; returns its sha256.

    Raises BenchError, which says how many answers are missing and what makes them.
    """
    cells = cells_in(folder)
    missing = [cell for cell in cells if not folder.answer(cell).exists()]
    if missing:
        raise BenchError(
            f"{len(missing)} of {len(cells)} answers are missing, the first is"
            f" {missing[0].file_name}; `atlas bench run` with the same --out goes on"
        )
    return write_manifest(folder, cells)


async def _together(work: Callable[[], Coroutine[None, None, None]], n_workers: int) -> None:
    """Run the workers; the first error ends all of them and is raised as it is."""
    running = [asyncio.create_task(work()) for _ in range(n_workers)]
    try:
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Clock:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last cell was done; those of all cells add up to the wall clock."""
        before, self._last = self._last, time.monotonic()
        return round(self._last - before, 4)

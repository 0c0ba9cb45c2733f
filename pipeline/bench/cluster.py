"""A run's cells on other processes or machines: Ray actors, or a Slurm array through submitit.

Both are thin over `solve_cell` and `solve_shard`, which is what a shard on any other scheduler
runs too. Every worker has a model and a sandbox of its own; the run folder is on a file system
that all of them share, and a cell that has an answer there is not solved again.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline.bench.cells import run_cell
from pipeline.bench.records import BenchError, Cell, PublicTask, RunFolder, read_tasks
from pipeline.bench.run import OnDone, cells_in, run_cells
from pipeline.bench.shards import Shard
from pipeline.core.context import Settings
from pipeline.wiring import Runtime, runtime

MAX_RESTARTS, MAX_RETRIES = 3, 2
"""Of a worker, and of the cell that was in its hands."""


@dataclass(frozen=True, kw_only=True)
class WorkerActor:
    """What another process needs to know to solve cells of a run."""

    folder: Path
    model: str
    sandbox: Literal["docker", "unsafe-local"]
    settings: Settings = field(default_factory=Settings)


def run_on(where: str, worker: WorkerActor, n_workers: int, on_done: OnDone | None = None) -> int:
    """Solve every cell that has no answer yet; returns how many faults were recorded.

    Raises BenchError where the library is missing or workers die again and again.
    """
    folder = RunFolder(worker.folder)
    before = set(_faults(folder))
    cells = [cell for cell in cells_in(folder) if not folder.answer(cell).exists()]
    if cells:
        _WAYS[where](worker, cells, n_workers, on_done)
    return len(set(_faults(folder)) - before)


def _faults(folder: RunFolder) -> list[Path]:
    return list((folder.root / "faults").glob("[!.]*.txt"))


@asynccontextmanager
async def _up(worker: WorkerActor) -> AsyncIterator[Runtime]:
    async with runtime(model=worker.model, sandbox=worker.sandbox, workers=1) as up:
        yield up


async def solve_cell(up: Runtime, worker: WorkerActor, public: PublicTask, cell: Cell) -> bool:
    """Write the cell's answer if it is not there; says whether it was a fault."""
    folder = RunFolder(worker.folder)
    if folder.answer(cell).exists():
        return False
    loop = asyncio.get_running_loop()
    began = loop.time()
    done = await run_cell(up, worker.settings, public, cell, folder)
    done.write(folder, wall_share_s=round(loop.time() - began, 4))
    return done.is_fault


def solve_shard(worker: WorkerActor, shard: Shard) -> int:
    """All cells of a shard in this process, one after the other; returns the number of faults."""

    async def main() -> int:
        folder = RunFolder(worker.folder)
        cells = [cell for cell in cells_in(folder) if cell in shard]
        async with _up(worker) as up:
            return await run_cells(up, worker.settings, folder, cells, n_workers=1)

    return asyncio.run(main())


# --- Ray -----------------------------------------------------------------------------------------


class SolverActor:
    """An actor: its model and its sandbox are opened once, and again after it was killed."""

    def __init__(self, worker: WorkerActor) -> None:
        self._worker = worker
        self._tasks = {one.task_id: one for one in read_tasks(RunFolder(worker.folder).tasks)}
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._up = self._loop.run_until_complete(self._stack.enter_async_context(_up(worker)))

    def solve(self, cell: Cell) -> tuple[Cell, bool]:
        task = self._tasks[cell.task_id]
        made = solve_cell(self._up, self._worker, task, cell)
        return cell, self._loop.run_until_complete(made)

    def close(self) -> None:
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()


def _on_ray(
    worker: WorkerActor, cells: Sequence[Cell], n_workers: int, on_done: OnDone | None
) -> None:
    ray = _library("ray", "ray")
    if not ray.is_initialized():
        ray.init(num_cpus=n_workers, include_dashboard=False, object_store_memory=80_000_000)
    remote = ray.remote(max_restarts=MAX_RESTARTS, max_task_retries=MAX_RETRIES, num_cpus=1)(
        SolverActor
    )
    actors = [remote.remote(worker) for _ in range(min(n_workers, len(cells)))]
    try:
        answers = ray.util.ActorPool(actors).map_unordered(
            lambda one, cell: one.solve.remote(cell), cells
        )
        for n, (cell, _) in enumerate(answers, start=1):
            if on_done is not None:
                on_done(cell, n, len(cells))
        ray.get([one.close.remote() for one in actors])
    except ray.exceptions.RayError as exc:
        first = str(exc).strip().splitlines()[-1]
        raise BenchError(
            f"a worker on ray died {MAX_RESTARTS} times ({first}); the same command goes on"
        ) from exc
    finally:
        ray.shutdown()


# --- Slurm ---------------------------------------------------------------------------------------


def _on_slurm(
    worker: WorkerActor, cells: Sequence[Cell], n_workers: int, on_done: OnDone | None
) -> None:
    """A job per shard; one that was killed is sent again. Without Slurm here, local processes."""
    submitit = _library("submitit", "slurm")
    executor = submitit.AutoExecutor(folder=worker.folder / "slurm")
    executor.update_parameters(name="atlas-bench", timeout_min=24 * 60, cpus_per_task=1)
    waiting = [Shard(number=n + 1, of=n_workers) for n in range(n_workers)]
    folder = RunFolder(worker.folder)
    for _ in range(1 + MAX_RETRIES):
        with executor.batch():
            jobs = [executor.submit(solve_shard, worker, shard) for shard in waiting]
        waiting = [s for s, job in zip(waiting, jobs, strict=True) if not _ended(submitit, job)]
        _tell(folder, cells, on_done)
        if not waiting:
            return
    raise BenchError(
        f"shard {waiting[0]} died {1 + MAX_RETRIES} times, its log lies in"
        f" {worker.folder / 'slurm'}; the same command goes on"
    )


def _ended(submitit: Any, job: Any) -> bool:
    """Whether the job came to its end; what it raised is not repeated by a second go."""
    try:
        job.result()
    except submitit.core.utils.FailedJobError as exc:
        raise BenchError(f"a worker failed: {str(exc).strip().splitlines()[-1]}") from exc
    except submitit.core.utils.UncompletedJobError:
        return False
    return True


def _tell(folder: RunFolder, cells: Sequence[Cell], on_done: OnDone | None) -> None:
    done = [cell for cell in cells if folder.answer(cell).exists()]
    if on_done is not None and done:
        on_done(done[-1], len(done), len(cells))


def _library(name: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as exc:
        raise BenchError(
            f"{name} is not installed; {sys.executable} -m pip install 'atlas-lsp[{extra}]'"
        ) from exc


_WAYS: dict[str, Callable[[WorkerActor, Sequence[Cell], int, OnDone | None], None]] = {
    "ray": _on_ray,
    "slurm": _on_slurm,
}

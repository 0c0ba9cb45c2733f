"""Solves a suite: one atomic answer file per task, condition and seed; resumable, no hidden test.

This process never imports `pipeline.bench.hidden`; the scorer never imports this one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field, replace

from pipeline.bench.conditions import Condition, condition_of, settings_of
from pipeline.bench.energy import EnergyMeter
from pipeline.bench.publish import Selection, publish
from pipeline.bench.records import (
    Answer,
    BenchError,
    Cell,
    Cost,
    Json,
    PublicTask,
    RunFolder,
    RunMismatch,
    canonical,
    file_sha256,
    read_object,
    read_tasks,
    sweep_torn,
    to_json,
    write_atomically,
    write_manifest,
)
from pipeline.bench.suites import task_of
from pipeline.core.context import Context, Settings
from pipeline.core.events import Emit, Event, JsonlTrace, Progress
from pipeline.core.task import Candidate, Judged, Solution, Task
from pipeline.engine import solve
from pipeline.generate.candidates import generate, probe
from pipeline.models.api import PromptTooLong
from pipeline.running.judge import runnable
from pipeline.wiring import Runtime

OnDone = Callable[[Cell, int, int], None]
"""Called after each cell with how many are done and how many there are."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run; together with model, prompts and versions it makes a run what it is."""

    selection: Selection
    conditions: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    settings: Settings = field(default_factory=Settings)
    n_workers: int = 4
    """Tasks solved at a time; the model's own queue decides which call is next."""


async def split_suite(plan: Plan, folder: RunFolder) -> Json:
    """Have the suite split by another process; gives what that one says of it.

    Raises BenchError for a plan or a suite that cannot be.
    """
    conditions = {condition_of(name).name for name in plan.conditions}
    if not conditions or len(conditions) < len(plan.conditions):
        raise BenchError("conditions must be given, and none of them twice")
    folder.root.mkdir(parents=True, exist_ok=True)
    sweep_torn(folder.root)
    suite = await publish(plan.selection, folder.new_tasks)
    chosen = canonical(asdict(plan.selection))
    return suite | {"selection": chosen, "tasks_sha256": file_sha256(folder.new_tasks)}


def prepare(plan: Plan, folder: RunFolder, suite: Json, made_with: Json) -> tuple[PublicTask, ...]:
    """The public tasks of the run; the folder is a new one, or one of the very same run.

    Raises RunMismatch, which names what differs.
    """
    record = canonical(_record(plan, suite, made_with))
    if folder.run.exists():
        folder.new_tasks.unlink()
        _refuse_other_run(folder, record)
    else:
        folder.new_tasks.replace(folder.tasks)
        write_atomically(folder.run, to_json(record))
    return read_tasks(folder.tasks)


def _record(plan: Plan, suite: Json, made_with: Json) -> Json:
    conditions = {name: condition_of(name) for name in plan.conditions}
    return {
        "format": 1,
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


def cells_of(plan: Plan, tasks: Sequence[PublicTask]) -> tuple[Cell, ...]:
    """Condition by condition, so that each one's wall clock can be told."""
    return tuple(
        Cell(task_id=task.task_id, condition=name, seed=seed)
        for name in plan.conditions
        for seed in plan.seeds
        for task in tasks
    )


async def run_cells(
    runtime: Runtime,
    plan: Plan,
    folder: RunFolder,
    tasks: Sequence[PublicTask],
    on_done: OnDone | None = None,
    meter: EnergyMeter | None = None,
) -> str:
    """Solve what has no answer yet, then write the list of answers; returns its sha256.

    Raises ModelError and SandboxError when the machinery breaks; what was answered stays.
    """
    known = {task.task_id: task for task in tasks}
    cells = cells_of(plan, tasks)
    waiting = [cell for cell in cells if not folder.answer(cell).exists()]
    n_done = len(cells) - len(waiting)
    clock, meter = _Clock(), meter or EnergyMeter()
    queue = iter(waiting)

    async def work() -> None:
        nonlocal n_done
        for cell in queue:
            answer, ledger = await solve_cell(runtime, plan, known[cell.task_id], cell, folder)
            cost = Cost(ledger=ledger, wall_share_s=clock.lap(), energy_share_j=meter.lap())
            write_atomically(folder.cost(cell), to_json(cost))
            write_atomically(folder.answer(cell), to_json(answer))
            n_done += 1
            if on_done is not None:
                on_done(cell, n_done, len(cells))

    await _together(work, min(plan.n_workers, len(waiting)))
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


# --- one cell ------------------------------------------------------------------------------------


async def solve_cell(
    runtime: Runtime, plan: Plan, public: PublicTask, cell: Cell, folder: RunFolder
) -> tuple[Answer, Json]:
    """The answer to one task under one condition, and its ledger."""
    condition = condition_of(cell.condition)
    settings = replace(settings_of(condition, plan.settings), seed=cell.seed)
    with JsonlTrace(folder.trace(cell)) as trace:
        ctx = runtime.context(settings, _quiet(trace), group=cell.file_name)
        try:
            answer = await _answer(ctx, condition, public, cell)
        except PromptTooLong as exc:
            answer = _none(public, cell, str(exc))
    return answer, dict(ctx.ledger.as_json())


def _quiet(trace: JsonlTrace) -> Emit:
    """Everything but the progress, which is for people and there by the thousand."""

    def emit(event: Event) -> None:
        if not isinstance(event, Progress):
            trace(event)

    return emit


async def _answer(ctx: Context, condition: Condition, public: PublicTask, cell: Cell) -> Answer:
    task = task_of(public)
    if condition.base in "AB":
        began = time.monotonic()
        stage = probe if condition.base == "A" else generate
        made = await stage(ctx, task)
        ctx.ledger.wall_s = time.monotonic() - began
        return _unjudged(task, public, cell, made)
    return _judged(task, public, cell, await solve(ctx, task))


def _none(public: PublicTask, cell: Cell, detail: str) -> Answer:
    return Answer(**_head(public, cell), status="none", program=None, detail=detail)


def _head(public: PublicTask, cell: Cell) -> Json:
    return {**asdict(cell), "part": public.part}


def _unjudged(task: Task, public: PublicTask, cell: Cell, made: Sequence[Candidate]) -> Answer:
    """The one that the model itself finds likeliest; an unknown logprob is never best."""
    if not made:
        return _none(public, cell, "no candidate could be read from the answers")
    ranked = sorted(made, key=_likelihood, reverse=True)
    programs = [runnable(task, one) for one in ranked]
    return Answer(
        **_head(public, cell),
        status="unverified",
        program=programs[0],
        candidates=tuple(
            _candidate_json(program, one, None)
            for program, one in zip(programs, ranked, strict=True)
        ),
        stages=tuple(dict.fromkeys(one.origin for one in made)),
    )


def _likelihood(candidate: Candidate) -> float:
    return candidate.mean_logprob if candidate.mean_logprob is not None else float("-inf")


def _judged(task: Task, public: PublicTask, cell: Cell, solution: Solution) -> Answer:
    """What the engine chose; a function that passes its examples already stands as it is."""
    if solution.chosen is None and not task.is_stub:
        program: str | None = task.program(task.statement)
    else:
        program = runnable(task, solution.chosen.candidate) if solution.chosen else None
    pool = [*([solution.chosen] if solution.chosen else []), *solution.rejected]
    return Answer(
        **_head(public, cell),
        status=str(solution.status),
        program=program,
        probability=solution.probability,
        candidates=tuple(_judged_json(task, one) for one in pool),
        stages=solution.stages,
        detail="" if solution.chosen else "; ".join(solution.evidence),
    )


def _judged_json(task: Task, judged: Judged) -> Json:
    passes = judged.passes if judged.visible else None
    return _candidate_json(runnable(task, judged.candidate), judged.candidate, passes)


def _candidate_json(program: str, candidate: Candidate, passes_visible: bool | None) -> Json:
    logprob = candidate.mean_logprob
    return {
        "program": program,
        "origin": candidate.origin,
        "plan": candidate.plan,
        "perturbation": candidate.perturbation,
        "passes_visible": passes_visible,
        "tokens": candidate.thinking_tokens + candidate.answer_tokens,
        "mean_logprob": None if logprob is None else round(logprob, 4),
    }

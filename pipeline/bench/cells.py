"""One cell of a run: a task under a condition with a seed, solved and written down whole.

Everything that runs cells, here or on a cluster, goes through `run_cell`: a fault in one task is
recorded with its trace, broken machinery is raised.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace

from pipeline.bench.asking import way_of
from pipeline.bench.asking.function import none
from pipeline.bench.conditions import condition_of, settings_of
from pipeline.bench.records import (
    Answer,
    Cell,
    Cost,
    Json,
    PublicTask,
    RunFolder,
    to_json,
    write_atomically,
)
from pipeline.core.context import Settings
from pipeline.core.events import Emit, Event, JsonlTrace, Progress
from pipeline.models.api import ModelError, PromptTooLong
from pipeline.wiring import Runtime
from sandbox.api import SandboxError

FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class SolvedCell:
    """A cell's answer, not yet written."""

    cell: Cell
    answer: Answer
    ledger: Json
    trace: str = ""
    """Of the fault that was in the way; "" where there was none."""

    @property
    def is_fault(self) -> bool:
        return bool(self.trace)

    def write(
        self, folder: RunFolder, *, wall_share_s: float, energy_share_j: float | None = None
    ) -> None:
        """Cost and fault first: where the answer lies, all of it lies. Raises OSError."""
        if self.trace:
            write_atomically(folder.fault(self.cell.file_name), self.trace)
        cost = Cost(ledger=self.ledger, wall_share_s=wall_share_s, energy_share_j=energy_share_j)
        write_atomically(folder.cost(self.cell), to_json(cost))
        write_atomically(folder.answer(self.cell), to_json(self.answer))


async def run_cell(
    runtime: Runtime, base: Settings, public: PublicTask, cell: Cell, folder: RunFolder
) -> SolvedCell:
    """The answer to one task under one condition.

    Raises ModelError, SandboxError and OSError: those are not the task's fault.
    """
    condition = condition_of(cell.condition)
    settings = replace(settings_of(condition, base), seed=cell.seed)
    with JsonlTrace(folder.trace(cell)) as trace:
        ctx = runtime.context(settings, _quiet(trace), group=cell.file_name)
        fault = ""
        try:
            answer = await way_of(public)(ctx, condition, public, cell)
        except PromptTooLong as exc:
            answer = none(public, cell, str(exc))
        except (ModelError, SandboxError, OSError):
            raise
        except Exception as exc:  # noqa: BLE001 - one task's fault must not take the run with it
            fault = traceback.format_exc()
            answer = none(public, cell, f"{type(exc).__name__}: {exc}"[:300], status=FAULT)
    return SolvedCell(cell=cell, answer=answer, ledger=dict(ctx.ledger.as_json()), trace=fault)


def _quiet(trace: JsonlTrace) -> Emit:
    """Everything but the progress, which is for people and there by the thousand."""

    def emit(event: Event) -> None:
        if not isinstance(event, Progress):
            trace(event)

    return emit

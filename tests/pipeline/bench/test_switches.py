"""A switch that nothing reads is a lie: every one is walked, under every condition."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields

import pytest

from atlas_lsp.commands.common import STAGES
from pipeline.bench.asking.function import answer
from pipeline.bench.conditions import ABOUT, SWITCHES, condition_of, settings_of, switches_of
from pipeline.bench.records import BenchError, Cell, PublicTask
from pipeline.core.context import Context, Settings
from pipeline.models.api import Completion, ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

INFO = ModelInfo(
    name="scripted", backend="scripted", n_ctx=1 << 20, n_params=14_000_000_000, has_thinking=True
)
NAMES = (*(base for base in ABOUT), "R3")
SILENT = 'def f(n: int) -> int:\n    """Twice n."""\n'
WRONG = 'def f(n):\n    """Twice n.\n\n    >>> f(3)\n    7\n    """\n    return [n] * len(n)\n'
SAMPLE = {"input": "2\n", "output": "4\n"}
TASKS = (
    PublicTask(task_id="silent", source=SILENT, entry_point="f"),
    PublicTask(task_id="wrong", source=WRONG, entry_point="f"),
    PublicTask(task_id="program", kind="stdio", source="Print n + n.", visible=(SAMPLE,)),
)
BODIES = ("2 * n", "n + n if n < 50 else 0", "n * n", "abs(n) + n")
PROGRAMS = ("2 * n", "n * n", "n + 2")
seen: set[str] = set()


class Watched(Settings):
    """Settings that write down which of them are read, but not the copies that are made of them."""

    def __getattribute__(self, name: str) -> object:
        if sys._getframe(1).f_globals.get("__name__") != "dataclasses":
            seen.add(name)
        return super().__getattribute__(name)


def says(request: Request, index: int) -> str | Completion:
    text = request.messages[-1].content
    if "Print n + n" in text:
        return f"```python\nn = int(input())\nprint({PROGRAMS[index % 3]})\n```"
    if request.json_schema:
        return json.dumps({"outputs": [], "plans": ["add", "double"], "observations": []})
    return f"```python\ndef f(n):\n    return {BODIES[index % 4]}\n```"


async def switches_read(box: Sandbox, name: str) -> set[str]:
    """The fields of the settings that a condition reads on any of the tasks."""
    condition = condition_of(name)
    settings = settings_of(
        condition, Settings(mechanical_runs=99, repair_rounds=1, thinking_tokens=9)
    )
    seen.clear()
    for public in TASKS:
        ctx = Context(
            model=ScriptedModel(says, info=INFO), sandbox=box, settings=Watched(**asdict(settings))
        )
        await answer(ctx, condition, public, Cell(task_id=public.task_id, condition=name, seed=0))
    return seen & {field.name for field in fields(Settings)}


@pytest.mark.parametrize("name", NAMES)
async def test_a_condition_can_leave_out_what_it_reads_and_nothing_else(box: Sandbox, name: str):
    read = await switches_read(box, name)
    on = settings_of(condition_of(name), Settings())
    read = {one for one in read if getattr(on, one)}
    read = {"thinking" if one == "thinking_tokens" else one for one in read} & set(SWITCHES)
    assert set(switches_of(condition_of(name).base)) == read
    for stage in set(SWITCHES) - read:
        with pytest.raises(BenchError, match=f"{name}-{stage}: {name} has no {stage} to leave out"):
            condition_of(f"{name}-{stage}")


async def test_the_whole_pipeline_reads_every_setting(box: Sandbox):
    assert await switches_read(box, "D") == {field.name for field in fields(Settings)}


async def test_the_command_line_offers_the_same_switches():
    assert {*STAGES, "thinking"} == set(SWITCHES)

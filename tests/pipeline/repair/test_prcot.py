"""Repair rounds: perspectives side by side, anchors, the way back, memory, fresh starts, replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.core.board import Board
from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, JsonlTrace, Prompted, fan_out
from pipeline.core.task import Candidate, Judged, Status, Task
from pipeline.engine import solve
from pipeline.models.api import Model, Request
from pipeline.models.recorded import open_replay
from pipeline.models.scripted import ScriptedModel
from pipeline.repair.anchors import keeps_anchors, pick_parent
from pipeline.repair.memory import LONGEST, memory_of
from pipeline.repair.policy import load
from pipeline.repair.prcot import repaired
from pipeline.running.first_look import look
from pipeline.running.judge import judge_all
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.storage.kept import keep
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = '''def clamp(n):
    """n, but at least 0 and at most 9.

    >>> clamp(4)
    4
    >>> clamp(-3)
    0
    >>> clamp(12)
    9
    >>> clamp(99)
    9
    """
    return max(n, 0)
'''
RECORDING = Path(__file__).parent / "data" / "nano_repair.jsonl"
MODEL_ONLY = Settings(
    mechanical=False, probe=False, plan_search=False, thinking_tokens=0, lens=False, k=1
)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One repair round from `WRONG`, and what it left."""

    task: Task
    board: Board
    made: tuple[Candidate, ...]
    requests: Sequence[Request]
    events: Sequence[Event]


def task_of(source: str = WRONG) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, "clamp"))


def answer(body: str) -> str:
    return f"```python\ndef clamp(n):\n    {body}\n```"


async def play(
    box: Sandbox, answers: Sequence[str], *, round_: int = 0, made_before: Sequence[Candidate] = ()
) -> Round:
    model, events, board, task = ScriptedModel(map(answer, answers)), [], Board(), task_of()
    ctx = Context(model=model, sandbox=box, settings=MODEL_ONLY, emit=events.append)
    await look(ctx, task, board)
    board.add("repair", await judge_all(ctx, task, "repair", made_before))
    made = await repaired(ctx, task, board, round_)
    board.add("repair", await judge_all(ctx, task, "repair", made))
    return Round(task=task, board=board, made=made, requests=model.requests, events=events)


def tried(body: str, parent: int | None = None) -> Candidate:
    return Candidate(code=f"def clamp(n):\n    {body}\n", origin="repair", parent=parent)


async def judged(box: Sandbox, body: str) -> Judged:
    ctx = Context(model=ScriptedModel([]), sandbox=box)
    return (await judge_all(ctx, task_of(), "repair", [tried(body)]))[0]


def prompt_of(request: Request) -> str:
    return request.messages[0].content


async def test_branches_that_repair_share_all_but_the_perspective(box: Sandbox, tmp_path: Path):
    counts = tmp_path / "counts.json"
    many = '{"tried": 100, "won": %d, "tokens": 1000}'
    table = f'{{"scripted": {{"repair": {many % 90}, "restart": {many % 1}}}}}'
    assert keep(counts, table.encode())
    model, board, task = ScriptedModel(map(answer, ["return 0", "return 9"])), Board(), task_of()
    ctx = Context(model=model, sandbox=box, settings=MODEL_ONLY, counts=counts)
    await look(ctx, task, board)
    made = await repaired(ctx, task, board, 0)
    first, second = map(prompt_of, model.requests)
    assert "clamp(12)" in first
    assert second == f"{first}\nLook for a case that the code forgets."
    assert [one.perturbation for one in made] == ["logic", "missing case"]


async def test_each_repair_meets_the_tests_at_once(box: Sandbox):
    played = await play(box, ["return min(max(n, 0), 9)", "return 0"])
    assert [one.passes for one in played.board.judged] == [True, False]


async def test_a_repair_that_breaks_an_anchor_is_no_parent_though_it_passes_more(box: Sandbox):
    # It gains both large examples and loses the small one: 3 of 4, as many lose one before.
    worse = tried("return 0 if n < 0 else 9")
    played = await play(box, ["return 0", "return 1"], made_before=[worse])
    current = played.board.current
    assert current is not None
    broke = played.board.judged[0]
    assert broke.n_passed > current.n_passed
    assert not keeps_anchors(played.task, broke, current)
    assert pick_parent(played.task, played.board) is current
    assert "max(n, 0)" in prompt_of(played.requests[0])


async def test_a_repair_that_gains_and_keeps_becomes_the_parent(box: Sandbox):
    better = tried("return 9 if n == 12 else max(n, 0)")
    played = await play(box, ["return 0", "return 1"], made_before=[better])
    assert "n == 12" in prompt_of(played.requests[0])
    assert played.made[0].parent == 0


async def test_a_repair_that_gains_nothing_leaves_its_parent_in_place(box: Sandbox):
    same = tried("return n if n > 0 else 0")
    played = await play(box, ["return 0", "return 1"], made_before=[same])
    assert pick_parent(played.task, played.board) is played.board.current


async def test_anchors_are_single_examples(box: Sandbox):
    one, other = await judged(box, "return max(n, 0)"), await judged(box, "return min(n, 9)")
    assert one.n_passed == 2
    assert other.n_passed == 3
    assert not keeps_anchors(task_of(), other, one)
    right = await judged(box, "return min(max(n, 0), 9)")
    assert keeps_anchors(task_of(), right, one)


async def test_failed_ideas_are_remembered_in_three_lines_each(box: Sandbox):
    ideas = [tried("return n if n > 0 else 0"), tried("return 0 if n < 0 else 9")]
    played = await play(box, ["return 0", "return 1"], made_before=ideas)
    prompt = prompt_of(played.requests[0])
    at = prompt.index("Tried: ")
    lines = prompt[at:].splitlines()[:6]
    assert [line.split(":")[0].split(" because")[0] for line in lines] == [
        "Tried",
        "It gave",
        "It failed",
    ] * 2
    assert "n if n > 0 else 0" in lines[0]
    assert "clamp(12)" in lines[1]
    assert "no example more" in lines[2]
    assert "breaks an example that passed before" in lines[5]
    assert all(len(line) <= LONGEST for line in lines)


async def test_nothing_is_remembered_before_something_failed(box: Sandbox):
    board = Board()
    ctx = Context(model=ScriptedModel([]), sandbox=box)
    await look(ctx, task_of(), board)
    assert memory_of(task_of(), board) == ""


async def test_the_third_round_starts_afresh_and_leaves_failed_plans_alone(box: Sandbox):
    planned = Candidate(
        code="def clamp(n):\n    return min(n, 9)\n", origin="generate", plan="cut the upper end"
    )
    played = await play(box, ["return 0", "return 1"], round_=2, made_before=[planned])
    assert {one.perturbation for one in played.made} == {"fresh start"}
    assert {one.parent for one in played.made} == {None}
    for prompt in map(prompt_of, played.requests):
        assert "is wrong. Fix it" not in prompt
        assert "These plans failed, use another one: cut the upper end" in prompt


async def test_a_job_counts_what_its_rounds_brought(box: Sandbox, tmp_path: Path):
    bodies = ["return n", "return 9", "return min(max(n, 0), 9)"]
    ctx = Context(
        model=ScriptedModel(map(answer, bodies)),
        sandbox=box,
        settings=replace(MODEL_ONLY, agreement=False),
        counts=tmp_path / "counts.json",
    )
    solution = await solve(ctx, task_of())
    assert solution.status is Status.VERIFIED
    counts = load(ctx)
    assert (counts["repair"].tried, counts["repair"].won) == (1, 0)
    assert (counts["restart"].tried, counts["restart"].won) == (1, 1)
    assert counts["restart"].tokens == len(answer(bodies[2]).split())


# --- replay --------------------------------------------------------------------------------------


async def converse(model: Model, box: Sandbox, *sinks: object) -> tuple[list[Event], str]:
    events: list[Event] = []
    ctx = Context(
        model=model,
        sandbox=box,
        # The recording is of prompts that show every example.
        settings=replace(MODEL_ONLY, max_tokens=120, agreement=False, keep_back=False),
        emit=fan_out(events.append, *sinks),  # type: ignore[arg-type]
    )
    solution = await solve(ctx, task_of())
    chosen = solution.chosen.candidate.code if solution.chosen else ""
    return events, f"{solution.status} {solution.stages} {chosen}"


def decisions(events: Sequence[Event]) -> list[object]:
    """All that was decided and asked; what was answered came from the trace anyway."""
    return [e for e in events if isinstance(e, Decided | Prompted)]


async def test_a_repair_conversation_replays_with_the_same_decisions(box: Sandbox, tmp_path: Path):
    better = "return 9 if n == 12 else max(n, 0)"
    bodies = ["return n", better, "return 9", "return 1", "return min(max(n, 0), 9)"]
    script = ScriptedModel(map(answer, bodies))
    with JsonlTrace(tmp_path / "trace.jsonl") as trace:
        first, ended = await converse(script, box, trace)
    again, replayed = await converse(open_replay(tmp_path / "trace.jsonl"), box)
    policy = [e for e in first if isinstance(e, Decided) and e.what == "policy"]
    assert len(policy) >= 2
    assert decisions(again) == decisions(first)
    assert replayed == ended


async def test_what_nano_once_said_still_leads_to_the_same_decisions(box: Sandbox):
    events, _ = await converse(open_replay(RECORDING), box)
    policy = [e for e in events if isinstance(e, Decided) and e.what == "policy"]
    assert [e.choice for e in policy] == ["repair, restart"], "it brought no example more"
    assert [e.numbers["round"] for e in policy] == [0]

"""The judge of a difference sees one small input and two outputs; a bias by place is no vote."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, StageEnded
from pipeline.core.task import Candidate, Judged, Question
from pipeline.engine import solve
from pipeline.models.api import ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.running.matrix import Behaviours
from pipeline.select.compare import compare
from pipeline.select.distinguish import N_EACH, STAGE, Ruling, distinguish, question_of
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Call, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = '''def total(xs):
    """Sum of the numbers.

    >>> total([1, 2, 3])
    6
    """
    return SECRET_BODY
'''
RIGHT = "return sum(xs)  # SECRET_PROGRAM"
ABSOLUTE = "return sum(abs(x) for x in xs)"
RAISES = "return sum(xs) if len(xs) != 2 else xs[9]"
Judge = Callable[[Request], str]


def outputs_of(request: Request) -> dict[str, str]:
    """What a prompt shows under A and B."""
    lines = request.messages[0].content.splitlines()
    return {line[0]: line[3:] for line in lines if line.startswith(("A: ", "B: "))}


def says(place: str) -> Judge:
    return lambda _request: json.dumps({"right": place})


def prefers(smallest: bool) -> Judge:
    """A judge that looks at the outputs only."""
    pick = min if smallest else max

    def judge(request: Request) -> str:
        shown = outputs_of(request)
        return json.dumps({"right": pick(shown, key=lambda place: int(shown[place]))})

    return judge


async def check(
    box: Sandbox, bodies: list[str], judge: Judge, seen: Behaviours | None = None
) -> tuple[Ruling | None, list[Request], list[Event]]:
    document = document_from_bytes(STUB.encode())
    task = task_from_file(document, find_function(document, "total"))
    events: list[Event] = []
    model = ScriptedModel(
        lambda request, _n: judge(request),
        info=ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20),
    )
    ctx = Context(model=model, sandbox=box, emit=events.append)
    codes = [f"def total(xs):\n    {body}\n" for body in bodies]
    pool = [Judged(candidate=Candidate(code=code, origin="generate")) for code in codes]
    seen = seen or (await compare(ctx, task, pool)).behaviours(pool)
    groups = sorted(seen.clusters(), key=len, reverse=True)
    question = await question_of(ctx, task, pool, seen, groups)
    ruling = await distinguish(ctx, task, question) if question else None
    return ruling, model.requests, events


async def test_the_judge_sees_one_small_input_and_no_program(box: Sandbox):
    ruling, requests, events = await check(box, [RIGHT, RIGHT, ABSOLUTE], prefers(smallest=True))
    assert ruling is not None
    (numbers,) = ruling.question.call.args
    assert isinstance(numbers, list)
    assert len(numbers) == 1
    assert len(requests) == 2 * N_EACH
    for request in requests:
        text = request.messages[0].content
        assert "Sum of the numbers" in text
        assert "SECRET" not in text
    assert {tuple(outputs_of(r).values()) for r in requests} == {
        ruling.question.outputs,
        ruling.question.outputs[::-1],
    }
    (decided,) = [e for e in events if isinstance(e, Decided) and e.what == STAGE]
    assert ruling.question.shown in decided.choice


async def test_votes_follow_the_output_not_its_place(box: Sandbox):
    for smallest, side in ((True, 0), (False, 1)):
        ruling, _, _ = await check(box, [RIGHT, RIGHT, ABSOLUTE], prefers(smallest=smallest))
        assert ruling is not None
        assert ruling.side == side
        assert ruling.question.sides == ((0, 1), (2,))
        assert ruling.log_odds[side] > 0 > ruling.log_odds[1 - side]


@pytest.mark.parametrize("place", ["A", "B", "neither", "both of them"])
async def test_a_judge_that_looks_at_the_place_decides_nothing(box: Sandbox, place: str):
    ruling, _, events = await check(box, [RIGHT, ABSOLUTE], says(place))
    assert ruling is not None
    assert ruling.side is None
    assert ruling.log_odds == (0.0, 0.0)
    assert any(isinstance(e, StageEnded) and "split" in e.detail for e in events)


async def test_an_answer_that_is_no_json_is_no_vote(box: Sandbox):
    ruling, _, _ = await check(box, [RIGHT, ABSOLUTE], lambda _request: "A")
    assert ruling is not None
    assert ruling.votes == (None,) * (2 * N_EACH)
    assert ruling.side is None


async def test_an_exception_is_an_output_and_survives_the_reduction(box: Sandbox):
    ruling, _, _ = await check(box, [RIGHT, RIGHT, RAISES], says("A"))
    assert ruling is not None
    assert ruling.question.outputs[1] == "raises IndexError"


HANGS = Behaviours(
    inputs=(Call(entry="total", args=([1, 2],)),), rows=(("= 3",), ("timeout_wall",))
)


@pytest.mark.parametrize(("other", "seen"), [(RIGHT, None), (ABSOLUTE, HANGS)])
async def test_what_is_alike_or_only_slow_is_no_question(
    box: Sandbox, other: str, seen: Behaviours | None
):
    ruling, requests, _events = await check(box, [RIGHT, other], says("A"), seen)
    assert ruling is None
    assert not requests


# --- in a job ------------------------------------------------------------------------------------


RIVALS = (
    "return sum(xs)  # SECRET_PROGRAM",
    "return sum(map(abs, xs))",
    "return sum(map(abs, xs)) + 0",
)


async def job(box: Sandbox, settings: Settings, n_params: int) -> tuple[str, list[Request]]:
    """The chosen code of a job in which one right candidate stands against two that agree."""
    document = document_from_bytes(STUB.replace("    return SECRET_BODY\n", "").encode())
    task = task_from_file(document, find_function(document, "total"))
    bodies = iter(RIVALS)
    judge = prefers(smallest=True)

    def script(request: Request, _n: int) -> str:
        if request.messages[0].content.count("Two programs"):
            return judge(request)
        return f"```python\ndef total(xs):\n    {next(bodies)}\n```"

    info = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=n_params)
    model = ScriptedModel(script, info=info)
    off = dict.fromkeys(
        ("probe", "plan_search", "repair", "mechanical", "self_tests", "first_proof"), False
    )
    plain = replace(settings, **off)
    solution = await solve(Context(model=model, sandbox=box, settings=plain), task)
    assert solution.chosen is not None
    asked = [r for r in model.requests if r.messages[0].content.count("Two programs")]
    return solution.chosen.candidate.code, asked


async def test_a_judge_turns_two_votes_against_one(box: Sandbox):
    code, asked = await job(box, Settings(), 14 * 10**9)
    assert "abs" not in code
    assert len(asked) == 2 * N_EACH
    assert not any("SECRET" in r.messages[0].content for r in asked)


@pytest.mark.parametrize(
    ("settings", "n_params"), [(Settings(judge=False), 14 * 10**9), (Settings(), 6 * 10**6)]
)
async def test_a_small_model_is_no_judge_and_neither_is_one_that_is_off(
    box: Sandbox, settings: Settings, n_params: int
):
    code, asked = await job(box, settings, n_params)
    assert "abs" in code
    assert not asked


async def test_no_time_is_no_vote(box: Sandbox):
    document = document_from_bytes(STUB.encode())
    task = task_from_file(document, find_function(document, "total"))
    events: list[Event] = []
    ctx = Context(model=ScriptedModel([]), sandbox=box, emit=events.append)
    ctx.ledger.wall_s = ctx.settings.timeout_s
    question = Question(
        call=Call(entry="total", args=([-1],)),
        source="total([-1])",
        outputs=("-1", "1"),
        sides=((0,), (1,)),
    )
    assert await distinguish(ctx, task, question) is None
    (ended,) = [e for e in events if isinstance(e, StageEnded) and e.stage == STAGE]
    assert not ended.acted
    assert ended.detail == "no time is left"

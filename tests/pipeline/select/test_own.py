"""Self-made evidence moves the choice where survivors differ, by what it is worth, and no more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, StageEnded
from pipeline.core.task import Solution
from pipeline.engine import solve
from pipeline.models.api import ModelBroken, ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.select.self_evidence import CAP, _nats, log_ratio
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox
from tests.pipeline.testgen.test_selftests import asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = '''def double(n):
    """Twice n.

    >>> double(2)
    4
    >>> double(4)
    8
    >>> double(6)
    12
    """
'''
RIGHT, EVEN = "return 2 * n  # SECRET", "return 2 * n if n % 2 == 0 else n"
SORT = '''def order(xs):
    """The numbers in order.

    >>> order([3, 1, 2])
    [1, 2, 3]
    >>> order([2, 1, 4])
    [1, 2, 4]
    """
'''
PLAIN = Settings(
    first_proof=False,
    probe=False,
    plan_search=False,
    repair=False,
    mechanical=False,
    judge=False,
    lens=False,
)


async def job(
    box: Sandbox,
    source: str,
    bodies: list[str],
    settings: Settings = PLAIN,
    n_params: int = 14 * 10**9,
) -> tuple[Solution, list[Request], list[Event]]:
    """Candidates with these bodies; the model knows twice of everything."""
    document = document_from_bytes(source.encode())
    name = source[4 : source.index("(")]
    task = task_from_file(document, find_function(document, name))
    rest = iter(bodies)

    def script(request: Request, _n: int) -> str:
        if request.messages[0].content.count("What do these calls"):
            numbers = [int(call.removeprefix("double(").rstrip(")")) for call in asked(request)]
            return json.dumps({"outputs": [repr(2 * n) for n in numbers]})
        return f"```python\ndef {name}(xs):\n    {next(rest)}\n```".replace(
            "(xs)", "(n)" if name == "double" else "(xs)"
        )

    info = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=n_params)
    model, events = ScriptedModel(script, info=info), list[Event]()
    ctx = Context(model=model, sandbox=box, settings=settings, emit=events.append)
    return await solve(ctx, task), model.requests, events


def questions(requests: list[Request]) -> list[str]:
    texts = [request.messages[0].content for request in requests]
    return [text for text in texts if "What do these calls" in text]


async def test_self_tests_turn_two_votes_against_one(box: Sandbox):
    solution, requests, events = await job(box, STUB, [EVEN, RIGHT, f"n = n\n    {EVEN}"])
    assert solution.chosen is not None
    assert "else n" not in solution.chosen.candidate.code
    assert solution.chosen.own
    assert all(verdict.passed for verdict in solution.chosen.own)
    assert any("self-made tests" in line for line in solution.evidence)
    assert questions(requests)
    assert not any("SECRET" in text for text in questions(requests))
    (decided,) = [e for e in events if isinstance(e, Decided) and e.what == "self_tests"]
    assert decided.numbers["tests"]


@pytest.mark.parametrize(
    ("settings", "n_params"), [(replace(PLAIN, self_tests=False), 14 * 10**9), (PLAIN, 10**6)]
)
async def test_a_small_model_is_not_asked_and_neither_is_one_that_is_off(
    box: Sandbox, settings: Settings, n_params: int
):
    bodies = [EVEN, RIGHT, f"n = n\n    {EVEN}"]
    solution, requests, _events = await job(box, STUB, bodies, settings, n_params)
    assert solution.chosen is not None
    assert "else n" in solution.chosen.candidate.code
    assert not questions(requests)
    assert not solution.chosen.own


async def test_survivors_that_agree_cost_nothing(box: Sandbox):
    _solution, requests, _events = await job(box, STUB, [RIGHT, "return n + n", "return n * 2"])
    assert not questions(requests)


async def test_a_property_that_all_examples_keep_speaks_without_a_token(box: Sandbox):
    """Two drop repeated numbers; in every example the result is a permutation of the input."""
    bodies = ["return sorted(set(xs))", "return sorted(xs)", "return sorted({*xs})"]
    solution, requests, _events = await job(box, SORT, bodies, n_params=10**6)
    assert solution.chosen is not None
    assert "return sorted(xs)" in solution.chosen.candidate.code
    assert len(requests) == 3


async def test_no_amount_of_self_made_evidence_says_more_than_the_cap():
    assert log_ratio(0.95, passed=True) == pytest.approx(0.49, abs=0.01)
    assert log_ratio(0.95, passed=False) < -2
    assert log_ratio(0.5, passed=False) == pytest.approx(-0.18, abs=0.01)
    assert _nats(40, 0, (), ()) == CAP
    assert _nats(40, 40, (), ()) == -CAP
    assert _nats(0, 0, (), ()) == 0


async def test_a_model_that_breaks_at_the_end_does_not_lose_the_best(box: Sandbox):
    document = document_from_bytes(STUB.encode())
    rest = iter([EVEN, RIGHT, f"n = n\n    {EVEN}"])

    def script(request: Request, _n: int) -> str:
        if request.messages[0].content.count("Write this Python function"):
            return f"```python\ndef double(n):\n    {next(rest)}\n```"
        raise ModelBroken("torn")

    info = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=14 * 10**9)
    events: list[Event] = []
    settings = replace(PLAIN, judge=True)
    ctx = Context(
        model=ScriptedModel(script, info=info), sandbox=box, settings=settings, emit=events.append
    )
    solution = await solve(ctx, task_from_file(document, find_function(document, "double")))
    assert solution.chosen is not None
    assert solution.chosen.passes
    gone = [e.stage for e in events if isinstance(e, StageEnded) and e.detail == "torn"]
    assert gone == ["self_tests", "distinguish"]

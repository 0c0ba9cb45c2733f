"""Self-tests: made without the code, trusted as far as masked examples allow."""

from __future__ import annotations

import json

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Task
from pipeline.models.api import ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.testgen.selftests import (
    LEAST_R,
    SelfTests,
    broken_properties,
    combined,
    properties_of,
    self_tests,
)
from sandbox.api import Call, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOUBLE = '''def double(n):
    """Twice n.

    >>> double(2)
    4
    >>> double(-3)
    -6
    >>> double(5)
    10
    """
    return n * SECRET_BODY
'''


def task_of(source: str, name: str = "double") -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, name))


def asked(request: Request) -> list[str]:
    """The calls that a prompt asks for: what comes last."""
    text = request.messages[0].content
    return text.rpartition("\n\n")[2].split()


def twice(request: Request) -> str:
    numbers = [int(call.removeprefix("double(").rstrip(")")) for call in asked(request)]
    return json.dumps({"outputs": [repr(2 * n) for n in numbers]})


async def check(box: Sandbox, source: str, script: object) -> tuple[SelfTests, list[Request]]:
    info = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20)
    model = ScriptedModel(script, info=info)  # type: ignore[arg-type]
    ctx = Context(model=model, sandbox=box, settings=Settings())
    return await self_tests(ctx, task_of(source)), model.requests


async def test_a_model_that_knows_gives_tests_with_its_measured_reliability(box: Sandbox):
    found, _ = await check(box, DOUBLE, lambda request, _n: twice(request))
    assert found.r == pytest.approx(4 / 5)
    assert found.n_masked == 3
    assert found.tests
    assert all(test.value == 2 * test.call.args[0] for test in found.tests)
    assert all(test.r >= LEAST_R for test in found.tests)


async def test_the_model_sees_neither_the_body_nor_a_masked_result(box: Sandbox):
    _, requests = await check(box, DOUBLE, lambda request, _n: twice(request))
    assert requests
    for request in requests:
        text = request.messages[0].content
        assert "SECRET_BODY" not in text
        assert "Twice n." in text
        for call in asked(request):
            assert f">>> {call}" not in text
    first = requests[0].messages[0].content
    assert "\n    4\n" not in first
    assert "\n    10\n" not in first
    assert "\n    -6\n" in first


async def test_a_model_that_is_wrong_on_the_examples_is_not_asked_for_more(box: Sandbox):
    wrong = json.dumps({"outputs": ["0", "0"]})
    found, requests = await check(box, DOUBLE, lambda _request, _n: wrong)
    assert found.tests == ()
    assert found.inputs
    assert found.r == pytest.approx(1 / 5)
    assert "r 0.20" in found.detail
    assert len(requests) == 2


async def test_votes_that_split_drop_the_output_and_keep_the_input(box: Sandbox):
    def split(request: Request, n: int) -> str:
        if n < 2:
            return twice(request)
        return json.dumps({"outputs": [str(100 * n + i) for i in range(len(asked(request)))]})

    found, _ = await check(box, DOUBLE, split)
    assert found.tests == ()
    assert len(found.inputs) > 2


async def test_it_abstains_where_there_is_nothing_to_measure_by(box: Sandbox):
    found, requests = await check(box, "def double(n):\n    return 2 * n\n", [])
    assert found.r is None
    assert found.tests == ()
    assert "no visible example" in found.detail
    assert requests == []


async def test_it_abstains_where_no_answer_can_be_read(box: Sandbox):
    found, _ = await check(box, DOUBLE, lambda _request, _n: "I think four?")
    assert found.r is None
    assert "no readable outputs" in found.detail


async def test_agreement_of_votes_raises_and_disagreement_lowers_trust():
    assert combined(0.8, 1.0, 3) > combined(0.8, 2 / 3, 3) > combined(0.8, 1 / 3, 3)
    assert combined(0.5, 1 / 3, 3) < 0.5 < LEAST_R < combined(0.8, 1.0, 3)


# --- properties --------------------------------


def known(*pairs: tuple[object, object]) -> list[tuple[Call, object]]:
    return [(Call(entry="f", args=(given,)), value) for given, value in pairs]


async def test_properties_are_those_that_all_examples_keep_and_two_show():
    found = properties_of(known(([3, 1, 2], [1, 2, 3]), ([9, 4, 9], [4, 9, 9])))
    names = {one.name for one in found}
    assert {"a permutation of its argument", "sorted", "as long as its argument"} <= names
    assert "without repeated items" not in names
    assert broken_properties(found, known(([5, 4], [4]))) != ()
    assert broken_properties(found, known(([5, 4], [4, 5]))) == ()


async def test_one_example_shows_no_property():
    assert properties_of(known(([3, 1, 2], [1, 2, 3]))) == ()

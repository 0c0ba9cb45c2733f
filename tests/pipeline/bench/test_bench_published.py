"""Condition E asks as published figures are made, and keeps of the answer what counts."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.bench.asking import way_of
from pipeline.bench.asking.published import BEGUN, longest_python, sanitised, script_of
from pipeline.bench.conditions import condition_of
from pipeline.bench.records import Cell, PublicTask, SuiteError
from pipeline.core.context import Context, Settings
from pipeline.models.scripted import ScriptedModel
from sandbox.api import Sandbox

PROMPT = 'def twice(n):\n    """Twice n.\n\n    >>> twice(2)\n    4\n    """\n'
SCRIPT = "import math\n\ndef helper(n):\n    return 2 * n\n\ndef twice(n):\n    return helper(n)\n"


async def asked(box: Sandbox, text: str) -> tuple[Any, Any]:
    """The request and the answer."""
    public = PublicTask(task_id="t", source=PROMPT, entry_point="twice", prompt=PROMPT)
    model = ScriptedModel([text])
    ctx = Context(model=model, sandbox=box, settings=Settings())
    cell = Cell(task_id="t", condition="E", seed=0)
    answer = await way_of(public)(ctx, condition_of("E"), public, cell)
    (request,) = model.requests
    return request, answer


@pytest.mark.asyncio(loop_scope="session")
async def test_the_prompt_is_evalplus_s_and_the_answer_begins_in_a_fence(box: Sandbox):
    request, answer = await asked(box, f"{BEGUN}{SCRIPT}\nprint(twice(3))\n```\nThere you are.")
    (message,) = request.messages
    assert message.content.startswith("Please provide a self-contained Python script")
    assert PROMPT.strip() in message.content
    assert (request.prefill, request.sampling.temperature) == (BEGUN, 0.0)
    assert "print" not in answer.program
    assert "def helper" in answer.program
    assert "import math" in answer.program


def test_a_script_is_found_with_and_without_the_beginning():
    assert script_of(f"{BEGUN}x = 1\n```\nbla") == "x = 1"
    assert script_of("x = 1\n```\nbla") == "x = 1", "a backend that begins the answer itself"
    assert script_of(f"Sure!\n```python\n{SCRIPT}\n```\nbla").strip() == SCRIPT.strip()


def test_only_what_the_function_reaches_is_kept():
    text = SCRIPT + "\ndef unused():\n    pass\n\nLIMIT = 3\nassert twice(1) == 2\n"
    kept = sanitised(text, "twice")
    assert "unused" not in kept
    assert "assert" not in kept
    assert "LIMIT" not in kept
    assert "def helper" in kept


def test_the_longest_python_is_found_in_prose():
    assert longest_python("So:\nx = 1\ny = 2\nThat was it, wasn't it?") == "x = 1\ny = 2"
    assert longest_python("no, not at all") == ""


def test_a_kind_that_nobody_knows_is_refused():
    with pytest.raises(SuiteError, match="nobody knows how to ask a 'riddle'"):
        way_of(PublicTask(task_id="t", kind="riddle"))

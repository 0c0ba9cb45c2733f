"""Scripted and replayed models keep the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.context import Context
from pipeline.core.events import JsonlTrace
from pipeline.models.api import Completion, Message, ModelError, ModelNotFound, Request
from pipeline.models.recorded import open_replay
from pipeline.models.scripted import ScriptedModel

HELLO = (Message(role="user", content="say hello now"),)


async def test_answers_come_in_order_and_requests_are_kept():
    model = ScriptedModel(["one two", Completion(text="three", answer_tokens=9)])
    first, second = await model.complete([Request(messages=HELLO), Request(messages=HELLO)])
    assert (first.text, first.prompt_tokens, first.answer_tokens) == ("one two", 3, 2)
    assert second.answer_tokens == 9
    assert len(model.requests) == 2
    with pytest.raises(ModelError, match="one more"):
        await model.complete([Request(messages=HELLO)])


async def test_a_function_sees_the_request_and_its_number():
    model = ScriptedModel(lambda request, n: f"{request.seed}:{n}")
    pieces = []
    await model.complete([Request(messages=HELLO, seed=7)], on_token=lambda i, p: pieces.append(p))
    (again,) = await model.complete([Request(messages=HELLO, seed=8)])
    assert pieces == ["7:0"]
    assert again.text == "8:1"


async def test_a_trace_can_be_replayed(tmp_path: Path):
    from pipeline.core.ask import ask

    requests = [Request(messages=HELLO, seed=n) for n in (1, 2, 2)]
    with JsonlTrace(tmp_path / "t.jsonl") as trace:
        ctx = Context(model=ScriptedModel(["a", "b", "c"]), sandbox=None, emit=trace)  # type: ignore[arg-type]
        await ask(ctx, "probe", requests)
    model = open_replay(tmp_path / "t.jsonl")
    assert [c.text for c in await model.complete(requests)] == ["a", "b", "c"]
    with pytest.raises(ModelError, match="record it again"):
        await model.complete(requests[:1])


@pytest.mark.parametrize("text", [None, "not json\n", '{"no": "event"}\n', "[]\n"])
def test_what_is_no_trace_is_refused(tmp_path: Path, text: str | None):
    path = tmp_path / "t.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelNotFound if text is None else ModelError):
        open_replay(path)

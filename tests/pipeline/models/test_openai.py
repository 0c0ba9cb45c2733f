"""The openai backend against a server that misbehaves, and against llama-cpp-python's own."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fake_server import (
    DONE,
    FakeServer,
    Handler,
    Payload,
    Reply,
    chunk,
    fake_server,
    json_reply,
    said,
    said_at_once,
    usage_chunk,
)

from pipeline.models.api import (
    API_KEY,
    Completion,
    Message,
    ModelBroken,
    ModelError,
    ModelNotFound,
    PromptTooLong,
    Request,
    Sampling,
)
from pipeline.models.openai import OpenAIModel, OpenAISettings, open_openai
from pipeline.wiring import open_model

FAST = OpenAISettings(n_retries=2, retry_pause_s=0.01, read_timeout_s=1.0, timeout_s=60)
WILD = Sampling(temperature=1.0)


def ask(**more: object) -> Request:
    fields = {"messages": (Message(role="user", content="say hello"),), "max_tokens": 20, **more}
    return Request(**fields)  # type: ignore[arg-type]


async def check(chat: Handler, *requests: Request) -> tuple[tuple[Completion, ...], list[Payload]]:
    async with fake_server(chat) as server:
        model = await open_openai(server.url, settings=FAST)
        try:
            return await model.complete(requests or [ask()]), server.payloads
        finally:
            await model.aclose()


def in_turn(*replies: Reply) -> Handler:
    """Each request gets the next reply, the last one for ever."""
    rows = list(replies)
    return lambda payload: rows.pop(0) if len(rows) > 1 else rows[0]


# --- what goes right


FUNCTION = "```python\ndef hello():\n    return 1\n```"


async def test_prose_after_the_function_is_not_waited_for():
    """The server would go on for ever: the connection is closed at the fence."""
    reply = Reply(body=b"".join(map(chunk, ["Sure, here:\n", FUNCTION, "\n", "This"])), hangs=True)
    async with fake_server(in_turn(reply)) as server:
        model = await open_openai(server.url, settings=FAST)
        (done,) = await model.complete([ask(function="hello")])
        await model.aclose()
        assert len(server.payloads) == 1
    assert done.text.startswith(f"Sure, here:\n{FUNCTION}")
    assert done.finish == "stop"


async def test_an_answer_is_begun_for_a_server_that_goes_on_with_it():
    """As llama-server and vLLM do; what others would make of half an answer is found out first."""
    prefill = "```python\ndef hello():\n"

    async with fake_server(in_turn(said("    return 1\n", "\nprint(", "1)"))) as server:
        server.probed = lambda payload: said_at_once(
            'es"}' if payload["messages"][-1]["role"] == "assistant" else '{"ok": "yes"}'
        )
        model = await open_openai(server.url, settings=FAST)
        assert model.info.has_prefill
        (done,) = await model.complete([ask(function="hello", prefill=prefill)])
        await model.aclose()
    assert server.payloads[0]["messages"][-1] == {"role": "assistant", "content": prefill}
    assert done.text == f"{prefill}    return 1\n\n"


async def test_a_server_that_answers_half_an_answer_is_asked_whole():
    (done,), payloads = await check(in_turn(said(FUNCTION)), ask(function="hello", prefill="x"))
    assert [m["role"] for m in payloads[0]["messages"]] == ["user"]
    assert done.text == FUNCTION


async def test_text_usage_and_logprobs_are_read():
    usage = usage_chunk(
        prompt_tokens=30, completion_tokens=5, prompt_tokens_details={"cached_tokens": 20}
    )
    reply = Reply(body=chunk("hel") + chunk("lo") + chunk(finish="length") + usage + DONE)
    (done,), payloads = await check(in_turn(reply), ask(seed=4, stop=("END",)))
    assert (done.text, done.finish) == ("hello", "length")
    assert (done.prompt_tokens, done.cached_tokens, done.answer_tokens) == (30, 20, 5)
    assert done.mean_logprob == pytest.approx(-0.25)
    assert payloads[0]["seed"] == 4
    assert payloads[0]["stop"] == ["END"]
    assert payloads[0]["chat_template_kwargs"] == {"enable_thinking": False}


async def test_requests_that_differ_in_the_seed_go_out_as_one():
    body = chunk("a", index=0) + chunk("b", index=1) + chunk("c", index=2)
    ends = b"".join(chunk(index=i, finish="stop") for i in range(3))
    reply = Reply(body=body + ends + usage_chunk(prompt_tokens=9, completion_tokens=3) + DONE)
    done, payloads = await check(in_turn(reply), *(ask(seed=n, sampling=WILD) for n in (1, 2, 3)))
    assert [c.text for c in done] == ["a", "b", "c"]
    assert [p.get("n") for p in payloads] == [3]
    assert [c.prompt_tokens - c.cached_tokens for c in done] == [9, 0, 0]


async def test_a_server_without_n_is_asked_in_parallel():
    done, payloads = await check(
        lambda payload: said(str(payload["seed"])), *(ask(seed=n, sampling=WILD) for n in (1, 2, 3))
    )
    assert [c.text for c in done] == ["1", "2", "3"]
    assert [p.get("n") for p in payloads] == [3, None, None]


async def test_a_server_that_keeps_the_budget_is_told_it():
    body = chunk(reasoning_content="hm") + chunk("yes") + chunk(finish="stop") + DONE
    (done,), payloads = await check(in_turn(Reply(body=body)), ask(thinking_tokens=50))
    assert (done.thinking, done.text, done.thinking_forced) == ("hm", "yes", False)
    names = ("thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget")
    assert [payloads[0][name] for name in names] == [50] * 3
    assert payloads[0]["max_tokens"] == 70


@pytest.mark.parametrize("aloud", [True, False])
async def test_thinking_over_the_cap_is_cut_and_handed_back(aloud: bool):
    words = [f"w{n} " for n in range(30)]
    if aloud:
        thinks = Reply(body=chunk("<think>") + b"".join(map(chunk, words)), hangs=True)
    else:
        body = b"".join(chunk(reasoning_content=word) for word in words)
        thinks = Reply(body=body, hangs=True)
    (done,), payloads = await check(in_turn(thinks, said("yes")), ask(thinking_tokens=10))
    assert done.text == "yes"
    assert done.thinking_forced
    assert done.thinking_tokens == 10
    assert done.thinking.startswith("w0 w1")
    handed = payloads[1]["messages"][-1]
    assert handed["role"] == "assistant"
    assert handed["content"].startswith("<think>\nw0")
    assert handed["content"].endswith("\n</think>\n\n")
    assert payloads[1]["continue_final_message"] is True


async def test_circles_are_cut_while_they_stream():
    reply = Reply(body=b"".join(chunk("again ") for _ in range(300)), hangs=True)
    (done,), _ = await check(in_turn(reply))
    assert done.finish == "runaway"
    assert done.answer_tokens < 120


async def test_an_answer_without_streaming_is_read():
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    (done,), _ = await check(in_turn(json_reply({"choices": [choice]})))
    assert done.text == "hi"


async def test_schemas_go_out_and_stops_are_cut_here_too():
    (done,), payloads = await check(
        in_turn(said("one END two")), ask(json_schema='{"type": "object"}', stop=("END",))
    )
    assert done.text == "one "
    assert payloads[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}


# --- what goes wrong

TRUNCATED = Reply(body=chunk("half an ans"))
GARBAGE = [
    Reply(body=b"data: {not json\n\n"),
    Reply(body=b"data: [1, 2]\n\n"),
    Reply(body=b'data: {"choices": [7]}\n\n'),
    Reply(body=b'data: {"choices": [{"delta": "text"}]}\n\n'),
    Reply(body=b'data: {"error": {"message": "out of memory"}}\n\n'),
    Reply(body=b"\xff\xfe\x00 garbage"),
    Reply(body=b""),
    Reply(body=DONE),
    json_reply({"nothing": True}),
    json_reply({"error": "boom"}, 500),
    Reply(status=503, body=b"<html>busy</html>", kind="text/html"),
    Reply(status=429, body=b"slow down"),
    TRUNCATED,
    Reply(body=chunk("half"), hangs=True),
]


@pytest.mark.parametrize("bad", GARBAGE, ids=lambda r: repr(r.body[:24]))
async def test_one_bad_reply_is_tried_again(bad: Reply):
    (done,), payloads = await check(in_turn(bad, said("good")))
    assert done.text == "good"
    assert len(payloads) == 2


@pytest.mark.parametrize("bad", GARBAGE, ids=lambda r: repr(r.body[:24]))
async def test_a_server_that_stays_bad_is_one_clear_line(bad: Reply):
    with pytest.raises(ModelError, match="failed 3 times") as caught:
        await check(in_turn(bad))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (json_reply({"error": {"message": "bad key"}}, 401), ModelError, "wants a key"),
        (json_reply({"error": "no such field"}, 422), ModelError, "no such field"),
        (json_reply({"error": {"message": "exceeds context size"}}, 400), PromptTooLong, "refuses"),
        (Reply(status=302, headers="Location: http://127.0.0.1:9/\r\n"), ModelError, "302"),
    ],
)
async def test_what_will_not_pass_is_not_tried_again(
    reply: Reply, error: type[ModelError], says: str
):
    async with fake_server(in_turn(reply)) as server:
        model = await open_openai(server.url, settings=FAST)
        with pytest.raises(error, match=says):
            await model.complete([ask()])
        assert len(server.payloads) == 1
        await model.aclose()


async def test_the_key_that_a_message_asks_for_is_the_one_that_is_sent(
    monkeypatch: pytest.MonkeyPatch,
):
    async with fake_server() as server:
        server.key = "s3cret"
        with pytest.raises(ModelError, match=API_KEY):
            await open_model(server.url)
        monkeypatch.setenv(API_KEY, "s3cret")
        model = await open_model(server.url)
        (completion,) = await model.complete([ask()])
        assert completion.text == "hello"
        await model.aclose()


async def test_one_failure_among_many_ends_all_of_them():
    def chat(payload: Payload) -> Reply:
        return json_reply({"error": "no"}, 400) if payload["seed"] == 2 else Reply(hangs=True)

    with pytest.raises(ModelError, match="answers 400"):
        await check(chat, *(ask(seed=n) for n in range(4)))


async def test_cancelling_closes_the_connection():
    async with fake_server(lambda payload: Reply(body=chunk("x"), hangs=True)) as server:
        model = await open_openai(server.url, settings=OpenAISettings(n_retries=0))
        heard = asyncio.Event()
        job = asyncio.create_task(model.complete([ask()], on_token=lambda i, p: heard.set()))
        await asyncio.wait_for(heard.wait(), 5)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await asyncio.wait_for(all_closed(server), 1)
        await model.aclose()


async def all_closed(server: FakeServer) -> None:
    while server.n_open:  # noqa: ASYNC110 - the fake server has no event for it
        await asyncio.sleep(0.005)


async def test_a_total_time_limit_is_kept():
    slow = OpenAISettings(timeout_s=0.3, read_timeout_s=30, n_retries=0)
    async with fake_server(lambda payload: Reply(body=chunk("x"), hangs=True)) as server:
        model = await open_openai(server.url, settings=slow)
        with pytest.raises(ModelError, match="took more than"):
            await model.complete([ask()])
        await model.aclose()


async def test_a_prompt_too_long_is_refused_before_any_work():
    async with fake_server() as server:
        model = await open_openai(server.url, settings=OpenAISettings(n_ctx=100))
        with pytest.raises(PromptTooLong, match="100"):
            await model.complete([ask(max_tokens=200)])
        assert server.payloads == []
        await model.aclose()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9/v1", ModelNotFound),
        ("not a url", ModelNotFound),
        ("ftp://127.0.0.1/", ModelNotFound),
    ],
)
async def test_nobody_there_is_not_found(url: str, error: type[ModelError]):
    with pytest.raises(error):
        await open_openai(url)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=404), ModelNotFound),
        (Reply(status=401), ModelError),
        (Reply(body=b"<html>hello</html>", kind="text/html"), ModelBroken),
    ],
)
async def test_another_kind_of_server_is_told_apart(reply: Reply, error: type[ModelError]):
    async with fake_server() as server:
        server.models = reply
        with pytest.raises(error):
            await open_openai(server.url, settings=FAST)


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    (done,), _ = await check(in_turn(said("direct")))
    assert done.text == "direct"


# --- a real server

HAS_SERVER = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn", "sse_starlette"))
needs_server = pytest.mark.skipif(
    not HAS_SERVER, reason="llama-cpp-python[server] is not installed; it is in the test extra"
)


@asynccontextmanager
async def real_server(path: Path) -> AsyncIterator[OpenAIModel]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llama_cpp.server", "--model", str(path)),
        *("--port", str(port), "--n_ctx", "1024", "--n_threads", "1"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(until_up(f"http://127.0.0.1:{port}/v1/models"), 60)
        model = await open_openai(f"http://127.0.0.1:{port}")
        yield model
        await model.aclose()
    finally:
        process.kill()
        await process.wait()


async def until_up(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(url)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


@needs_server
async def test_a_real_server_completes_streams_and_keeps_schemas(tiny_path: Path):
    schema = json.dumps(
        {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}
    )
    pieces: list[str] = []
    async with real_server(tiny_path) as model:
        assert model.capabilities.schema_style == "json_object"
        assert model.info.has_grammar
        done = await model.complete(
            [ask(seed=n, sampling=WILD) for n in range(3)]
            + [ask(json_schema=schema, max_tokens=60)],
            on_token=lambda index, piece: pieces.append(piece),
        )
        again = await model.complete([ask(seed=1, sampling=WILD)])
        # This server breaks the stream off when the prompt is too long.
        with pytest.raises(ModelError, match="broke off"):
            await model.complete([ask(messages=(Message(role="user", content="x " * 3000),))])
    assert json.loads(done[3].text)["a"] in ("x", "y")
    assert all(c.answer_tokens > 0 or c.finish == "stop" for c in done)
    assert len({c.text for c in done[:3]}) == 3
    assert pieces
    assert len(again) == 1

"""A hostile OpenAI-compatible server on a real socket: it does what each test scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]


@dataclass(kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    kind: str = "text/event-stream"
    hangs: bool = False
    headers: str = ""


Handler = Callable[[Payload], Reply]


@dataclass(kw_only=True)
class FakeServer:
    url: str = ""
    chat: Handler = field(default=lambda payload: said("hello"))
    probed: Handler = field(default=lambda payload: probe_reply(payload))
    models: Reply = field(default_factory=lambda: json_reply({"data": [{"id": "fake"}]}))
    payloads: list[Payload] = field(default_factory=list)
    key: str = ""
    """What every request has to bring; empty lets anybody in."""
    n_open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_open += 1
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.n_open -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [line for line in head.splitlines() if line.lower().startswith("content-length")]
        body = await reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""
        reply = self._reply(head, body)
        writer.write(
            f"HTTP/1.1 {reply.status} X\r\nContent-Type: {reply.kind}\r\n{reply.headers}"
            "Connection: close\r\n\r\n".encode()
            + reply.body
        )
        await writer.drain()
        if reply.hangs:
            await reader.read()

    def _reply(self, head: str, body: bytes) -> Reply:
        if self.key and f"authorization: bearer {self.key}\r\n" not in head.lower():
            return json_reply({"error": {"message": "no key"}}, 401)
        if not body:
            return self.models
        payload = json.loads(body)
        if not payload.get("stream"):
            return self.probed(payload)
        self.payloads.append(payload)
        return self.chat(payload)


def probe_reply(payload: Payload) -> Reply:
    """The probe finds a server that can do everything but go on with half an answer."""
    return said_at_once('{"ok": "yes"}', logprobs=bool(payload.get("logprobs")))


def said_at_once(text: str, *, logprobs: bool = False) -> Reply:
    message = {"role": "assistant", "content": text}
    choice: dict[str, object] = {"index": 0, "message": message, "finish_reason": "stop"}
    if logprobs:
        choice["logprobs"] = {"content": [{"token": "x", "logprob": -0.5}]}
    return json_reply({"choices": [choice]})


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), kind="application/json")


def chunk(text: str = "", *, index: int = 0, finish: str | None = None, **delta: object) -> bytes:
    choice: dict[str, object] = {"index": index, "delta": {"content": text, **delta}}
    if text:
        choice["logprobs"] = {"content": [{"token": text, "logprob": -0.25}]}
    choice["finish_reason"] = finish
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def usage_chunk(**usage: object) -> bytes:
    return b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def said(*words: str, finish: str = "stop") -> Reply:
    return Reply(body=b"".join(chunk(word) for word in words) + chunk(finish=finish) + DONE)


@asynccontextmanager
async def fake_server(chat: Handler | None = None) -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    if chat is not None:
        fake.chat = chat
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = fake.serve
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield fake
    finally:
        server.close()

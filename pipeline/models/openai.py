"""The openai backend: any OpenAI-compatible server (llama-server, vLLM, SGLang, ...).

Talks to the URL that it was given and to nothing else: no proxy of the environment, no redirects.
What the server can do is found out by asking it, and by what it answers.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pipeline.models.api import (
    API_KEY,
    Completion,
    ModelBroken,
    ModelError,
    ModelInfo,
    ModelNotFound,
    OnDone,
    OnToken,
    PromptTooLong,
    Request,
)
from pipeline.models.chat_template import Tags, find_tags
from pipeline.models.openai_stream import (
    BadStream,
    Heard,
    Usage,
    choices,
    error_text,
    events,
    parse,
    usage_of,
)

if TYPE_CHECKING:
    import httpx

BYTES_PER_TOKEN = 4
"""For estimates only; what a server charges comes from its usage."""
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_PROBE_SCHEMA = {
    "type": "object",
    "properties": {"ok": {"enum": ["yes"]}},
    "required": ["ok"],
    "additionalProperties": False,
}

_HALF_AN_ANSWER = [
    {"role": "user", "content": 'Say {"ok": "yes"}'},
    {"role": "assistant", "content": '{"ok": "y'},
]
_GO_ON = {"continue_final_message": True, "add_generation_prompt": False}
"""By vLLM's and SGLang's names; llama-server goes on with a last assistant message by itself."""

SchemaStyle = Literal["json_schema", "json_object", "none"]


@dataclass(frozen=True, kw_only=True)
class OpenAISettings:
    model: str = ""
    """Empty takes the first model that the server lists."""
    api_key: str = ""
    timeout_s: float = 600.0
    """Of one completion, retries included."""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 120.0
    """Longest silence of the server; a long prompt is silent until it is read."""
    n_retries: int = 3
    retry_pause_s: float = 0.5
    """Doubled with each retry, and varied by half."""
    n_parallel: int = 8
    n_ctx: int = 0
    """0 asks the server."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What the server was seen to do."""

    model: str
    n_ctx: int = 0
    has_thinking: bool = False
    takes_extras: bool = False
    """Fields beyond OpenAI's are accepted: top_k, min_p, template arguments, thinking budgets."""
    gives_logprobs: bool = False
    takes_prefill: bool = False
    """An answer that was begun for the model is gone on with."""
    schema_style: SchemaStyle = "none"


async def open_openai(url: str, *, settings: OpenAISettings | None = None) -> OpenAIModel:
    """Find the server and probe it with a few one-token requests.

    Raises ModelNotFound if nobody answers at `url`, ModelBroken if what answers is no such server.
    """
    settings = settings or OpenAISettings()
    client = _client(url, settings)
    try:
        return OpenAIModel(client, await _probe(client, settings), settings)
    except BaseException:
        await client.aclose()
        raise


class OpenAIModel:
    """Made by `open_openai`; implements the Model protocol without hidden states."""

    def __init__(
        self, client: httpx.AsyncClient, capabilities: Capabilities, settings: OpenAISettings
    ) -> None:
        self._client = client
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.n_parallel)
        self._retrying = asyncio.Lock()
        self._offers_n = True
        self.capabilities = capabilities

    @property
    def info(self) -> ModelInfo:
        can = self.capabilities
        return ModelInfo(
            name=can.model,
            backend="openai",
            n_ctx=can.n_ctx,
            has_thinking=can.has_thinking,
            has_grammar=can.schema_style != "none",
            has_prefill=can.takes_prefill,
        )

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        """See `Model.complete`. Requests that differ only in the seed go out as one, with `n`."""
        for request in requests:
            self._refuse_if_too_long(request)
        done: dict[int, Completion] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for indices in self._groups(requests):
                    call = _Call(requests, indices, on_token or _ignore, on_done or _ignore, done)
                    group.create_task(self._complete_group(call))
        except BaseExceptionGroup as failed:
            raise _first(failed) from None
        return tuple(done[index] for index in range(len(requests)))

    def count_tokens(self, text: str) -> int:
        """An estimate: servers count by their own vocabulary."""
        return -(-len(text.encode("utf-8", errors="replace")) // BYTES_PER_TOKEN)

    def _estimate(self, request: Request) -> int:
        return sum(self.count_tokens(message.content) for message in request.messages)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _groups(self, requests: Sequence[Request]) -> list[list[int]]:
        groups: dict[Request, list[int]] = {}
        singles = []
        for index, request in enumerate(requests):
            if self._offers_n and not request.thinking_tokens and request.sampling.temperature > 0:
                groups.setdefault(replace(request, seed=0), []).append(index)
            else:
                singles.append([index])
        return [*groups.values(), *singles]

    async def _complete_group(self, call: _Call) -> None:
        async with self._slots:
            missing = await self._ask_for_many(call)
        if missing:
            self._offers_n = False
            async with asyncio.TaskGroup() as group:
                for index in missing:
                    group.create_task(self._complete_group(replace(call, indices=[index])))

    async def _ask_for_many(self, call: _Call) -> list[int]:
        """Ask once for all of a group; gives the indices that the server left unanswered."""
        request = call.requests[call.indices[0]]
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                answer = await self._ask(request, call)
        except TimeoutError as exc:
            raise ModelError(
                f"{self._client.base_url} took more than {self._settings.timeout_s:g} s;"
                " raise timeout_s or ask for less"
            ) from exc
        for place, completion in answer.items():
            call.done[call.indices[place]] = completion
            call.on_done(call.indices[place], completion)
        return [index for place, index in enumerate(call.indices) if place not in answer]

    async def _ask(self, request: Request, call: _Call) -> dict[int, Completion]:
        payload = self._payload(request, n=len(call.indices))
        heard, usage = await self._stream(payload, call, request)
        if not usage.prompt_tokens:
            usage = replace(usage, prompt_tokens=self._estimate(request))
        first = heard.get(0)
        if first is not None and request.thinking_tokens and first.is_thinking:
            return {0: await self._go_on_after_thinking(request, call, first, usage)}
        return {
            place: one.completion(request, _share(usage, place, len(heard)))
            for place, one in heard.items()
        }

    async def _go_on_after_thinking(
        self, request: Request, call: _Call, thought: Heard, usage: Usage
    ) -> Completion:
        """The server does not keep thinking budgets: hand its thinking back, closed, and go on."""
        tags = thought.tags or Tags("<think>", "</think>")
        thinking = (thought.thinking or thought.text.lstrip().removeprefix(tags.begin)).strip()
        answering = replace(request, thinking_tokens=0)
        payload = self._payload(answering, n=1)
        begun = f"{tags.begin}\n{thinking}\n{tags.end}\n\n{self._prefill(answering)}"
        payload["messages"] = [*_messages(request), {"role": "assistant", "content": begun}]
        if self.capabilities.takes_extras:
            payload |= _GO_ON
        heard, more = await self._stream(payload, call, answering)
        answer = heard.get(0, Heard())
        prompt_tokens = max(usage.prompt_tokens, more.prompt_tokens)
        return answer.completion(
            request,
            replace(more, thinking_tokens=None),
            thinking=thinking,
            thinking_tokens=thought.n_thinking,
            answer_tokens=more.completion_tokens or answer.n_answer,
            thinking_forced=True,
            prompt_tokens=prompt_tokens,
            detail="the server keeps no thinking budget: its thinking was cut and handed back",
        )

    # --- the wire

    def _payload(self, request: Request, *, n: int) -> dict[str, Any]:
        can = self.capabilities
        payload: dict[str, Any] = {
            "model": can.model,
            "messages": _messages(request),
            "max_tokens": request.max_tokens + request.thinking_tokens,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if n > 1:
            payload["n"] = n
        if request.stop:
            payload["stop"] = list(request.stop[:4])
        if can.gives_logprobs:
            payload["logprobs"] = True
        if can.takes_extras:
            payload |= _extras(request)
        if prefill := self._prefill(request):
            payload["messages"] += [{"role": "assistant", "content": prefill}]
            payload |= _GO_ON if can.takes_extras else {}
        if request.json_schema is not None:
            payload |= _schema_field(request.json_schema, can.schema_style)
        return payload

    def _prefill(self, request: Request) -> str:
        """What the answer is begun with; nothing before a thinking, and where the server cannot."""
        can_begin = self.capabilities.takes_prefill and not request.thinking_tokens
        return request.prefill if can_begin else ""

    async def _stream(
        self, payload: dict[str, Any], call: _Call, request: Request
    ) -> tuple[dict[int, Heard], Usage]:
        """One request with retries. Raises ModelError when the server keeps failing."""
        pause = self._settings.retry_pause_s
        try:
            return await self._stream_once(payload, call, request)
        except BadStream as exc:
            reason = str(exc)
        for _ in range(self._settings.n_retries):
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause *= 2
            try:
                # One retry at a time: some servers break off a stream when another request comes.
                async with self._retrying:
                    return await self._stream_once(payload, call, request)
            except BadStream as exc:
                reason = str(exc)
        raise ModelError(
            f"{self._client.base_url} failed {self._settings.n_retries + 1} times, at last with:"
            f" {reason}; look at the server"
        )

    async def _stream_once(
        self, payload: dict[str, Any], call: _Call, request: Request
    ) -> tuple[dict[int, Heard], Usage]:
        import httpx

        heard: dict[int, Heard] = {}
        usage, prefill = Usage(), self._prefill(request)
        try:
            async with self._client.stream("POST", "chat/completions", json=payload) as response:
                await _check_status(response)
                async for event in _events_of(response):
                    usage = usage_of(event) or usage
                    for place, choice in choices(event):
                        if place >= len(call.indices):
                            continue
                        one = heard.setdefault(place, Heard(text=prefill, prefill=prefill))
                        call.on_token(call.indices[place], one.hear(choice))
                    if _is_enough([heard.get(n) for n in range(len(call.indices))], request):
                        return heard, usage
        except httpx.HTTPError as exc:
            raise BadStream(f"{type(exc).__name__} {exc}".strip()) from exc
        if not heard or any(one.finish is None for one in heard.values()):
            raise BadStream("the stream broke off before its end")
        return heard, usage

    def _refuse_if_too_long(self, request: Request) -> None:
        n_prompt = self._estimate(request)
        n_ctx = self.capabilities.n_ctx
        if n_ctx and n_prompt + request.max_tokens + request.thinking_tokens > n_ctx:
            raise PromptTooLong(
                f"a prompt of about {n_prompt} tokens with caps of {request.thinking_tokens}"
                f" (thinking) and {request.max_tokens} (answer) does not fit the server's context"
                f" of {n_ctx}; shorten the module, lower the caps or start the server with more"
            )


@dataclass(frozen=True)
class _Call:
    """Requests that go out as one, and where their answers belong."""

    requests: Sequence[Request]
    indices: list[int]
    on_token: OnToken
    on_done: OnDone
    done: dict[int, Completion]


def _client(url: str, settings: OpenAISettings) -> httpx.AsyncClient:
    import httpx

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ModelNotFound(f"{url!r} is no URL of a server; it looks like http://host:port/v1")
    base = url.rstrip("/") if parts.path.strip("/") else f"{url.rstrip('/')}/v1"
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    return httpx.AsyncClient(
        base_url=base,
        headers=headers,
        timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s),
        trust_env=False,
        follow_redirects=False,
    )


# --- the probe


async def _probe(client: httpx.AsyncClient, settings: OpenAISettings) -> Capabilities:
    listed = await _models(client)
    names = [str(row.get("id")) for row in listed]
    if settings.model and names and settings.model not in names:
        raise ModelNotFound(
            f"{client.base_url} has no model {settings.model!r}, it has {', '.join(names[:5])}"
        )
    model = settings.model or (names[0] if names else "default")
    row = next((row for row in listed if row.get("id") == model), {})
    props = await _props(client) if row.get("owned_by") == "llamacpp" else {}
    takes_extras = await _takes_extras(client, model)
    return Capabilities(
        model=model,
        n_ctx=settings.n_ctx or _n_ctx(row, props),
        has_thinking=find_tags(str(props.get("chat_template", ""))) is not None
        or (takes_extras and row.get("owned_by") in ("vllm", "sglang")),
        takes_extras=takes_extras,
        gives_logprobs=await _gives_logprobs(client, model),
        takes_prefill=await _takes_prefill(client, model, extras=takes_extras),
        schema_style=await _schema_style(client, model, extras=takes_extras),
    )


def _no_key(url: str) -> ModelError:
    return ModelError(
        f"{url} wants a key; put one that it accepts into the environment as {API_KEY}"
    )


async def _models(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    import httpx

    try:
        response = await client.get("models")
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise ModelNotFound(f"nobody answers at {client.base_url}; start the server") from exc
    except httpx.HTTPError as exc:
        raise ModelBroken(
            f"{client.base_url} does not answer properly ({type(exc).__name__}); look at the server"
        ) from exc
    if response.status_code in (401, 403):
        raise _no_key(str(client.base_url))
    if response.status_code != 200:
        raise ModelNotFound(
            f"{client.base_url}models answers {response.status_code}; is this the server's /v1?"
        )
    try:
        rows = parse(response.content).get("data")
    except BadStream as exc:
        raise ModelBroken(f"{client.base_url} is no OpenAI-compatible server: {exc}") from exc
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


async def _props(client: httpx.AsyncClient) -> dict[str, Any]:
    """llama-server tells its context and template at its root."""
    import httpx

    root = client.base_url.copy_with(path=client.base_url.path.removesuffix("v1/") + "props")
    try:
        return parse((await client.get(root)).content)
    except (httpx.HTTPError, BadStream):
        return {}


def _n_ctx(row: dict[str, Any], props: dict[str, Any]) -> int:
    generation = props.get("default_generation_settings")
    given = generation.get("n_ctx") if isinstance(generation, dict) else row.get("max_model_len")
    return given if isinstance(given, int) and given > 0 else 0


async def _takes_extras(client: httpx.AsyncClient, model: str) -> bool:
    """Raises ModelBroken when the server cannot even do without them."""
    request = Request(messages=(), max_tokens=1)
    if await _try(client, model, _extras(request)) is not None:
        return True
    if await _try(client, model, {}) is None:
        raise ModelBroken(f"{client.base_url} does not complete one token; look at the server")
    return False


async def _gives_logprobs(client: httpx.AsyncClient, model: str) -> bool:
    body = await _try(client, model, {"logprobs": True})
    if body is None:
        return False
    return any(
        isinstance(choice.get("logprobs"), dict) and choice["logprobs"].get("content")
        for _, choice in choices(body)
    )


async def _takes_prefill(client: httpx.AsyncClient, model: str, *, extras: bool) -> bool:
    """Whether half an answer is gone on with, and not answered, repeated or refused."""
    fields: dict[str, Any] = {"messages": _HALF_AN_ANSWER, "max_tokens": 8}
    fields |= _GO_ON | _extras(Request(messages=(), max_tokens=1)) if extras else {}
    body = await _try(client, model, fields)
    said = [choice.get("message") for _, choice in choices(body)] if body else []
    texts = [str(one.get("content")) for one in said if isinstance(one, dict)]
    return any(text.startswith('es"') for text in texts)


async def _schema_style(client: httpx.AsyncClient, model: str, *, extras: bool) -> SchemaStyle:
    """The way of asking for JSON that the server was seen to honour."""
    styles: tuple[SchemaStyle, ...] = ("json_schema", "json_object")
    for style in styles:
        fields: dict[str, Any] = {"max_tokens": 24}
        fields |= _schema_field(json.dumps(_PROBE_SCHEMA), style)
        fields |= _extras(Request(messages=(), max_tokens=1)) if extras else {}
        body = await _try(client, model, fields)
        if body is not None and any(_is_probe_answer(choice) for _, choice in choices(body)):
            return style
    return "none"


def _is_probe_answer(choice: dict[str, Any]) -> bool:
    message = choice.get("message")
    try:
        return bool(json.loads(str(message.get("content"))) == {"ok": "yes"}) if message else False
    except (ValueError, AttributeError):
        return False


async def _try(
    client: httpx.AsyncClient, model: str, fields: dict[str, Any]
) -> dict[str, Any] | None:
    """One small request; None if the server refuses or garbles it."""
    import httpx

    payload = {
        "model": model,
        "messages": [{"role": "user", "content": 'Say {"ok": "yes"}'}],
        "max_tokens": 1,
        "temperature": 0,
        **fields,
    }
    try:
        response = await client.post("chat/completions", json=payload)
        return parse(response.content) if response.status_code == 200 else None
    except (httpx.HTTPError, BadStream):
        return None


# --- fields and replies


def _extras(request: Request) -> dict[str, Any]:
    """Fields beyond OpenAI's; the budget goes by the names that llama-server and vLLM know."""
    thinks = request.thinking_tokens > 0
    extras: dict[str, Any] = {
        "top_k": request.sampling.top_k,
        "min_p": request.sampling.min_p,
        "chat_template_kwargs": {"enable_thinking": thinks},
    }
    if thinks:
        names = ("thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget")
        extras |= dict.fromkeys(names, request.thinking_tokens)
    return extras


def _schema_field(schema: str, style: SchemaStyle) -> dict[str, Any]:
    if style == "none":
        return {}
    try:
        value = json.loads(schema)
    except ValueError as exc:
        raise ModelError(f"the JSON schema is not JSON: {schema[:80]}") from exc
    if style == "json_object":
        return {"response_format": {"type": "json_object", "schema": value}}
    named = {"name": "answer", "schema": value, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


async def _check_status(response: httpx.Response) -> None:
    """Raises BadStream for what may pass, ModelErrors for what will not."""
    if response.status_code == 200:
        return
    body = (await response.aread())[:4096]
    try:
        text = error_text(json.loads(body))
    except (ValueError, AttributeError):
        text = " ".join(body.decode("utf-8", errors="replace").split())[:200]
    if response.status_code in RETRIED:
        raise BadStream(f"status {response.status_code} {text}")
    if response.status_code in (401, 403):
        raise _no_key(str(response.url))
    if "context" in text.lower() and response.status_code in (400, 413):
        raise PromptTooLong(f"the server refuses the prompt: {text}")
    raise ModelError(f"{response.url} answers {response.status_code}: {text}")


async def _events_of(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream; a server that does not stream gives one."""
    if "json" in response.headers.get("content-type", ""):
        yield parse(await response.aread())
        return
    async for event in events(response.aiter_lines()):
        yield event


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _messages(request: Request) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in request.messages]


def _is_enough(heard: Sequence[Heard | None], request: Request) -> bool:
    """Nothing that still comes is of use: the connection is closed, which ends the work there."""
    going_on = [one for one in heard if one is None or one.finish is None]
    return bool(going_on) and all(one and _has_all(one, request) for one in going_on)


def _has_all(one: Heard, request: Request) -> bool:
    over = 0 < request.thinking_tokens <= one.n_thinking and one.is_thinking
    return over or one.is_circling or one.is_over(request)


def _share(usage: Usage, place: int, n: int) -> Usage:
    """The usage of one of n choices: the prompt was read once, tokens were counted as they came."""
    if n == 1:
        return usage
    cached = usage.cached_tokens if place == 0 else usage.prompt_tokens
    return replace(usage, completion_tokens=None, cached_tokens=cached, thinking_tokens=None)


def _ignore(_index: int, _what: object) -> None:
    """Nobody listens."""

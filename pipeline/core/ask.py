"""The one way to the model: charges the ledger, keeps the budget, reports prompts and answers."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from pipeline.core.context import Context
from pipeline.core.events import Answered, Progress, Prompted
from pipeline.core.wording import many
from pipeline.models.api import Completion, Message, Model, Request

SMALLEST_ANSWER = 16
"""Tokens under which a call is not worth making."""
TEMPLATE_MARGIN = 64
"""Tokens that a chat template may put around a prompt."""


def user(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


async def ask(ctx: Context, stage: str, requests: Sequence[Request]) -> tuple[Completion, ...]:
    """Complete as many of `requests` as the token budget allows, in order; the rest are left out.

    The caps are reserved before the call, what was not used is free again after it.
    Raises ModelError when the backend breaks.
    """
    async with aclosing(ask_each(ctx, stage, requests)) as answers:
        found = {index: completion async for index, completion in answers}
    return tuple(found[index] for index in sorted(found))


async def ask_each(
    ctx: Context, stage: str, requests: Sequence[Request]
) -> AsyncGenerator[tuple[int, Completion], None]:
    """As `ask`, but each (index, completion) as soon as it is whole.

    Closing the generator ends the completions that are still being written.
    """
    granted = _within_budget(ctx, requests)
    if not granted:
        return
    for index, request in enumerate(granted):
        ctx.emit(_prompted(ctx, stage, index, request))
    call = _Call(ctx, stage, granted)
    try:
        while (told := await call.told.get()) is not None:
            index, completion = told
            call.counts[index] = CHARGED
            _charge(ctx, completion)
            ctx.emit(_answered(stage, index, completion))
            yield index, completion
        await call.running
    finally:
        await call.end()


CHARGED = -1


class _Call:
    """One call of the model, whose completions come one by one."""

    def __init__(self, ctx: Context, stage: str, requests: Sequence[Request]) -> None:
        self._ctx = ctx
        self._stage = stage
        self._requests = requests
        self._loop = asyncio.get_running_loop()
        self.counts = [0] * len(requests)
        """Pieces heard of each answer; CHARGED for one that came whole."""
        self.told: asyncio.Queue[tuple[int, Completion] | None] = asyncio.Queue()
        self._began = time.monotonic()
        self.running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._ctx.model.complete(
                self._requests, on_token=self._on_token, on_done=self._on_done
            )
        finally:
            self._ctx.ledger.model_s += time.monotonic() - self._began
            self._ctx.ledger.model_calls += len(self._requests)
            # Behind what was told from a thread of the model.
            self._loop.call_soon(self.told.put_nowait, None)

    def _on_token(self, index: int, _piece: str) -> None:
        self.counts[index] += 1
        if (total := sum(self.counts)) % 16 == 0:
            source = many(len(self._requests), "candidate")
            self._ctx.emit(Progress(message=f"{self._stage}: {total} tokens from {source}"))

    def _on_done(self, index: int, completion: Completion) -> None:
        """Called on a thread of the model."""
        self._loop.call_soon_threadsafe(self.told.put_nowait, (index, completion))

    async def end(self) -> None:
        """Nobody waits any more: stop what is still written, and charge what was heard of it."""
        self.running.cancel()
        await asyncio.wait([self.running])
        heard = [(r, n) for r, n in zip(self._requests, self.counts, strict=True) if n != CHARGED]
        _charge_broken_off(self._ctx, [r for r, _ in heard], [n for _, n in heard])


def _within_budget(ctx: Context, requests: Sequence[Request]) -> tuple[Request, ...]:
    granted: list[Request] = []
    left = ctx.tokens_left
    for request in requests:
        fitted = _within_context(ctx.model, request)
        thinking = min(fitted.thinking_tokens, max(0, left - fitted.max_tokens))
        answer = min(fitted.max_tokens, left - thinking)
        if answer < SMALLEST_ANSWER:
            break
        granted.append(dataclasses.replace(fitted, max_tokens=answer, thinking_tokens=thinking))
        left -= thinking + answer
    return tuple(granted)


def _within_context(model: Model, request: Request) -> Request:
    """Lower the caps to what the context leaves; a prompt that leaves none is for the model."""
    prompt = sum(model.count_tokens(message.content) for message in request.messages)
    prompt += model.count_tokens(request.prefill)
    room = model.info.n_ctx - prompt - TEMPLATE_MARGIN
    if room < 2 * SMALLEST_ANSWER or request.thinking_tokens + request.max_tokens <= room:
        return request
    thinking = min(request.thinking_tokens, room // 2)
    return dataclasses.replace(
        request, thinking_tokens=thinking, max_tokens=min(request.max_tokens, room - thinking)
    )


def _charge(ctx: Context, completion: Completion) -> None:
    ctx.ledger.prompt_tokens_new += completion.prompt_tokens - completion.cached_tokens
    ctx.ledger.prompt_tokens_cached += completion.cached_tokens
    ctx.ledger.thinking_tokens += completion.thinking_tokens
    ctx.ledger.answer_tokens += completion.answer_tokens


def _charge_broken_off(ctx: Context, requests: Sequence[Request], counts: Sequence[int]) -> None:
    """What a call took that was cancelled, timed out or failed: each piece heard is a token.

    A call of which nothing was heard is taken for one that still waited.
    """
    read: set[tuple[Message, ...]] = set()
    for request, n_heard in zip(requests, counts, strict=True):
        if n_heard == 0:
            continue
        n_prompt = sum(ctx.model.count_tokens(message.content) for message in request.messages)
        thinking = min(n_heard, request.thinking_tokens)
        charged = Completion(
            text="",
            prompt_tokens=n_prompt,
            cached_tokens=n_prompt if request.messages in read else 0,
            thinking_tokens=thinking,
            answer_tokens=n_heard - thinking,
        )
        _charge(ctx, charged)
        read.add(request.messages)


def _prompted(ctx: Context, stage: str, index: int, request: Request) -> Prompted:
    return Prompted(
        stage=stage,
        index=index,
        prompt="\n\n".join(message.content for message in request.messages),
        prefill=request.prefill,
        settings={
            "seed": request.seed,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "min_p": request.sampling.min_p,
            "max_tokens": request.max_tokens,
            "thinking_tokens": request.thinking_tokens,
            "prompts": ctx.model.info.prompts,
        },
    )


def _answered(stage: str, index: int, completion: Completion) -> Answered:
    return Answered(
        stage=stage,
        index=index,
        text=completion.text,
        thinking=completion.thinking,
        finish=completion.finish,
        thinking_tokens=completion.thinking_tokens,
        answer_tokens=completion.answer_tokens,
        mean_logprob=completion.mean_logprob,
    )

"""What a call to the model took is charged, also when nobody waits for its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from pipeline.core.ask import ask, user
from pipeline.core.context import Context, Settings
from pipeline.core.ledger import Ledger
from pipeline.core.task import Task
from pipeline.engine import solve
from pipeline.models.api import Completion, ModelBroken, ModelError, OnDone, OnToken, Request
from pipeline.models.scripted import ScriptedModel
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = "five words of a prompt"


class Endless(ScriptedModel):
    """Says some tokens of each answer and then waits, or breaks."""

    def __init__(self, *said: int, error: ModelError | None = None) -> None:
        super().__init__([])
        self._said, self._error = said, error
        self.is_waiting = asyncio.Event()

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        for index, (_, n) in enumerate(zip(requests, self._said, strict=False)):
            for _ in range(n if on_token else 0):
                on_token and on_token(index, "word ")
        self.is_waiting.set()
        if self._error:
            raise self._error
        await asyncio.Event().wait()
        raise AssertionError("nobody waits that long")


def check(ledger: Ledger, **charged: int) -> None:
    """All of these fields, and no token in another one."""
    fields = {key: n for key, n in ledger.as_json().items() if key.endswith(("new", "cached"))}
    fields |= {"thinking_tokens": ledger.thinking_tokens, "answer_tokens": ledger.answer_tokens}
    assert {key: n for key, n in fields.items() if n} == charged


def asked(n: int, thinking_tokens: int = 0) -> list[Request]:
    one = Request(messages=user(PROMPT), max_tokens=50, thinking_tokens=thinking_tokens)
    return [one] * n


async def cancelled(box: Sandbox, model: Endless, requests: Sequence[Request]) -> Context:
    ctx = Context(model=model, sandbox=box)
    job = asyncio.create_task(ask(ctx, "probe", requests))
    await model.is_waiting.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    return ctx


async def test_a_cancelled_call_is_charged_for_what_was_heard(box: Sandbox):
    ctx = await cancelled(box, Endless(7, 3), asked(2))
    check(ctx.ledger, prompt_tokens_new=5, prompt_tokens_cached=5, answer_tokens=10)
    assert ctx.tokens_left == ctx.settings.token_budget - 10


async def test_thinking_comes_before_the_answer(box: Sandbox):
    ctx = await cancelled(box, Endless(30), asked(1, thinking_tokens=20))
    check(ctx.ledger, prompt_tokens_new=5, thinking_tokens=20, answer_tokens=10)


async def test_a_call_that_still_waited_costs_nothing(box: Sandbox):
    check((await cancelled(box, Endless(), asked(3))).ledger)


async def test_a_call_that_breaks_is_charged_too(box: Sandbox):
    ctx = Context(model=Endless(4, error=ModelBroken("gone")), sandbox=box)
    with pytest.raises(ModelBroken):
        await ask(ctx, "probe", asked(1))
    check(ctx.ledger, prompt_tokens_new=5, answer_tokens=4)


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_a_job_that_ends_early_says_what_it_took(box: Sandbox, is_stopped: bool):
    model, stop = Endless(8), asyncio.Event()
    settings = Settings(timeout_s=60 if is_stopped else 0.5)
    task = Task(
        task_id="t", kind="function", statement="def f(x): ...\n", entry_point="f", visible=()
    )
    ctx = Context(model=model, sandbox=box, settings=settings, keep_best=stop)
    job = asyncio.create_task(solve(ctx, task))
    await model.is_waiting.wait()
    if is_stopped:
        stop.set()
    ledger = (await job).ledger
    assert ledger is not None
    assert ledger.generated_tokens == 8
    assert ledger.prompt_tokens_new > 0


async def test_a_whole_call_is_charged_once(box: Sandbox):
    ctx = Context(model=ScriptedModel(["two words"]), sandbox=box)
    await ask(ctx, "probe", asked(1))
    check(ctx.ledger, prompt_tokens_new=5, answer_tokens=2)

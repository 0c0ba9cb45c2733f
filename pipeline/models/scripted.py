"""A model that says what it is told to, for tests: a list of answers or a function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from pipeline.models.api import Completion, ModelError, ModelInfo, OnDone, OnToken, Request

Answer = str | Completion
Script = Callable[[Request, int], Answer]
"""Given the request and how many requests came before it."""


class ScriptedModel:
    """Keeps the Model protocol; counts tokens by whitespace and records the requests it got.

    Raises ModelError when a list of answers has run out.
    """

    def __init__(
        self, answers: Iterable[Answer] | Script, *, info: ModelInfo | None = None
    ) -> None:
        self._script = answers if callable(answers) else _in_order(list(answers))
        self._info = info or ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20)
        self.requests: list[Request] = []
        self.is_closed = False

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        await asyncio.sleep(0)
        completions = []
        for index, request in enumerate(requests):
            answer = self._script(request, len(self.requests))
            self.requests.append(request)
            completion = self._complete(request, answer)
            completions.append(completion)
            if on_token is not None:
                on_token(index, completion.text)
            if on_done is not None:
                on_done(index, completion)
        return tuple(completions)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def aclose(self) -> None:
        self.is_closed = True

    def _complete(self, request: Request, answer: Answer) -> Completion:
        if isinstance(answer, Completion):
            return answer
        return Completion(
            text=answer,
            prompt_tokens=sum(self.count_tokens(m.content) for m in request.messages),
            answer_tokens=self.count_tokens(answer),
        )


def _in_order(answers: list[Answer]) -> Script:
    def next_answer(_request: Request, index: int) -> Answer:
        if index >= len(answers):
            raise ModelError(f"the script has {len(answers)} answers and was asked for one more")
        return answers[index]

    return next_answer

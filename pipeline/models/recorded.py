"""A model that answers from the trace of an earlier run, so that the run can be had again."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pipeline.models.api import (
    Completion,
    ModelError,
    ModelInfo,
    ModelNotFound,
    OnDone,
    OnToken,
    Request,
)

Key = str


class ReplayModel:
    """Answers are found by prompt, seed and caps; equal requests get their answers in order."""

    def __init__(
        self,
        answers: Mapping[Key, Sequence[Completion]],
        *,
        name: str,
        prompts: Literal["chat", "trained"] = "chat",
    ) -> None:
        self._answers = {key: deque(rows) for key, rows in answers.items()}
        self._info = ModelInfo(name=name, backend="replay", n_ctx=1 << 20, prompts=prompts)

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
        """Raises ModelError for a request that the trace does not hold."""
        await asyncio.sleep(0)
        completions = tuple(self._answer(request) for request in requests)
        for index, completion in enumerate(completions):
            if on_token is not None:
                on_token(index, completion.text)
            if on_done is not None:
                on_done(index, completion)
        return completions

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def aclose(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request) -> Completion:
        rows = self._answers.get(_key(_prompt(request), _settings(request)))
        if not rows:
            raise ModelError(
                f"the trace {self._info.name} has no answer (left) for seed {request.seed} and"
                f" a prompt that begins {_prompt(request)[:60]!r}; record it again"
            )
        return rows.popleft()


def open_replay(trace: Path) -> ReplayModel:
    """Read a JSONL trace as `events.JsonlTrace` writes it.

    Raises ModelNotFound without the file, ModelError where it is no trace.
    """
    try:
        lines = trace.read_text(encoding="utf-8", errors="surrogatepass").splitlines()
    except OSError as exc:
        raise ModelNotFound(f"no trace at {trace} ({exc.strerror}); name another file") from exc
    try:
        events = [json.loads(line) for line in lines]
        return ReplayModel(_answers(events), name=trace.name, prompts=_prompts(events))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelError(f"{trace} is not a trace ({exc!r}); name another file") from exc


def _answers(events: Iterable[dict[str, Any]]) -> dict[Key, list[Completion]]:
    asked: dict[tuple[str, int], Key] = {}
    answers: dict[Key, list[Completion]] = defaultdict(list)
    for event in events:
        slot = (str(event.get("stage")), int(event.get("index", -1)))
        if event["event"] == "Prompted":
            asked[slot] = _key(event["prompt"], event["settings"])
        elif event["event"] == "Answered" and slot in asked:
            answers[asked.pop(slot)].append(_completion(event))
    return answers


def _prompts(events: Sequence[dict[str, Any]]) -> Literal["chat", "trained"]:
    """What kind of prompts were recorded; before it was said, all were of the second kind."""
    kinds = {event["settings"].get("prompts") for event in events if event["event"] == "Prompted"}
    return "chat" if "chat" in kinds else "trained"


def _completion(event: Mapping[str, Any]) -> Completion:
    fields = ("text", "thinking", "finish", "thinking_tokens", "answer_tokens", "mean_logprob")
    return Completion(**{name: event[name] for name in fields})


def _prompt(request: Request) -> str:
    return "\n\n".join(message.content for message in request.messages)


def _settings(request: Request) -> dict[str, object]:
    return {
        "seed": request.seed,
        "temperature": request.sampling.temperature,
        "max_tokens": request.max_tokens,
        "thinking_tokens": request.thinking_tokens,
    }


def _key(prompt: str, settings: Mapping[str, object]) -> Key:
    names = ("seed", "temperature", "max_tokens", "thinking_tokens")
    return json.dumps([prompt, *(settings.get(name) for name in names)])

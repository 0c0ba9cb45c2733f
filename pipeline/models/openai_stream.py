"""What an OpenAI-compatible server streams: server-sent events in, one `Heard` per choice out.

Every field is checked: the server is somebody else's program.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.models.answer import cut_at_stop, lowest_window, mean, split_thinking
from pipeline.models.api import Completion, Finish, Request
from pipeline.models.chat_template import KNOWN_TAGS, Tags
from pipeline.models.ending import end_of_answer
from pipeline.models.runaway import RunawayGuard

MAX_CHARS = 4 << 20
"""More text than this for one call is no answer."""


class BadStream(Exception):
    """The stream broke off or is not what the protocol says; worth another try."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    cached_tokens: int = 0
    thinking_tokens: int | None = None


@dataclass(kw_only=True)
class Heard:
    """One choice as far as it has been heard."""

    text: str = ""
    """Begins with `prefill`."""
    prefill: str = ""
    thinking: str = ""
    n_thinking: int = 0
    n_answer: int = 0
    logprobs: list[float] = field(default_factory=list)
    finish: str | None = None
    guard: RunawayGuard = field(default_factory=RunawayGuard)
    is_circling: bool = False

    def hear(self, choice: dict[str, Any]) -> str:
        """Take one chunk's choice; gives the new text."""
        delta = _object(choice.get("delta") or choice.get("message") or {})
        logprobs = _logprobs(choice)
        thought = _text(delta.get("reasoning_content") or delta.get("reasoning"))
        said = _text(delta.get("content"))
        if thought:
            self.thinking += thought
            self.n_thinking += 1
        if said:
            self._say(said, max(1, len(logprobs)), logprobs)
        if choice.get("finish_reason"):
            self.finish = str(choice["finish_reason"])
        new = thought + said
        if new:
            self.is_circling |= self.guard.is_circling(hash(new), new)
        return new

    def _say(self, said: str, n_tokens: int, logprobs: list[float]) -> None:
        self.text += said
        if self.is_thinking_aloud:
            self.n_thinking += n_tokens
        else:
            self.n_answer += n_tokens
            self.logprobs += logprobs

    def is_over(self, request: Request) -> bool:
        """The function that was asked for is there, and what follows would be prose."""
        return not self.is_thinking and self._end(request) is not None

    def _end(self, request: Request) -> int | None:
        if not request.function:
            return None
        return end_of_answer(self.text, function=request.function, prefill=self.prefill)

    @property
    def tags(self) -> Tags | None:
        """The tags that the text itself begins with, for servers that do not part the thinking."""
        start = self.text.lstrip()[:20]
        return next((Tags(b, e) for b, e in KNOWN_TAGS if start.startswith(b)), None)

    @property
    def is_thinking_aloud(self) -> bool:
        tags = self.tags
        return tags is not None and tags.end not in self.text

    @property
    def is_thinking(self) -> bool:
        return self.is_thinking_aloud or (bool(self.thinking) and not self.text)

    def completion(self, request: Request, usage: Usage, **more: Any) -> Completion:
        end = self._end(request) if self.prefill else None
        thinking, text = split_thinking(self.thinking, self.text[:end], self.tags)
        n_thinking = usage.thinking_tokens or self.n_thinking
        n_answer = self.n_answer
        if usage.completion_tokens is not None:
            n_answer = max(0, usage.completion_tokens - n_thinking)
        fields: dict[str, Any] = {
            "text": cut_at_stop(text, request.stop),
            "thinking": thinking,
            "finish": self._finish(),
            "thinking_tokens": n_thinking,
            "answer_tokens": n_answer,
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "mean_logprob": mean(self.logprobs),
            "min_window_logprob": lowest_window(self.logprobs),
            **more,
        }
        return Completion(**fields)

    def _finish(self) -> Finish:
        if self.is_circling:
            return "runaway"
        return "length" if self.finish == "length" else "stop"


async def events(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a stream, up to its `[DONE]` or its end. Raises BadStream."""
    n_chars = 0
    async for line in lines:
        n_chars += len(line)
        if n_chars > MAX_CHARS:
            raise BadStream(f"more than {MAX_CHARS} characters came back")
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        yield parse(data)


def parse(data: str | bytes) -> dict[str, Any]:
    """One JSON object. Raises BadStream for anything else, also for a reported error."""
    try:
        event = json.loads(data)
    except ValueError as exc:
        raise BadStream(f"not JSON: {data[:60]!r}") from exc
    event = _object(event)
    if event.get("error"):
        raise BadStream(f"the server reports {error_text(event)}")
    return event


def error_text(body: dict[str, Any]) -> str:
    """The message of an error body, in one line."""
    error = body.get("error", body)
    message = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(message).split())[:200]


def choices(event: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """(index, choice) of one event."""
    rows = [_object(choice) for choice in _list(event.get("choices"))]
    return [(_int(row.get("index")), row) for row in rows]


def usage_of(event: dict[str, Any]) -> Usage | None:
    usage = event.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt = _object(usage.get("prompt_tokens_details") or {})
    answer = _object(usage.get("completion_tokens_details") or {})
    return Usage(
        prompt_tokens=_int(usage.get("prompt_tokens")),
        completion_tokens=_int(usage.get("completion_tokens")),
        cached_tokens=_int(prompt.get("cached_tokens")),
        thinking_tokens=_int(answer.get("reasoning_tokens")) or None,
    )


def _logprobs(choice: dict[str, Any]) -> list[float]:
    logprobs = choice.get("logprobs")
    rows = _list(logprobs.get("content")) if isinstance(logprobs, dict) else []
    values = [row.get("logprob") for row in rows if isinstance(row, dict)]
    return [float(value) for value in values if isinstance(value, int | float)]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadStream(f"an object was expected, {value!r:.60} came")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _int(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0

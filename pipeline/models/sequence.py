"""One sequence being written: thinking budget, stop rules, guard, text, logprobs.

Knows no llama.cpp: the decoder feeds `next_token` to the model and hands back what was sampled;
everything else is decided here.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from pipeline.models.answer import cut_at_stop, lowest_window, mean, split_thinking
from pipeline.models.api import Completion, Finish, HiddenStates, Request
from pipeline.models.chat_template import Tags
from pipeline.models.ending import end_of_answer
from pipeline.models.runaway import RunawayGuard


@dataclass(frozen=True, kw_only=True)
class ThinkingTokens:
    """The thinking tags of a model as tokens."""

    tags: Tags
    close: int | None
    """The closing tag's token; None where the tag is several tokens."""
    end: tuple[int, ...]
    """What is forced at the cap: a line break, the closing tag, a blank line."""
    gap: tuple[int, ...] = ()
    """A blank line, between a closing tag that the model wrote and a prefill."""


LONGEST_MARK = 4
"""Characters of a line that tell whether an answer ends there."""


class Phase(Enum):
    THINKING = "thinking"
    ANSWER = "answer"
    DONE = "done"


class Fed(Enum):
    """What the token is that the next decode step feeds."""

    PROMPT_LAST = "prompt_last"
    OTHER = "other"
    ANSWER = "answer"
    CODE = "code"


@dataclass(kw_only=True)
class Sequence:
    """Mutable, owned by the model's worker thread."""

    index: int
    request: Request
    prompt: tuple[int, ...]
    thinking_tokens: ThinkingTokens | None
    emit: Callable[[int, str], None]
    prefill: tuple[int, ...] = ()
    """The prefill where it comes after the thinking; else it is part of the prompt."""
    cached: int = 0
    slot: int = -1
    position: int = 0
    next_token: int = 0
    fed: Fed = Fed.PROMPT_LAST
    forced: deque[int] = field(default_factory=deque)
    phase: Phase = Phase.ANSWER
    finish: Finish = "stop"
    n_thinking: int = 0
    n_answer: int = 0
    was_forced: bool = False
    notes: list[str] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next_token = self.prompt[-1]
        self.position = len(self.prompt) - 1
        self._thinking = _Text()
        self._answer = _Text(self.request.prefill)
        self._end_at: int | None = None
        self._guard = RunawayGuard()
        if self.request.thinking_tokens > 0 and self.thinking_tokens is not None:
            self.phase = Phase.THINKING
        elif self.request.thinking_tokens > 0:
            self.notes.append("the model's template names no thinking tags: no thinking budget")

    @property
    def n_needed(self) -> int:
        """Tokens that this sequence can come to hold, prompt included."""
        return n_needed(self.request, len(self.prompt), self.thinking_tokens, len(self.prefill))

    @property
    def is_done(self) -> bool:
        return self.phase is Phase.DONE

    @property
    def wants_sample(self) -> bool:
        """False while forced tokens wait to be fed; `feed_forced` is called instead of `take`."""
        return not self.forced

    def feed_forced(self) -> None:
        """Put the next forced token in line; no sampling takes place."""
        self.next_token = self.forced.popleft()
        self.fed = Fed.OTHER

    def take(self, token: int, piece: bytes, *, is_eog: bool, logprob: float) -> None:
        """Decide what a sampled token means and what is fed next."""
        self.next_token = token
        if self.phase is Phase.THINKING:
            self._think(token, piece, is_eog=is_eog)
        else:
            self._answer_with(token, piece, is_eog=is_eog, logprob=logprob)

    def completion(self, states: HiddenStates | None) -> Completion:
        tags = self.thinking_tokens.tags if self.thinking_tokens else None
        answer = self._answer.close()[: self._end_at]
        thinking, text = split_thinking(self._thinking.close(), answer, tags)
        return Completion(
            text=cut_at_stop(text, self.request.stop),
            thinking=thinking,
            finish=self.finish,
            prompt_tokens=len(self.prompt),
            cached_tokens=self.cached,
            thinking_tokens=self.n_thinking,
            answer_tokens=self.n_answer,
            thinking_forced=self.was_forced,
            mean_logprob=mean(self.logprobs),
            min_window_logprob=lowest_window(self.logprobs),
            states=states,
            detail="; ".join(self.notes),
        )

    # --- thinking

    def _think(self, token: int, piece: bytes, *, is_eog: bool) -> None:
        assert self.thinking_tokens is not None
        self.fed = Fed.OTHER
        if is_eog or token == self.thinking_tokens.close:
            self._end_thinking_early(is_eog=is_eog)
            return
        self.n_thinking += 1
        self.emit(self.index, text := self._thinking.add(piece))
        if self._closed_in_text():
            return
        if self.n_thinking >= self.request.thinking_tokens:
            self._force_end()
        elif self._guard.is_circling(token, text):
            self.notes.append("the thinking ran in circles and was ended")
            self._force_end()

    def _end_thinking_early(self, *, is_eog: bool) -> None:
        """The model stops thinking before its cap: let it answer."""
        tokens = self.thinking_tokens
        assert tokens is not None
        if is_eog:
            self.notes.append("the model stopped inside its thinking")
            self._begin_answer(tokens.end)
            self.feed_forced()
        else:
            self._begin_answer(tokens.gap if self.prefill else ())

    def _closed_in_text(self) -> bool:
        """Closing tags of several tokens, and tags glued to other text, are found in the text."""
        assert self.thinking_tokens is not None
        before, tag, after = self._thinking.text.partition(self.thinking_tokens.tags.end)
        if not tag:
            return False
        self._thinking.text = before
        self._begin_answer(self.thinking_tokens.gap if self.prefill else ())
        self._answer.text += after if not self.prefill else ""
        return True

    def _force_end(self) -> None:
        assert self.thinking_tokens is not None
        self.was_forced = True
        self._begin_answer(self.thinking_tokens.end)

    def _begin_answer(self, between: tuple[int, ...]) -> None:
        self.forced.extend((*between, *self.prefill))
        self.phase = Phase.ANSWER
        self._guard = RunawayGuard()

    # --- answer

    def _answer_with(self, token: int, piece: bytes, *, is_eog: bool, logprob: float) -> None:
        if is_eog:
            self._end("stop")
            return
        self.n_answer += 1
        self.logprobs.append(logprob)
        self.emit(self.index, text := self._answer.add(piece))
        self.fed = Fed.CODE if _in_fence(self._answer.text) else Fed.ANSWER
        if self._has_stop(len(text)) or self._is_over(len(text)):
            self._end("stop")
        elif self._guard.is_circling(token, text):
            self.notes.append("the answer ran in circles")
            self._end("runaway")
        elif self.n_answer >= self.request.max_tokens:
            self._end("length")

    def _has_stop(self, n_new: int) -> bool:
        return any(
            stop in self._answer.text[-(n_new + len(stop)) :] for stop in self.request.stop if stop
        )

    def _is_over(self, n_new: int) -> bool:
        """Looked at only where a line begins: what is there of it tells."""
        request, text = self.request, self._answer.text
        if not request.function or len(text) - text.rfind("\n") > n_new + LONGEST_MARK:
            return False
        at = end_of_answer(text, function=request.function, prefill=request.prefill)
        self._end_at = at
        return at is not None

    def _end(self, finish: Finish) -> None:
        self.finish = finish
        self.phase = Phase.DONE


def n_needed(
    request: Request, n_prompt: int, thinking: ThinkingTokens | None, n_prefill: int = 0
) -> int:
    """Tokens that a request can come to hold: its prompt, both caps and what is forced."""
    n_thinking = request.thinking_tokens + len(thinking.end) + n_prefill if thinking else 0
    return n_prompt + (n_thinking if request.thinking_tokens else 0) + request.max_tokens


class _Text:
    """Text from token bytes; a character cut in two waits for its rest."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, piece: bytes) -> str:
        new = self._decoder.decode(piece)
        self.text += new
        return new

    def close(self) -> str:
        self.text += self._decoder.decode(b"", final=True)
        return self.text


def _in_fence(text: str) -> bool:
    """Inside a Markdown code block, past the line that opens it."""
    last = text.rfind("```")
    return last >= 0 and text.count("```") % 2 == 1 and "\n" in text[last:]

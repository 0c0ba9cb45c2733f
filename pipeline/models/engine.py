"""The batched engine: one prefix prefilled once, k sequences decoded in one batch.

Lives on the model's worker thread.
Sequence 0 of the context holds the shared prefix between calls, the others are slots.
Same requests, seeds and composition give the same text on one machine; other batch compositions
may round differently, so equality across them is not promised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline.models.api import Completion, HiddenStates, Request
from pipeline.models.native import (
    Context,
    Feed,
    Sampler,
    Vocabulary,
    grammar_of,
    log_softmax_at,
)
from pipeline.models.sequence import Fed, Phase, Sequence, ThinkingTokens


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A request with its prompt as tokens."""

    index: int
    request: Request
    tokens: tuple[int, ...]
    prefill: tuple[int, ...] = ()
    """What the answer is made to begin with, where it comes after the thinking."""


@dataclass(frozen=True, kw_only=True)
class Counters:
    """What the context has decoded since it was made; proves that nothing is decoded twice."""

    decode_calls: int
    decoded_tokens: int
    cached_prefix: int
    """Tokens that sequence 0 holds now."""
    live_slots: int


class Engine:
    """Owns the context. `run` is called by one thread at a time."""

    def __init__(
        self, context: Context, vocabulary: Vocabulary, *, n_slots: int, n_cells: int
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._n_cells = n_cells
        self._free = list(range(n_slots, 0, -1))
        self._prefix: tuple[int, ...] = ()
        self._live: list[_Live] = []
        self._grammar = lru_cache(maxsize=32)(grammar_of)

    @property
    def counters(self) -> Counters:
        return Counters(
            decode_calls=self._context.n_decode_calls,
            decoded_tokens=self._context.n_decoded_tokens,
            cached_prefix=len(self._prefix),
            live_slots=len(self._live),
        )

    def run(
        self,
        prompts: Seq[Prompt],
        thinking: ThinkingTokens | None,
        emit: Callable[[int, str], None],
    ) -> tuple[Completion, ...]:
        """Complete the prompts, as many at a time as slots and cells allow.

        Raises Aborted and ModelError, and leaves clean slots then too.
        """
        done: dict[int, Completion] = {}
        waiting = deque(_sequences(prompts, thinking, emit))
        try:
            common = self._share_prefix([p.tokens for p in prompts], waiting)
            while waiting or self._live:
                self._join(waiting, common)
                self._step()
                self._leave(done)
        finally:
            self._clear()
        return tuple(done[p.index] for p in prompts)

    def forget(self) -> None:
        """Drop the prefix cache."""
        self._prefix = ()
        self._context.forget()

    # --- prefill

    def _share_prefix(self, prompts: Seq[tuple[int, ...]], waiting: deque[Sequence]) -> int:
        """Make sequence 0 hold what all prompts begin with, the last prompt token left out."""
        common = _common_prefix([p[:-1] for p in prompts])
        kept = _common_prefix([self._prefix, prompts[0][:common]])
        if not self._context.truncate(kept):
            kept = 0
        self._prefix = prompts[0][:kept]
        for sequence in waiting:
            sequence.cached = common
        waiting[0].cached = kept
        feeds = [Feed(prompts[0][at], at, 0) for at in range(kept, common)]
        for chunk in _chunks(feeds, self._context.n_batch):
            self._context.decode(chunk, outputs=False)
            self._prefix = prompts[0][: chunk[-1].position + 1]
        return common

    def _join(self, waiting: deque[Sequence], common: int) -> None:
        """Admit what fits and prefill its own part of the prompt, all but the last token."""
        feeds: list[Feed] = []
        while waiting and self._free and self._fits(waiting[0], common):
            sequence = waiting.popleft()
            sampler = self._sampler(sequence.request)
            sequence.slot = self._free.pop()
            self._live.append(_Live(sequence, sampler, self._context.dim))
            self._context.share(sequence.slot)
            feeds += [
                Feed(sequence.prompt[at], at, sequence.slot)
                for at in range(common, sequence.position)
            ]
        for chunk in _chunks(feeds, self._context.n_batch):
            self._context.decode(chunk, outputs=False)

    def _fits(self, sequence: Sequence, common: int) -> bool:
        used = common + sum(live.sequence.n_needed - common for live in self._live)
        return used + sequence.n_needed - common <= self._n_cells

    def _sampler(self, request: Request) -> Sampler:
        schema = request.json_schema
        grammar = self._grammar(schema) if schema is not None else None
        return Sampler(self._vocabulary, request.sampling, seed=request.seed, grammar=grammar)

    # --- decode

    def _step(self) -> None:
        """One token of every live sequence in one batch; then sample where a sample is wanted."""
        with_states = any(live.sequence.request.want_states for live in self._live)
        feeds = [
            Feed(live.sequence.next_token, live.sequence.position, live.sequence.slot)
            for live in self._live
        ]
        self._context.decode(feeds, outputs=True, embeddings=with_states)
        for row, live in enumerate(self._live):
            live.sequence.position += 1
            if live.sequence.request.want_states:
                live.states.see(live.sequence.fed, self._context.state(row))
            if live.sequence.wants_sample:
                self._sample(live, row)
            else:
                live.sequence.feed_forced()

    def _sample(self, live: _Live, row: int) -> None:
        sequence = live.sequence
        in_answer = sequence.phase is Phase.ANSWER
        token = live.sampler.sample(self._context, row, in_answer=in_answer)
        logprob = log_softmax_at(self._context.logits(row), token) if in_answer else 0.0
        sequence.take(
            token,
            self._vocabulary.piece(token),
            is_eog=self._vocabulary.is_eog(token),
            logprob=logprob,
        )

    def _leave(self, done: dict[int, Completion]) -> None:
        for live in [live for live in self._live if live.sequence.is_done]:
            done[live.sequence.index] = live.sequence.completion(live.states.result())
            self._release(live)

    def _release(self, live: _Live) -> None:
        self._live.remove(live)
        self._context.drop(live.sequence.slot)
        self._free.append(live.sequence.slot)
        self._free.sort(reverse=True)
        live.sampler.close()

    def _clear(self) -> None:
        """No slot keeps cells, sequence 0 keeps only what was fully decoded."""
        for live in list(self._live):
            self._release(live)
        if not self._context.truncate(len(self._prefix)):
            self._prefix = ()


class _Live:
    def __init__(self, sequence: Sequence, sampler: Sampler, dim: int) -> None:
        self.sequence = sequence
        self.sampler = sampler
        self.states = _States(dim)


class _States:
    """Sums of hidden states as they come by; nothing per token is kept."""

    def __init__(self, dim: int) -> None:
        self._sums = {Fed.CODE: np.zeros(dim), Fed.ANSWER: np.zeros(dim)}
        self._counts = {Fed.CODE: 0, Fed.ANSWER: 0}
        self._prompt_last: npt.NDArray[np.float32] | None = None
        self._last: npt.NDArray[np.float32] | None = None

    def see(self, fed: Fed, state: npt.NDArray[np.float32]) -> None:
        if fed is Fed.PROMPT_LAST:
            self._prompt_last = self._last = state.copy()
        elif fed in self._sums:
            self._sums[fed] += state
            self._counts[fed] += 1
            self._last = state.copy()

    def result(self) -> HiddenStates | None:
        """None where no state was asked for; without a code block the mean is over the answer."""
        if self._prompt_last is None or self._last is None:
            return None
        total, count = self._sums[Fed.CODE], self._counts[Fed.CODE]
        if count == 0:
            total, count = self._sums[Fed.ANSWER], self._counts[Fed.ANSWER]
        mean = total / count if count else self._last
        return HiddenStates(
            mean_code=mean.astype(np.float32), last=self._last, prompt_last=self._prompt_last
        )


def _sequences(
    prompts: Seq[Prompt], thinking: ThinkingTokens | None, emit: Callable[[int, str], None]
) -> list[Sequence]:
    return [
        Sequence(
            index=p.index,
            request=p.request,
            prompt=p.tokens,
            prefill=p.prefill,
            thinking_tokens=thinking,
            emit=emit,
        )
        for p in prompts
    ]


def _common_prefix(rows: Seq[tuple[int, ...]]) -> int:
    first, last = min(rows), max(rows)
    for at, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return at
    return min(len(first), len(last))


def _chunks(feeds: list[Feed], size: int) -> list[list[Feed]]:
    return [feeds[at : at + size] for at in range(0, len(feeds), size)]

"""The batched decoder: the sequences of all jobs decoded together, one token of each per step.

Lives on the model's worker thread; `submit` and `cancel` may be called from any.
Jobs join and leave between steps, and who has fewest sequences at work is let in first.
A few prefixes stay in the cache between jobs, each in a sequence of its own, so that a job begins
with what an earlier one has read; long prompts are read in chunks, between the steps of others.
Same requests, seeds and composition give the same text on one machine; other batch compositions
may round differently, so equality across them is not promised.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline.models.abort import Aborted
from pipeline.models.api import Completion, HiddenStates, ModelError, Request
from pipeline.models.native import (
    Feed,
    LlamaContext,
    Sampler,
    Vocabulary,
    grammar_of,
    log_softmax_at,
)
from pipeline.models.sequence import Fed, Phase, Sequence, ThinkingTokens

N_PREFIXES = 4
"""Sequences of the context that hold what jobs begin with: about so many files or functions."""
WORTH_KEEPING = 0.5
"""A prefix is cut for a job that shares so much of it; else another place is taken."""
SHARED_CHUNK = 64
"""Prompt tokens that are read between two steps while other sequences are being written."""


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
    """Tokens of the prefix that was used last."""
    live_slots: int


@dataclass(eq=False, kw_only=True)
class CompleteCall:
    """One call of `complete`: its prompts, and where pieces, completions and the end go.

    `read` makes the prompts, on the worker thread; what it raises ends the job.
    The callbacks are called on the worker thread.
    """

    read: Callable[[], Seq[Prompt]]
    thinking: ThinkingTokens | None
    emit: Callable[[int, str], None]
    completed: Callable[[int, Completion], None]
    ended: Callable[[BaseException | None], None]
    prompts: Seq[Prompt] = ()
    waiting: deque[Sequence] = field(default_factory=deque)
    common: int = 0
    prefix: _Prefix | None = None
    n_live: int = 0
    """Sequences at work."""
    is_cancelled: bool = False

    @property
    def prefix_is_gone(self) -> bool:
        return self.prefix is None or self.prefix.reader is not self


class Decoder:
    """Owns the context; `drain` is called by one thread at a time."""

    def __init__(
        self, context: LlamaContext, vocabulary: Vocabulary, *, n_slots: int, n_cells: int
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._n_cells = n_cells
        self._free = list(range(N_PREFIXES + n_slots - 1, N_PREFIXES - 1, -1))
        self._prefixes = [_Prefix(slot=slot) for slot in range(N_PREFIXES)]
        self._feeds: deque[tuple[Feed, _Prefix | _Live]] = deque()
        self._live: list[_Live] = []
        self._jobs: list[CompleteCall] = []
        self._lock = threading.Lock()
        self._inbox: list[CompleteCall] = []
        self._is_draining = False
        self._grammar = lru_cache(maxsize=32)(grammar_of)

    @property
    def counters(self) -> Counters:
        return Counters(
            decode_calls=self._context.n_decode_calls,
            decoded_tokens=self._context.n_decoded_tokens,
            cached_prefix=len(self._prefixes[-1].tokens),
            live_slots=len(self._live),
        )

    def submit(self, job: CompleteCall) -> bool:
        """Put the job in line; True where somebody has to call `drain` for it."""
        with self._lock:
            self._inbox.append(job)
            is_first, self._is_draining = not self._is_draining, True
            return is_first

    def cancel(self, job: CompleteCall) -> None:
        """The job ends within a step; nobody else's work is thrown away for it.

        The step itself is broken off only where nobody else takes part in it.
        """
        with self._lock:
            job.is_cancelled = True
            if job in self._inbox:
                self._inbox.remove(job)
                job.ended(Aborted())
            elif all(one.is_cancelled for one in self._jobs):
                self._context.abort.set()

    def drain(self) -> None:
        """Work until no job is left."""
        while True:
            try:
                if not self._take_new():
                    return
                self._turn()
            except Aborted:
                self._rewind()
            except Exception as exc:  # noqa: BLE001 - a thread's errors go to those who wait
                for job in list(self._jobs):
                    self._end(job, exc)
                self.forget()

    def _turn(self) -> None:
        self._admit()
        self._read_on()
        if any(live.is_ready for live in self._live):
            self._step()
            self._leave()

    def forget(self) -> None:
        """Drop the prefix cache."""
        for prefix in self._prefixes:
            prefix.tokens = ()
        self._context.forget()

    # --- jobs come and go

    def _take_new(self) -> bool:
        """Let new jobs in and cancelled ones out; False when there is nothing left to do."""
        with self._lock:
            new, self._inbox = self._inbox, []
            self._jobs += new
            cancelled = [job for job in self._jobs if job.is_cancelled]
            self._context.abort.clear()
        for job in cancelled:
            self._end(job, Aborted())
        for job in new:
            if not job.is_cancelled:
                self._open(job)
        with self._lock:
            self._is_draining = bool(self._jobs or self._inbox)
            return self._is_draining

    def _open(self, job: CompleteCall) -> None:
        try:
            job.prompts = job.read()
        except ModelError as exc:
            self._end(job, exc)
            return
        job.waiting = deque(_sequences(job))
        job.common = _common_prefix([p.tokens[:-1] for p in job.prompts])
        for sequence in job.waiting:
            sequence.cached = job.common
        if not job.waiting:
            self._end(job, None)

    def _end(self, job: CompleteCall, error: BaseException | None) -> None:
        for live in [live for live in self._live if live.job is job]:
            self._release(live)
        if job.prefix is not None and job.prefix.reader is job:
            self._stop_reading(job.prefix)
        job.prefix = None
        with self._lock:
            self._jobs.remove(job)
        job.ended(error)

    def _stop_reading(self, owner: _Prefix | _Live) -> None:
        self._feeds = deque(feed for feed in self._feeds if feed[1] is not owner)
        owner.n_unread = 0

    def _rewind(self) -> None:
        """After a step that was broken off: all that took part are cancelled, the prefixes stay."""
        for prefix in self._prefixes:
            if not self._context.truncate(prefix.slot, len(prefix.tokens)):
                prefix.tokens = ()

    # --- prompts

    def _admit(self) -> None:
        """Give places to waiting sequences, to jobs with fewest at work first."""
        while self._free:
            waiting = sorted((j for j in self._jobs if j.waiting), key=lambda job: job.n_live)
            ready = next((job for job in waiting if self._may_begin(job)), None)
            if ready is not None:
                self._place(ready)
            elif waiting and not self._live and not self._feeds:
                # Jobs that hold their prefixes and wait for each other's cells: one goes first.
                self._give_up_prefixes(but=waiting[0])
            else:
                return

    def _may_begin(self, job: CompleteCall) -> bool:
        """Whether its prompts' beginning has been read and there are cells for one sequence more.

        The reading is begun here.
        """
        if job.prefix is None:
            job.prefix = self._prefix_for(job)
        if job.prefix is None or job.prefix.n_unread:
            return False
        return self._has_room(job.waiting[0].n_needed - job.common)

    def _prefix_for(self, job: CompleteCall) -> _Prefix | None:
        """A place with as much of the job's beginning as is known; None while none is free."""
        wanted = job.prompts[0].tokens[: job.common]
        idle = [prefix for prefix in self._prefixes if not prefix.is_busy]
        source = max(self._prefixes, key=lambda p: _common_prefix([p.tokens, wanted]))
        kept = _common_prefix([source.tokens, wanted])
        if not idle or not self._has_room(job.waiting[0].n_needed - kept, spare=source):
            return None
        target = source
        if source.is_busy or kept < WORTH_KEEPING * len(source.tokens):
            target = next((prefix for prefix in idle if prefix is not source), source)
        if target.is_busy:
            return None
        if target is not source:
            self._context.drop(target.slot)
            self._context.share(source.slot, target.slot)
        kept = kept if self._context.truncate(target.slot, kept) else 0
        target.begin(job, wanted[:kept])
        self._prefixes.remove(target)
        self._prefixes.append(target)
        job.waiting[0].cached = kept
        target.n_unread = job.common - kept
        rest = range(kept, job.common)
        self._feeds.extend((Feed(wanted[at], at, target.slot), target) for at in rest)
        return target

    def _has_room(self, n: int, spare: _Prefix | None = None) -> bool:
        """Whether n cells are free; prefixes that nobody waits for make room, the oldest first."""
        for prefix in self._prefixes:
            if self._n_used() + n <= self._n_cells:
                return True
            if not prefix.is_busy and prefix is not spare:
                self._drop(prefix)
        return self._n_used() + n <= self._n_cells

    def _n_used(self) -> int:
        """Cells that are held or promised.

        What was read for a job stays in its sequences when its prefix has gone on to another.
        """
        prefixes = sum(len(prefix.tokens) + prefix.n_unread for prefix in self._prefixes)
        left = {id(live.job): live.job for live in self._live if live.job.prefix_is_gone}
        own = sum(live.sequence.n_needed - live.job.common for live in self._live)
        return prefixes + own + sum(job.common for job in left.values())

    def _give_up_prefixes(self, *, but: CompleteCall) -> None:
        for job in self._jobs:
            if job is not but:
                job.prefix = None
        for prefix in self._prefixes:
            if prefix.reader is not but:
                self._drop(prefix)

    def _drop(self, prefix: _Prefix) -> None:
        self._context.drop(prefix.slot)
        prefix.begin(None, ())

    def _place(self, job: CompleteCall) -> None:
        assert job.prefix is not None
        sequence = job.waiting.popleft()
        try:
            sampler = self._sampler(sequence.request)
        except ModelError as exc:
            self._end(job, exc)
            return
        sequence.slot = self._free.pop()
        live = _Live(job, sequence, sampler, self._context.dim)
        self._live.append(live)
        job.n_live += 1
        self._context.share(job.prefix.slot, sequence.slot)
        rest = range(job.common, sequence.position)
        live.n_unread = len(rest)
        self._feeds.extend((Feed(sequence.prompt[at], at, sequence.slot), live) for at in rest)

    def _sampler(self, request: Request) -> Sampler:
        schema = request.json_schema
        grammar = self._grammar(schema) if schema is not None else None
        return Sampler(self._vocabulary, request.sampling, seed=request.seed, grammar=grammar)

    def _read_on(self) -> None:
        """One chunk of prompts: a short one where others wait for their next token."""
        is_alone = len(self._jobs) == 1 or not any(live.is_ready for live in self._live)
        size = self._context.n_batch if is_alone else SHARED_CHUNK
        chunk = [self._feeds[n] for n in range(min(size, len(self._feeds)))]
        if not chunk:
            return
        self._context.decode([feed for feed, _ in chunk], outputs=False)
        for feed, owner in chunk:
            self._feeds.popleft()
            owner.n_unread -= 1
            owner.take(feed.token)

    # --- decode

    def _step(self) -> None:
        """One token of every sequence that is ready; then sample where a sample is wanted."""
        ready = [live for live in self._live if live.is_ready]
        with_states = any(live.sequence.request.want_states for live in ready)
        feeds = [
            Feed(live.sequence.next_token, live.sequence.position, live.sequence.slot)
            for live in ready
        ]
        self._context.decode(feeds, outputs=True, embeddings=with_states)
        for row, live in enumerate(ready):
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

    def _leave(self) -> None:
        for live in [live for live in self._live if live.sequence.is_done]:
            self._release(live)
            job, sequence = live.job, live.sequence
            job.completed(sequence.index, sequence.completion(live.states.result()))
            if not job.n_live and not job.waiting:
                self._end(job, None)

    def _release(self, live: _Live) -> None:
        self._live.remove(live)
        live.job.n_live -= 1
        if live.n_unread:
            self._stop_reading(live)
        self._context.drop(live.sequence.slot)
        self._free.append(live.sequence.slot)
        self._free.sort(reverse=True)
        live.sampler.close()


class _Prefix:
    """What one sequence of the context holds for jobs to begin with."""

    def __init__(self, *, slot: int) -> None:
        self.slot = slot
        self.tokens: tuple[int, ...] = ()
        self.n_unread = 0
        self.reader: CompleteCall | None = None
        """For whom it was read last."""

    @property
    def is_busy(self) -> bool:
        """Sequences of a job still wait to begin with it."""
        reader = self.reader
        return reader is not None and reader.prefix is self and bool(reader.waiting)

    def begin(self, reader: CompleteCall | None, tokens: tuple[int, ...]) -> None:
        self.reader, self.tokens, self.n_unread = reader, tokens, 0

    def take(self, token: int) -> None:
        self.tokens += (token,)


class _Live:
    """A sequence at work."""

    def __init__(self, job: CompleteCall, sequence: Sequence, sampler: Sampler, dim: int) -> None:
        self.job = job
        self.sequence = sequence
        self.sampler = sampler
        self.states = _States(dim)
        self.n_unread = 0

    @property
    def is_ready(self) -> bool:
        return self.n_unread == 0

    def take(self, _token: int) -> None:
        """Its slot holds it now; nothing else has to be known."""


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


def _sequences(job: CompleteCall) -> Iterator[Sequence]:
    return (
        Sequence(
            index=p.index,
            request=p.request,
            prompt=p.tokens,
            prefill=p.prefill,
            thinking_tokens=job.thinking,
            emit=job.emit,
        )
        for p in job.prompts
    )


def _common_prefix(rows: Seq[tuple[int, ...]]) -> int:
    first, last = min(rows), max(rows)
    for at, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return at
    return min(len(first), len(last))

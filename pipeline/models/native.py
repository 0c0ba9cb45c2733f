"""llama.cpp as objects: model, vocabulary, samplers, context; for the model's worker thread.

Imports llama_cpp and numpy, so it is itself imported only when a model is opened.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import llama_cpp.llama_cpp as lib
import numpy as np
import numpy.typing as npt

from pipeline.models.abort import Aborted, AbortFlag
from pipeline.models.api import ModelBroken, ModelError, Sampling

KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 8}
_ABORTED = 2

_last_errors: deque[str] = deque(maxlen=8)


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_errors(level: int, text: bytes, _user_data: object) -> None:
    if level == 3:
        _last_errors.append(text.decode("utf-8", errors="replace").strip())


def silence() -> None:
    """Nothing of llama.cpp's chatter reaches stderr; its last errors are kept for our messages."""
    lib.llama_log_set(_keep_errors, ctypes.c_void_p(0))


def last_error() -> str:
    return _last_errors[-1] if _last_errors else "llama.cpp gave no reason"


class Weights:
    """A loaded model file."""

    def __init__(
        self, path: Path, *, n_gpu_layers: int, use_mmap: bool, stop: threading.Event
    ) -> None:
        silence()
        lib.llama_backend_init()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        params.load_mode = lib.LLAMA_LOAD_MODE_AUTO if use_mmap else lib.LLAMA_LOAD_MODE_NONE
        go_on = lib.llama_progress_callback(lambda _progress, _data: not stop.is_set())
        params.progress_callback = go_on
        self.pointer = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self.pointer:
            if stop.is_set():
                raise Aborted
            raise ModelBroken(f"llama.cpp cannot load {path}: {last_error()}; use another file")
        self.dim = int(lib.llama_model_n_embd(self.pointer))
        self.n_params = int(lib.llama_model_n_params(self.pointer))

    def close(self) -> None:
        if self.pointer:
            lib.llama_model_free(self.pointer)
            self.pointer = None


class Vocabulary:
    """Text to tokens and back."""

    def __init__(self, weights: Weights) -> None:
        self.pointer = lib.llama_model_get_vocab(weights.pointer)
        self.size = int(lib.llama_vocab_n_tokens(self.pointer))
        self.adds_bos = bool(lib.llama_vocab_get_add_bos(self.pointer))
        self.bos_text = self._text_of(lib.llama_vocab_bos(self.pointer))
        self.eos_text = self._text_of(lib.llama_vocab_eos(self.pointer))
        self.piece = lru_cache(maxsize=1 << 16)(self._piece)

    def tokens(self, text: str, *, special: bool, bos: bool = False) -> tuple[int, ...]:
        data = text.encode("utf-8", errors="replace")
        buffer = (lib.llama_token * (len(data) + 8))()
        n = lib.llama_tokenize(self.pointer, data, len(data), buffer, len(buffer), bos, special)
        if n < 0:
            raise ModelError(f"the text of {len(data)} bytes cannot be tokenised")
        return tuple(buffer[:n])

    def is_eog(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self.pointer, token))

    def single(self, text: str) -> int | None:
        """The one token that is this text, or None."""
        tokens = self.tokens(text, special=True)
        return tokens[0] if len(tokens) == 1 else None

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        n = lib.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, True)
        if n < 0:
            buffer = ctypes.create_string_buffer(-n)
            n = lib.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, True)
        return buffer.raw[:n]

    def _text_of(self, token: int) -> str:
        return self._piece(token).decode("utf-8", errors="replace") if token >= 0 else ""


class Sampler:
    """A native sampler chain with its own seed; a grammar acts only in the answer."""

    def __init__(
        self, vocabulary: Vocabulary, sampling: Sampling, *, seed: int, grammar: str | None
    ) -> None:
        self._vocabulary = vocabulary
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for stage in _stages(sampling, seed):
            lib.llama_sampler_chain_add(self._chain, stage)
        self._grammar = self._new_grammar(grammar) if grammar is not None else None

    def sample(self, context: LlamaContext, row: int, *, in_answer: bool) -> int:
        """Draw a token from output `row`.

        With a grammar: draw; only if the grammar refuses the token filter all and redraw.
        """
        token = int(lib.llama_sampler_sample(self._chain, context.pointer, row))
        if self._grammar is None or not in_answer:
            return token
        if not self._allows(token):
            token = self._redraw(context.logits(row))
        lib.llama_sampler_accept(self._grammar, token)
        return token

    def close(self) -> None:
        lib.llama_sampler_free(self._chain)
        if self._grammar is not None:
            lib.llama_sampler_free(self._grammar)
        self._grammar = None

    def _new_grammar(self, grammar: str) -> object:
        pointer = lib.llama_sampler_init_grammar(
            self._vocabulary.pointer, grammar.encode(), b"root"
        )
        if not pointer:
            lib.llama_sampler_free(self._chain)
            raise ModelError(f"llama.cpp refuses the grammar of this JSON schema: {last_error()}")
        return pointer

    def _allows(self, token: int) -> bool:
        rows = np.zeros(1, dtype=_TOKEN_DATA)
        rows["id"] = token
        self._apply(self._grammar, rows)
        return bool(np.isfinite(rows["logit"][0]))

    def _redraw(self, logits: npt.NDArray[np.float32]) -> int:
        rows = np.zeros(logits.size, dtype=_TOKEN_DATA)
        rows["id"] = np.arange(logits.size, dtype=np.int32)
        rows["logit"] = logits
        self._apply(self._grammar, rows)
        rows = rows[np.isfinite(rows["logit"])]
        if rows.size == 0:
            raise ModelError("no token of the model's vocabulary fits the JSON schema")
        rows = np.ascontiguousarray(rows)
        return self._apply(self._chain, rows)

    @staticmethod
    def _apply(sampler: object, rows: npt.NDArray[np.void]) -> int:
        """Apply in place; the selected token, -1 where the sampler only filters."""
        array = lib.llama_token_data_array(
            data=rows.ctypes.data_as(lib.llama_token_data_p),
            size=rows.size,
            selected=-1,
            sorted=False,
        )
        lib.llama_sampler_apply(sampler, ctypes.byref(array))
        return int(array.data[array.selected].id) if array.selected >= 0 else -1


_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def _stages(sampling: Sampling, seed: int) -> list[object]:
    if sampling.temperature <= 0:
        return [lib.llama_sampler_init_greedy()]
    return [
        lib.llama_sampler_init_top_k(sampling.top_k),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        # 0xFFFFFFFF would mean a random seed.
        lib.llama_sampler_init_dist(seed % 0xFFFF_FFFF),
    ]


@dataclass(frozen=True, kw_only=True)
class ContextSize:
    n_cells: int
    n_seq_max: int
    n_batch: int
    n_threads: int
    kv_type: str
    flash_attention: bool | None


@dataclass(frozen=True)
class Feed:
    """One token of a batch."""

    token: int
    position: int
    slot: int


class LlamaContext:
    """A llama context with one re-used batch; counts what it decodes."""

    def __init__(self, weights: Weights, size: ContextSize) -> None:
        self.abort = AbortFlag()
        self.n_batch = size.n_batch
        self.dim = weights.dim
        self.n_decode_calls = 0
        self.n_decoded_tokens = 0
        self._embeddings = False
        self.pointer = lib.llama_init_from_model(weights.pointer, self._params(size))
        if not self.pointer:
            raise ModelBroken(
                f"no context of {size.n_cells} cells with {size.kv_type} cache: {last_error()};"
                " lower n_ctx or n_parallel"
            )
        self._memory = lib.llama_get_memory(self.pointer)
        vocab = lib.llama_model_get_vocab(weights.pointer)
        self._logits_type = ctypes.c_float * int(lib.llama_vocab_n_tokens(vocab))
        self._state_type = ctypes.c_float * weights.dim
        self._batch = lib.llama_batch_init(size.n_batch, 0, 1)

    def decode(self, feeds: Sequence[Feed], *, outputs: bool, embeddings: bool = False) -> None:
        """One `llama_decode`. Raises Aborted when the flag is set, ModelError on a failure."""
        self._set_embeddings(embeddings)
        batch = self._batch
        for i, feed in enumerate(feeds):
            batch.token[i] = feed.token
            batch.pos[i] = feed.position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = feed.slot
            batch.logits[i] = outputs
        batch.n_tokens = len(feeds)
        code = lib.llama_decode(self.pointer, batch)
        if code == _ABORTED or self.abort.is_set:
            raise Aborted
        if code != 0:
            raise ModelError(
                f"llama.cpp failed to decode ({code}: {last_error()}); try a larger context"
            )
        self.n_decode_calls += 1
        self.n_decoded_tokens += len(feeds)

    def logits(self, row: int) -> npt.NDArray[np.float32]:
        """A view of shape (vocabulary,), valid until the next decode."""
        pointer = lib.llama_get_logits_ith(self.pointer, row)
        return _view(pointer, self._logits_type)

    def state(self, row: int) -> npt.NDArray[np.float32]:
        """A view of shape (dim,): the state after the final norm, valid until the next decode."""
        return _view(lib.llama_get_embeddings_ith(self.pointer, row), self._state_type)

    def share(self, source: int, slot: int) -> None:
        """Let `slot` hold what `source` holds, in the same cells."""
        lib.llama_memory_seq_cp(self._memory, source, slot, -1, -1)

    def drop(self, slot: int) -> None:
        lib.llama_memory_seq_rm(self._memory, slot, -1, -1)

    def truncate(self, slot: int, n_kept: int) -> bool:
        """Cut a sequence to its first tokens; False (and empty) where the architecture cannot."""
        if lib.llama_memory_seq_rm(self._memory, slot, n_kept, -1):
            return True
        self.drop(slot)
        return False

    def forget(self) -> None:
        lib.llama_memory_clear(self._memory, True)

    def close(self) -> None:
        if self.pointer:
            lib.llama_batch_free(self._batch)
            lib.llama_free(self.pointer)
            self.pointer = None

    def _set_embeddings(self, on: bool) -> None:
        if on != self._embeddings:
            lib.llama_set_embeddings(self.pointer, on)
            self._embeddings = on

    def _params(self, size: ContextSize) -> object:
        params = lib.llama_context_default_params()
        params.n_ctx = size.n_cells
        params.n_batch = params.n_ubatch = size.n_batch
        params.n_seq_max = size.n_seq_max
        params.n_outputs_max = size.n_seq_max
        params.n_threads = params.n_threads_batch = size.n_threads
        params.type_k = params.type_v = KV_TYPES[size.kv_type]
        params.flash_attn_type = -1 if size.flash_attention is None else int(size.flash_attention)
        params.pooling_type = lib.LLAMA_POOLING_TYPE_NONE
        params.kv_unified = True
        params.no_perf = True
        params.abort_callback = self.abort.callback
        params.abort_callback_data = self.abort.data
        return params


def _view(pointer: object, kind: type[ctypes.Array[ctypes.c_float]]) -> npt.NDArray[np.float32]:
    address = ctypes.cast(pointer, ctypes.c_void_p).value  # type: ignore[arg-type]
    if not address:
        raise ModelError("llama.cpp gave no output for a token that asked for one")
    view: npt.NDArray[np.float32] = np.ctypeslib.as_array(kind.from_address(address))
    return view


def log_softmax_at(logits: npt.NDArray[np.float32], token: int) -> float:
    """Natural log of the model's own probability (temperature 1) of `token`."""
    top = logits.max()
    return float(logits[token] - top - np.log(np.exp(logits - top).sum()))


def supports_gpu() -> bool:
    return bool(lib.llama_supports_gpu_offload())


def grammar_of(json_schema: str) -> str:
    """GBNF of a JSON schema. Raises ModelError if llama.cpp's converter cannot read it."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(json_schema))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as exc:
        raise ModelError(
            f"the JSON schema cannot be made a grammar ({exc!r}): {json_schema[:80]}"
        ) from exc

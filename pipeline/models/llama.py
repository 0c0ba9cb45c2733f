"""The llama backend: a GGUF file run in process by llama.cpp, batched, on one worker thread.

numpy and llama_cpp are imported only when a model is opened.
Not covered: models that need an encoder or pictures.
Cancelling is felt between graph nodes on the CPU, between decode calls on a GPU.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.models.api import (
    Completion,
    Message,
    ModelBroken,
    ModelError,
    ModelInfo,
    OnDone,
    OnToken,
    PromptTooLong,
    Request,
)
from pipeline.models.chat_template import ChatTemplate
from pipeline.models.digest import file_sha256
from pipeline.models.gguf_file import GgufFile, read_gguf
from pipeline.models.sequence import ThinkingTokens, n_needed
from pipeline.models.threads import n_cores, spin_less
from pipeline.models.traits import traits_of

if TYPE_CHECKING:
    from pipeline.models.decoder import Counters, Decoder, Prompt
    from pipeline.models.native import ContextSize, Vocabulary, Weights

N_SHARED = 4
"""Sequences of the context that hold prefixes (`decoder.N_PREFIXES`)."""
KvType = Literal["f32", "f16", "q8_0", "q4_0"]


@dataclass(frozen=True, kw_only=True)
class LlamaSettings:
    n_ctx: int = 0
    """Longest prompt plus caps of one sequence; 0 is the model's own length, at most 8192."""
    n_cells: int = 0
    """KV cells of all sequences together; requests that do not fit beside each other wait.

    0 is room for `n_parallel` sequences, at most 16384 (but never under n_ctx).
    """
    n_parallel: int = 8
    """Sequences decoded at a time; more requests wait for a free place."""
    n_gpu_layers: int = -1
    """-1 is all, where llama.cpp was built for a GPU."""
    n_threads: int = 0
    """0 is one per physical core that this process may use, and a single one for files under 64 MB.

    Threads of a small model meet at a barrier every few microseconds; as soon as another process
    wants a core, two of them were measured ten times slower than one.
    """
    n_batch: int = 512
    kv_type: KvType = "f16"
    flash_attention: bool | None = None
    """None lets llama.cpp decide; a quantised cache needs it."""
    use_mmap: bool = True
    memory_limit: int | None = None
    """Bytes that weights and cache may take; None is what the system has free."""
    cache_dir: Path | None = None
    """Where the file's sha256 is remembered; None hashes at each opening."""


async def open_llama(path: Path, *, settings: LlamaSettings | None = None) -> LlamaModel:
    """Load the model off the event loop.

    Raises ModelNotFound, and ModelBroken for a file that cannot be used or does not fit the memory.
    """
    settings = settings or LlamaSettings()
    stop = threading.Event()
    pool = ThreadPoolExecutor(1, thread_name_prefix="atlas-llama")
    loading = asyncio.get_running_loop().run_in_executor(pool, _load, path, settings, stop)
    try:
        return LlamaModel(await asyncio.shield(loading), pool)
    except BaseException:
        stop.set()
        loading.add_done_callback(_discard)
        pool.shutdown(wait=False)
        await asyncio.wait([loading])
        raise


class LlamaModel:
    """Made by `open_llama`; implements the Model protocol."""

    def __init__(self, loaded: _Loaded, pool: ThreadPoolExecutor) -> None:
        self._loaded = loaded
        self._pool = pool
        self._is_closed = False

    @property
    def info(self) -> ModelInfo:
        return self._loaded.info

    @property
    def counters(self) -> Counters:
        return self._loaded.decoder.counters

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        """See `Model.complete`. `on_token` gets thinking and answer, as they are sampled."""
        self._check_open()
        if not requests:
            return ()
        call = _Call(self._loaded, requests, on_token or _ignore, on_done or _ignore)
        if self._loaded.decoder.submit(call.job):
            self._pool.submit(self._loaded.decoder.drain)
        running = asyncio.wrap_future(call.future)
        running.add_done_callback(_retrieve)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._loaded.decoder.cancel(call.job)
            await asyncio.wait([running])
            raise

    def render(self, messages: Sequence[Message]) -> str:
        """What the model would read of a conversation, up to where it writes its answer."""
        return self._loaded.template.render(messages, thinking=False)

    def count_tokens(self, text: str) -> int:
        self._check_open()
        return len(self._loaded.vocabulary.tokens(text, special=False))

    def forget_prefix(self) -> None:
        """Drop the prefix cache before the next job (for measurements)."""
        self._pool.submit(self._loaded.decoder.forget).result()

    async def aclose(self) -> None:
        """Free the memory, after the jobs that still run. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        closing = asyncio.get_running_loop().run_in_executor(self._pool, self._loaded.close)
        self._pool.shutdown(wait=False)
        await asyncio.shield(closing)

    def _check_open(self) -> None:
        if self._is_closed:
            raise ModelError("the model is closed; open it again")


def memory_needed(file: GgufFile, *, n_cells: int, n_batch: int, kv_type: KvType) -> int:
    """Bytes that weights, cache and work space will take: an estimate that errs upwards."""
    kv_bytes = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}[kv_type]
    cache = int(file.n_kv_values_per_token * n_cells * kv_bytes)
    widest = max(file.number("feed_forward_length"), file.number("embedding_length"))
    return file.size + cache + 8 * n_batch * widest * 4 + (16 << 20)


def free_memory() -> int | None:
    """Bytes that a new process may take without swapping; None where the system does not say."""
    system = _number_after("MemAvailable:", Path("/proc/meminfo"))
    limit, used = (_number_after("", _CGROUP / f"memory.{name}") for name in ("max", "current"))
    bounds = [system * 1024] if system is not None else []
    if limit is not None and used is not None:
        bounds.append(max(0, limit - used))
    return min(bounds, default=None)


_CGROUP = Path("/sys/fs/cgroup")


def _number_after(label: str, path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii")
    except OSError:
        return None
    words = text.partition(label)[2].split() if label else text.split()
    return int(words[0]) if words and words[0].isdigit() else None


# --- loading, on the worker thread


@dataclass(kw_only=True)
class _Loaded:
    info: ModelInfo
    weights: Weights
    vocabulary: Vocabulary
    decoder: Decoder
    template: ChatTemplate
    thinking: ThinkingTokens | None
    n_cells: int
    close_context: Callable[[], None]

    def close(self) -> None:
        self.close_context()
        self.weights.close()


def _load(path: Path, settings: LlamaSettings, stop: threading.Event) -> _Loaded:
    file = read_gguf(path)
    n_ctx, n_cells = _sizes(file, settings)
    spin_less()
    # The first import of numpy and llama_cpp takes a third of a second: here, off the loop.
    from pipeline.models import native
    from pipeline.models.decoder import Decoder

    if settings.n_gpu_layers == 0 or not native.supports_gpu():
        _refuse_if_too_big(file, settings, n_cells)
    sha256 = file_sha256(path, cache_dir=settings.cache_dir, stop=stop)
    weights = native.Weights(
        path, n_gpu_layers=settings.n_gpu_layers, use_mmap=settings.use_mmap, stop=stop
    )
    try:
        vocabulary = native.Vocabulary(weights)
        template = ChatTemplate(
            file.chat_template, bos=vocabulary.bos_text, eos=vocabulary.eos_text
        )
        context = native.LlamaContext(weights, _context_size(file, settings, n_cells))
    except ModelError:
        weights.close()
        raise
    thinking = _thinking_tokens(template, vocabulary)
    return _Loaded(
        info=ModelInfo(
            name=file.name,
            backend="llama",
            sha256=sha256,
            n_ctx=n_ctx,
            dim=weights.dim,
            n_params=weights.n_params,
            has_thinking=thinking is not None,
            has_grammar=True,
            has_states=True,
            has_prefill=True,
            **traits_of(file.name),
        ),
        weights=weights,
        vocabulary=vocabulary,
        decoder=Decoder(context, vocabulary, n_slots=settings.n_parallel, n_cells=n_cells),
        template=template,
        thinking=thinking,
        n_cells=n_cells,
        close_context=context.close,
    )


def _sizes(file: GgufFile, settings: LlamaSettings) -> tuple[int, int]:
    n_ctx = settings.n_ctx or min(file.n_ctx_train or 2048, 8192)
    n_cells = settings.n_cells or max(n_ctx, min(settings.n_parallel * n_ctx, 16384))
    n_cells = max(n_cells, n_ctx)
    return n_ctx, -(-n_cells // 256) * 256


def _context_size(file: GgufFile, settings: LlamaSettings, n_cells: int) -> ContextSize:
    from pipeline.models.native import ContextSize

    return ContextSize(
        n_cells=n_cells,
        n_seq_max=settings.n_parallel + N_SHARED,
        n_batch=settings.n_batch,
        n_threads=settings.n_threads or _n_threads(file),
        kv_type=settings.kv_type,
        flash_attention=settings.flash_attention,
    )


def _n_threads(file: GgufFile) -> int:
    return 1 if file.size < 64 << 20 else n_cores()


def _refuse_if_too_big(file: GgufFile, settings: LlamaSettings, n_cells: int) -> None:
    limit = settings.memory_limit if settings.memory_limit is not None else free_memory()
    needed = memory_needed(
        file, n_cells=n_cells, n_batch=settings.n_batch, kv_type=settings.kv_type
    )
    if limit is not None and needed > limit:
        raise ModelBroken(
            f"{file.path} needs about {needed >> 20} MB ({file.size >> 20} MB of weights, the rest"
            f" for {n_cells} tokens of {settings.kv_type} cache), {limit >> 20} MB are free;"
            " take a smaller model, fewer n_cells or kv_type q8_0"
        )


def _thinking_tokens(template: ChatTemplate, vocabulary: Vocabulary) -> ThinkingTokens | None:
    if template.tags is None:
        return None
    end = f"\n{template.tags.end}\n\n"
    return ThinkingTokens(
        tags=template.tags,
        close=vocabulary.single(template.tags.end),
        end=vocabulary.tokens(end, special=True),
        gap=vocabulary.tokens("\n\n", special=False),
    )


def _discard(loading: asyncio.Future[_Loaded]) -> None:
    """A model that nobody waits for any more is freed as soon as it is loaded."""
    if not loading.cancelled() and loading.exception() is None:
        loading.result().close()


# --- jobs


class _Call:
    """One call of `complete`, carried to the worker thread and back."""

    def __init__(
        self, loaded: _Loaded, requests: Sequence[Request], on_token: OnToken, on_done: OnDone
    ) -> None:
        # Here, because the decoder's module imports numpy.
        from pipeline.models.decoder import CompleteCall

        self._loaded = loaded
        self._requests = requests
        self._on_done = on_done
        self._done: dict[int, Completion] = {}
        self.future: Future[tuple[Completion, ...]] = Future()
        self.job = CompleteCall(
            read=self._prompts,
            thinking=loaded.thinking,
            emit=on_token,
            completed=self._completed,
            ended=self._ended,
        )

    def _completed(self, index: int, completion: Completion) -> None:
        self._done[index] = completion
        self._on_done(index, completion)

    def _ended(self, error: BaseException | None) -> None:
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(tuple(self._done[n] for n in range(len(self._requests))))

    def _prompts(self) -> list[Prompt]:
        return [self._prompt(index, request) for index, request in enumerate(self._requests)]

    def _prompt(self, index: int, request: Request) -> Prompt:
        from pipeline.models.decoder import Prompt

        loaded = self._loaded
        wants_thinking = request.thinking_tokens > 0 and loaded.thinking is not None
        text = loaded.template.render(
            request.messages, thinking=wants_thinking, prefill=request.prefill
        )
        tokens = prompt_tokens(loaded.vocabulary, text, request.messages)
        prefill = loaded.vocabulary.tokens(request.prefill, special=False) if wants_thinking else ()
        needed = n_needed(request, len(tokens), loaded.thinking, len(prefill))
        if needed > loaded.info.n_ctx:
            raise PromptTooLong(
                f"a prompt of {len(tokens)} tokens with caps of {request.thinking_tokens}"
                f" (thinking) and {request.max_tokens} (answer) does not fit the context of"
                f" {loaded.info.n_ctx}; shorten the module or take a model with a longer context"
            )
        return Prompt(index=index, request=request, tokens=tokens, prefill=prefill)


def prompt_tokens(
    vocabulary: Vocabulary, text: str, messages: Sequence[Message]
) -> tuple[int, ...]:
    """Tokens of a rendered prompt; control tokens spelled inside a message stay plain text."""
    tokens: tuple[int, ...] = ()
    for part, is_content in _parts(vocabulary, text, messages):
        bos = (
            vocabulary.adds_bos and not tokens and not part.startswith(vocabulary.bos_text or "\0")
        )
        tokens += vocabulary.tokens(part, special=not is_content, bos=bos)
    return tokens


def _parts(
    vocabulary: Vocabulary, text: str, messages: Sequence[Message]
) -> list[tuple[str, bool]]:
    """The text cut at those messages that spell control tokens."""
    parts = []
    for message in messages:
        content = message.content.strip()
        plain = vocabulary.tokens(content, special=False)
        if content not in text or plain == vocabulary.tokens(content, special=True):
            continue
        before, _, text = text.partition(content)
        parts += [(before, False), (content, True)]
    return [*parts, (text, False)]


def _ignore(_index: int, _what: object) -> None:
    """Nobody listens."""


def _retrieve(future: asyncio.Future[tuple[Completion, ...]]) -> None:
    """Mark the outcome of a cancelled job as seen."""
    if not future.cancelled():
        future.exception()

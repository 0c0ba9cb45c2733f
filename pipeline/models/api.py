"""A model as the pipeline sees it: requests in, completions out, batched, streamed, cancellable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


API_KEY = "ATLAS_API_KEY"
"""Of the environment: the key for an endpoint. No file holds it, and no project can set it."""


class ModelError(Exception):
    """Root of what model backends raise; its text is one line with the mend."""


class ModelNotFound(ModelError):
    """The file, the name or the endpoint is not there."""


class ModelBroken(ModelError):
    """The file is there and cannot be used: truncated, no GGUF, unknown kind, too little memory."""


class PromptTooLong(ModelError):
    """The prompt and the caps do not fit the context; the message gives all three numbers."""


@dataclass(frozen=True, kw_only=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Sampling:
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Request:
    messages: tuple[Message, ...]
    seed: int = 0
    max_tokens: int = 1024
    """Cap of the answer, thinking not counted."""
    sampling: Sampling = Sampling()
    thinking_tokens: int = 0
    """Cap of the thinking; 0 asks the template for no thinking at all."""
    stop: tuple[str, ...] = ()
    json_schema: str | None = None
    """JSON Schema text; the answer is constrained to it where the backend has grammars."""
    want_states: bool = False
    prefill: str = ""
    """Text that the answer is made to begin with, after the thinking (for backends that can)."""
    function: str = ""
    """The answer is over where this function is: see `ending.py`. Empty never ends it early."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenStates:
    """States after the final norm, float32, each of shape (dim,); from the decode of the text."""

    mean_code: npt.NDArray[np.float32]
    last: npt.NDArray[np.float32]
    prompt_last: npt.NDArray[np.float32]


Finish = Literal["stop", "length", "runaway", "error"]


@dataclass(frozen=True, kw_only=True)
class Completion:
    text: str
    """The answer without the thinking."""
    thinking: str = ""
    finish: Finish = "stop"
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """How many of the prompt tokens came from a cache or from a sibling's prefill."""
    thinking_tokens: int = 0
    answer_tokens: int = 0
    thinking_forced: bool = False
    """The end of the thinking was forced at the cap."""
    mean_logprob: float | None = None
    min_window_logprob: float | None = None
    """Lowest mean over 16 consecutive answer tokens."""
    states: HiddenStates | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    name: str
    backend: str
    sha256: str = ""
    n_ctx: int = 0
    dim: int = 0
    n_params: int = 0
    """0 where the backend does not say."""
    has_thinking: bool = False
    has_grammar: bool = False
    has_states: bool = False
    prompts: Literal["chat", "trained"] = "chat"
    """Which texts it is asked with: those for chat models, or those that it was trained on."""
    has_prefill: bool = False
    """An answer can be begun for the model."""


OnToken = Callable[[int, str], None]
"""Called with (index of the request, piece of text) on a model thread; must return at once."""


OnDone = Callable[[int, Completion], None]
"""Called with (index of the request, its completion) as soon as it is whole, as `OnToken` is."""


class Model(Protocol):
    @property
    def info(self) -> ModelInfo: ...

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        """Complete all requests, in their order; those that share a prefix share its prefill.

        Cancelling the awaiting task stops the work within one decode step.
        Raises PromptTooLong before any work; other ModelErrors when the backend breaks.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of plain text (no template)."""
        ...

    async def aclose(self) -> None: ...

"""The models that `atlas model` knows: where they lie, how they are fetched and checked.

Numbers of the table are read off model cards and configurations; what is not known stays None.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from platformdirs import user_data_path

from pipeline.models.api import (
    Completion,
    Message,
    Model,
    ModelBroken,
    ModelError,
    ModelNotFound,
    Request,
    Sampling,
)
from pipeline.models.digest import file_sha256
from pipeline.models.gguf_file import read_gguf
from pipeline.models.llama import LlamaModel

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
GB = 1_000_000_000
Q4_K_M_BYTES_PER_WEIGHT = 0.62
"""What the known Q4_K_M files come to, rounded up; for sizes that the table lacks."""
USUAL_CELLS = 16_384
"""Tokens of cache that k = 3 candidates with short thinking need together."""
WORK_SPACE = 700_000_000
"""Compute buffers and the runtime, as an allowance."""

OnProgress = Callable[[int, int | None], None]
"""Called with (bytes so far, bytes in all or None)."""


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    name: str
    repo: str
    """Hugging Face id."""
    file: str
    n_params: float
    """In thousand millions."""
    n_ctx: int
    kv_bytes_per_token: int
    """With an f16 cache: 2 x layers x key/value heads x head width x 2 bytes."""
    size_gb: float | None = None
    sha256: str | None = None
    has_thinking: bool = True
    note: str = ""

    @property
    def size_bytes(self) -> int:
        """Of the file; estimated from its weights where the table has no size."""
        if self.size_gb is not None:
            return round(self.size_gb * GB)
        return round(self.n_params * GB * Q4_K_M_BYTES_PER_WEIGHT)

    def memory_bytes(self, n_cells: int = USUAL_CELLS, *, kv_share: float = 1.0) -> int:
        """What it takes to run with a cache of `n_cells`; `kv_share` is 34/64 for q8_0."""
        return self.size_bytes + round(self.kv_bytes_per_token * n_cells * kv_share) + WORK_SPACE

    @property
    def vram_band_gb(self) -> int:
        """The smallest usual card that holds it with a q8_0 cache."""
        needed = self.memory_bytes(kv_share=34 / 64)
        return next((gb for gb in (4, 6, 8, 12, 16, 24, 32, 48) if needed <= gb * GB), 80)


KNOWN = (
    KnownModel(
        name="qwen3-14b",
        repo="Qwen/Qwen3-14B-GGUF",
        file="Qwen3-14B-Q4_K_M.gguf",
        n_params=14.8,
        n_ctx=40_960,
        kv_bytes_per_token=163_840,
        size_gb=9.0,
        note="the model that the original ATLAS figures were made with",
    ),
    KnownModel(
        name="qwen3-coder-30b-a3b",
        repo="unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF",
        file="Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf",
        n_params=30.5,
        n_ctx=262_144,
        kv_bytes_per_token=98_304,
        size_gb=18.6,
        has_thinking=False,
        note="a mixture of experts: fast where it fits, never thinks",
    ),
    KnownModel(
        name="qwen3-8b",
        repo="Qwen/Qwen3-8B-GGUF",
        file="Qwen3-8B-Q4_K_M.gguf",
        n_params=8.2,
        n_ctx=40_960,
        kv_bytes_per_token=147_456,
    ),
    KnownModel(
        name="qwen3-4b",
        repo="Qwen/Qwen3-4B-GGUF",
        file="Qwen3-4B-Q4_K_M.gguf",
        n_params=4.0,
        n_ctx=40_960,
        kv_bytes_per_token=147_456,
        size_gb=2.5,
    ),
    KnownModel(
        name="qwen3-1.7b",
        repo="ggml-org/Qwen3-1.7B-GGUF",
        file="Qwen3-1.7B-Q8_0.gguf",
        n_params=1.7,
        n_ctx=40_960,
        kv_bytes_per_token=114_688,
        size_gb=2.17,
        note="for machines without a GPU",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One row of `atlas model list`."""

    name: str
    path: Path | None
    """None where it is known and not installed."""
    known: KnownModel | None = None
    size_bytes: int = 0


def default_folder() -> Path:
    """What the system has for this: XDG_DATA_HOME/atlas/models or ~/.local/share/atlas/models."""
    return user_data_path("atlas", appauthor=False) / "models"


def list_models(folder: Path | None = None) -> tuple[Listed, ...]:
    """The table, then whatever other GGUF files lie in the folder."""
    folder = folder or default_folder()
    rows = [_listed(known.name, folder, known) for known in KNOWN]
    names = {known.name for known in KNOWN}
    others = sorted(path.stem for path in folder.glob("*.gguf") if path.stem not in names)
    return (*rows, *(_listed(name, folder, None) for name in others))


def installed_path(name: str, folder: Path | None = None) -> Path | None:
    """The file of an installed model, None where there is none by that name."""
    path = (folder or default_folder()) / f"{name}.gguf"
    return path if _is_plain(name) and path.is_file() else None


def find_known(name: str) -> KnownModel | None:
    return next((known for known in KNOWN if known.name == name.lower()), None)


def add_model(
    what: str,
    *,
    folder: Path | None = None,
    hub: str = HUB,
    on_progress: OnProgress | None = None,
) -> Path:
    """Install a model of the table, `owner/repository:file.gguf` of the hub, or a local file.

    A local file is linked, not copied. A broken-off download goes on where it stopped.
    Raises ModelNotFound, and ModelBroken if what came is no whole GGUF or has another sha256.
    """
    folder = folder or default_folder()
    local = Path(what).expanduser()
    if local.is_file():
        return _link(local, folder)
    source = _source(what)
    target = folder / f"{source.name}.gguf"
    if installed_path(source.name, folder) is None:
        part = target.with_suffix(".part")
        _download(f"{hub}/{source.repo}/resolve/main/{source.file}", part, on_progress)
        _verify(part, source.sha256)
        part.replace(target)
    return target


def remove_model(name: str, *, folder: Path | None = None) -> Path:
    """Delete an installed model (of a linked one only the link). Raises ModelNotFound."""
    path = installed_path(name, folder)
    if path is None:
        raise ModelNotFound(f"no model {name!r} is installed; `atlas model list` shows what is")
    path.unlink()
    return path


def recommend(memory_bytes: int, *, n_cells: int = USUAL_CELLS) -> tuple[KnownModel, ...]:
    """What fits the memory (of the card, or free RAM) with a q8_0 cache, the most capable first."""
    fitting = [k for k in KNOWN if k.memory_bytes(n_cells, kv_share=34 / 64) <= memory_bytes]
    return tuple(sorted(fitting, key=lambda k: -k.size_bytes))


# --- check


@dataclass(frozen=True, kw_only=True)
class ModelCheck:
    """What `atlas model check` saw; each figure was measured just now."""

    name: str
    sha256: str
    n_ctx: int
    single_tokens_per_s: float
    batched_tokens_per_s: float
    """Three sequences together."""
    thinking_works: bool | None
    """The cap was kept and an answer followed; None where the model has no thinking tags."""
    grammar_works: bool | None
    states_work: bool | None
    prefill_works: bool | None
    """A function that was begun is gone on with and ends; None where nothing can be begun."""
    conversation: str | None
    """What the model reads of three messages; None where its server makes the prompt."""
    answer: str

    @property
    def batching_gain(self) -> float:
        return self.batched_tokens_per_s / max(self.single_tokens_per_s, 1e-9)


async def check_model(model: Model, *, n_tokens: int = 64) -> ModelCheck:
    """Make the model write, think, keep a schema and show its states. Raises ModelError."""
    await model.complete([_probe(max_tokens=4)])
    single, answers = await _speed(model, 1, n_tokens)
    batched, _ = await _speed(model, 3, n_tokens)
    return ModelCheck(
        name=model.info.name,
        sha256=model.info.sha256,
        n_ctx=model.info.n_ctx,
        single_tokens_per_s=single,
        batched_tokens_per_s=batched,
        thinking_works=await _thinking_works(model) if model.info.has_thinking else None,
        grammar_works=await _grammar_works(model) if model.info.has_grammar else None,
        prefill_works=await _prefill_works(model) if model.info.has_prefill else None,
        conversation=_conversation(model) if isinstance(model, LlamaModel) else None,
        states_work=await _states_work(model) if model.info.has_states else None,
        answer=answers[0].text,
    )


def _probe(**more: object) -> Request:
    text = "Write a Python function `double(n)` that returns twice n."
    fields = {"sampling": Sampling(temperature=0.8, top_k=0), **more}
    return Request(messages=(Message(role="user", content=text),), **fields)  # type: ignore[arg-type]


async def _speed(model: Model, k: int, n_tokens: int) -> tuple[float, tuple[Completion, ...]]:
    """Tokens per second over k sequences, several goes if the model stops early."""
    n_total, began, seed = 0, time.monotonic(), 0
    while n_total < n_tokens * k and seed < 8 * k:
        requests = [_probe(seed=seed + i, max_tokens=n_tokens) for i in range(k)]
        completions = await model.complete(requests)
        n_total += sum(c.answer_tokens for c in completions)
        seed += k
    return n_total / (time.monotonic() - began), completions


async def _thinking_works(model: Model) -> bool:
    (done,) = await model.complete([_probe(thinking_tokens=12, max_tokens=24)])
    return 0 < done.thinking_tokens <= 12 and done.answer_tokens > 0


async def _prefill_works(model: Model) -> bool:
    begun = "```python\ndef double(n):\n"
    (done,) = await model.complete([_probe(prefill=begun, function="double", max_tokens=64)])
    written = done.text.removeprefix(begun)
    return written != done.text and written.startswith((" ", "\t"))


def _conversation(model: LlamaModel) -> str:
    """Raises ModelBroken where the template loses one of the messages."""
    said = ("Write double(n).", "def double(n): return n + n", "Now write half(n).")
    roles: tuple[Literal["user", "assistant"], ...] = ("user", "assistant", "user")
    text = model.render(
        [Message(role=role, content=one) for role, one in zip(roles, said, strict=True)]
    )
    lost = [one for one in said if one not in text]
    if lost:
        raise ModelBroken(
            f"the chat template loses {lost[0]!r} of a conversation of three messages;"
            " take another file of the model"
        )
    return text


async def _grammar_works(model: Model) -> bool:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    (done,) = await model.complete([_probe(json_schema=json.dumps(schema), max_tokens=64)])
    try:
        return isinstance(json.loads(done.text)["ok"], bool)
    except (ValueError, KeyError, TypeError):
        return False


async def _states_work(model: Model) -> bool:
    (done,) = await model.complete([_probe(want_states=True, max_tokens=8)])
    if done.states is None:
        return False
    vectors = (done.states.mean_code, done.states.last, done.states.prompt_last)
    return all(v.shape == (model.info.dim,) and bool(abs(v).max() > 0) for v in vectors)


# --- files


def _listed(name: str, folder: Path, known: KnownModel | None) -> Listed:
    path = installed_path(name, folder)
    size = path.stat().st_size if path else known.size_bytes if known else 0
    return Listed(name=name, path=path, known=known, size_bytes=size)


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and "/" not in name and os.sep not in name


@dataclass(frozen=True, kw_only=True)
class _Source:
    """A file of the hub and the name that it is installed under."""

    name: str
    repo: str
    file: str
    sha256: str | None = None


def _source(what: str) -> _Source:
    """A name of the table, or `owner/repository:file.gguf`."""
    known = find_known(what)
    if known is not None:
        return _Source(name=known.name, repo=known.repo, file=known.file, sha256=known.sha256)
    repo, _, file = what.partition(":")
    parts = [*repo.split("/"), file]
    if len(parts) != 3 or not file.endswith(".gguf") or not all(map(_is_plain, parts)):
        raise ModelNotFound(
            f"{what!r} is no known model, no file and no owner/repository:file.gguf;"
            f" known are {', '.join(known.name for known in KNOWN)}"
        )
    return _Source(name=Path(file).stem, repo=repo, file=file)


def _link(file: Path, folder: Path) -> Path:
    read_gguf(file)
    target = folder / f"{file.stem}.gguf"
    if target.exists() or target.is_symlink():
        raise ModelError(f"a model {file.stem!r} is installed; `atlas model remove` it first")
    folder.mkdir(parents=True, exist_ok=True)
    target.symlink_to(file.resolve())
    return target


def _download(url: str, part: Path, on_progress: OnProgress | None) -> None:
    import httpx

    part.parent.mkdir(parents=True, exist_ok=True)
    so_far = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={so_far}-"} if so_far else {}
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=30.0) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code == 416:
                return
            if response.status_code not in (200, 206):
                raise ModelNotFound(f"{url} answers {response.status_code}; give a path instead")
            _save(response, part, so_far if response.status_code == 206 else 0, on_progress)
    except httpx.HTTPError as exc:
        raise ModelNotFound(
            f"{url} cannot be fetched ({type(exc).__name__}); say it again to go on, or give a path"
        ) from exc
    except OSError as exc:
        raise ModelBroken(f"{part} cannot be written: {exc.strerror}; make room") from exc


def _save(response: httpx.Response, part: Path, so_far: int, seen: OnProgress | None) -> None:
    length = response.headers.get("content-length", "")
    total = so_far + int(length) if length.isdigit() else None
    with part.open("ab" if so_far else "wb") as file:
        for chunk in response.iter_bytes():
            file.write(chunk)
            so_far += len(chunk)
            if seen is not None:
                seen(so_far, total)


def _verify(part: Path, sha256: str | None) -> None:
    """A download that is no whole GGUF, or not the one that was meant, is thrown away."""
    try:
        read_gguf(part)
    except ModelBroken:
        part.unlink()
        raise
    if sha256 is not None and file_sha256(part) != sha256:
        part.unlink()
        raise ModelBroken(f"{part.name} has another sha256 than the table; fetch it again")

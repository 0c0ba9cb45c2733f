"""Reads the head of a GGUF file, so that a bad file is refused before it is loaded.

Covers GGUF versions 2 and 3, little-endian; the weights themselves are not looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.models.api import ModelBroken, ModelNotFound

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...] | int

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_KEPT_ARRAY = 4096
"""Longer arrays (token lists, merges) are skipped; only their length is kept."""
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 29: (256, 56), 30: (1, 2),
}  # fmt: skip
"""ggml type: (weights per block, bytes per block)."""


@dataclass(frozen=True, kw_only=True)
class GgufFile:
    path: Path
    size: int
    metadata: Mapping[str, Value]
    """Long arrays appear as their length."""

    def number(self, key: str, default: int = 0) -> int:
        """An integer of this architecture's metadata; of a per-layer array the largest."""
        value = self.metadata.get(f"{self.architecture}.{key}", default)
        if isinstance(value, tuple):
            return max((int(v) for v in value), default=default)
        return int(value)

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        return str(self.metadata.get("general.name", "") or self.path.stem)

    @property
    def chat_template(self) -> str | None:
        template = self.metadata.get("tokenizer.chat_template")
        return template if isinstance(template, str) else None

    @property
    def n_ctx_train(self) -> int:
        return self.number("context_length")

    @property
    def n_kv_values_per_token(self) -> int:
        """Keys plus values that one token leaves in the cache, over all layers (upper bound)."""
        heads = max(1, self.number("attention.head_count", 1))
        kv_heads = self.number("attention.head_count_kv", heads)
        width = self.number("embedding_length") // heads
        key = self.number("attention.key_length", width)
        value = self.number("attention.value_length", width)
        return self.number("block_count") * kv_heads * (key + value)


def read_gguf(path: Path) -> GgufFile:
    """Raises ModelNotFound if there is no such file, ModelBroken if it is cut short or no GGUF."""
    if not path.is_file():
        raise ModelNotFound(f"no GGUF file at {path}; `atlas model list` shows what is installed")
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            metadata, n_needed = _read_head(file, path)
    except PermissionError as exc:
        raise ModelNotFound(
            f"{path} cannot be read ({exc.strerror}); check its permissions"
        ) from exc
    except (struct.error, EOFError, UnicodeDecodeError, OverflowError, MemoryError) as exc:
        raise ModelBroken(f"{path} is cut short or damaged in its header; fetch it again") from exc
    if n_needed > size:
        raise ModelBroken(
            f"{path} is truncated: {size} bytes, its tensors need {n_needed}; fetch it again"
        )
    return GgufFile(path=path, size=size, metadata=metadata)


def _read_head(file: BinaryIO, path: Path) -> tuple[dict[str, Value], int]:
    magic = file.read(4)
    if magic != b"GGUF":
        raise ModelBroken(
            f"{path} is not a GGUF file (it begins with {magic!r}); name another file"
        )
    (version,) = _unpack(file, "I")
    if version not in (2, 3):
        raise ModelBroken(f"{path} is GGUF version {version}, known are 2 and 3; convert it anew")
    n_tensors, n_keys = _unpack(file, "QQ")
    if n_tensors > 1_000_000 or n_keys > 1_000_000:
        raise EOFError
    metadata = {}
    for _ in range(n_keys):
        key = _string(file)
        (kind,) = _unpack(file, "I")
        metadata[key] = _value(file, kind)
    ends = [_tensor_end(file) for _ in range(n_tensors)]
    alignment = metadata.get("general.alignment", 32)
    step = alignment if isinstance(alignment, int) and alignment > 0 else 32
    start = -(-file.tell() // step) * step
    return metadata, start + max(ends, default=0)


def _tensor_end(file: BinaryIO) -> int:
    _string(file)
    (n_dims,) = _unpack(file, "I")
    if n_dims > 8:
        raise EOFError
    n_weights = 1
    for n in _unpack(file, f"{n_dims}Q"):
        n_weights *= n
    kind, offset = _unpack(file, "IQ")
    per_block, n_bytes = _BLOCKS.get(kind, (1, 0))
    return int(offset) + n_weights // per_block * n_bytes


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        return _scalar(file, kind)
    inner, length = _unpack(file, "IQ")
    if length <= _KEPT_ARRAY and inner != _ARRAY:
        return tuple(
            _string(file) if inner == _STRING else _scalar(file, inner) for _ in range(length)
        )
    _skip(file, inner, length)
    return int(length)


def _skip(file: BinaryIO, kind: int, length: int) -> None:
    if kind in _SCALARS:
        file.seek(length * struct.calcsize(_SCALARS[kind]), 1)
        return
    for _ in range(length):
        if kind == _STRING:
            file.seek(_unpack(file, "Q")[0], 1)
        else:
            _value(file, kind)


def _scalar(file: BinaryIO, kind: int) -> Scalar:
    if kind not in _SCALARS:
        raise EOFError
    value: Scalar = _unpack(file, _SCALARS[kind])[0]
    return value


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > 1 << 26:
        raise EOFError
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data.decode("utf-8", errors="replace")


def _unpack(file: BinaryIO, form: str) -> tuple[int, ...]:
    size = struct.calcsize("<" + form)
    return struct.unpack("<" + form, file.read(size))

"""Writes Qwen3-shaped GGUF files with random weights: real speed, meaningless text.

The vocabulary is the 256 bytes, made-up pieces up to the asked size, and ChatML's control tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}"
)
"""The switch works as in Qwen3: without thinking an empty block is in the prompt."""
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")


@dataclass(frozen=True, kw_only=True)
class Shape:
    dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    n_ctx: int
    quantized: bool = True
    template: str = TEMPLATE


TINY = Shape(
    dim=64, n_layers=2, n_heads=4, n_kv_heads=2, head_dim=32, ffn=128, vocab=512, n_ctx=2048,
    quantized=False,
)  # fmt: skip
QWEN3_0_6B = Shape(
    dim=1024, n_layers=28, n_heads=16, n_kv_heads=8, head_dim=128, ffn=3072, vocab=151_936,
    n_ctx=40_960,
)  # fmt: skip
QWEN3_4B = Shape(
    dim=2560, n_layers=36, n_heads=32, n_kv_heads=8, head_dim=128, ffn=9728, vocab=151_936,
    n_ctx=40_960,
)  # fmt: skip
QWEN3_14B = Shape(
    dim=5120, n_layers=40, n_heads=40, n_kv_heads=8, head_dim=128, ffn=17_408, vocab=151_936,
    n_ctx=40_960,
)  # fmt: skip
SHAPES = {"tiny": TINY, "0.6b": QWEN3_0_6B, "4b": QWEN3_4B, "14b": QWEN3_14B}


def write_random_gguf(path: Path, shape: Shape, *, seed: int = 0) -> Path:
    """Write the file and give its path."""
    writer = gguf.GGUFWriter(str(path), "qwen3")
    _add_metadata(writer, shape)
    _add_vocabulary(writer, shape)
    rng = np.random.default_rng(seed)
    for name, dims in _matrices(shape):
        _add_matrix(writer, name, _random(rng, dims), quantized=shape.quantized)
    for name, size in _norms(shape):
        writer.add_tensor(name, np.ones(size, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_metadata(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("random weights")
    writer.add_context_length(shape.n_ctx)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)


def _add_vocabulary(writer: gguf.GGUFWriter, shape: Shape) -> None:
    tokens, merges = _byte_tokens(), []
    made_up = iter(_made_up())
    while len(tokens) < shape.vocab - len(CONTROL):
        left, right = next(made_up)
        tokens.append(left + right)
        merges.append(f"{left} {right}")
    types = [gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(CONTROL)
    tokens += CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(shape.template)


def _byte_tokens() -> list[str]:
    """The 256 bytes as GPT-2 spells them: printable ones as themselves, others from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (n for n in range(256) if n not in printable)
    return [chr(b) for b in printable] + [chr(256 + i) for i, _ in enumerate(others)]


def _made_up() -> list[tuple[str, str]]:
    """Pairs of existing pieces: letters, then letters with what was already joined."""
    letters = [chr(c) for c in range(97, 123)]
    two = [(a, b) for a in letters for b in letters]
    three = [(a + b, c) for a, b in two for c in letters]
    four = [(a + b, c) for a, b in three for c in letters]
    return [*two, *three, *four]


def _matrices(shape: Shape) -> list[tuple[str, tuple[int, int]]]:
    q, kv = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
    rows = [("token_embd.weight", (shape.vocab, shape.dim))]
    for i in range(shape.n_layers):
        rows += [
            (f"blk.{i}.attn_q.weight", (q, shape.dim)),
            (f"blk.{i}.attn_k.weight", (kv, shape.dim)),
            (f"blk.{i}.attn_v.weight", (kv, shape.dim)),
            (f"blk.{i}.attn_output.weight", (shape.dim, q)),
            (f"blk.{i}.ffn_gate.weight", (shape.ffn, shape.dim)),
            (f"blk.{i}.ffn_up.weight", (shape.ffn, shape.dim)),
            (f"blk.{i}.ffn_down.weight", (shape.dim, shape.ffn)),
        ]
    return rows


def _norms(shape: Shape) -> list[tuple[str, int]]:
    rows = [("output_norm.weight", shape.dim)]
    for i in range(shape.n_layers):
        rows += [
            (f"blk.{i}.attn_norm.weight", shape.dim),
            (f"blk.{i}.ffn_norm.weight", shape.dim),
            (f"blk.{i}.attn_q_norm.weight", shape.head_dim),
            (f"blk.{i}.attn_k_norm.weight", shape.head_dim),
        ]
    return rows


def _random(rng: np.random.Generator, dims: tuple[int, int]) -> npt.NDArray[np.float32]:
    return rng.standard_normal(dims, dtype=np.float32) * np.float32(dims[1] ** -0.5)


def _add_matrix(
    writer: gguf.GGUFWriter, name: str, weights: npt.NDArray[np.float32], *, quantized: bool
) -> None:
    if not quantized:
        writer.add_tensor(name, weights)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)

"""A checkpoint as GGUF q8_0 in the `qwen3` architecture, with its facts beside it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from pipeline.training.nano.chat import TEMPLATE
from pipeline.training.nano.model import ModelShape, Nano, n_parameters
from pipeline.training.nano.tokenizer import CONTROL, VISIBLE, load_tokenizer, token_id
from pipeline.training.nano.train import load_model

NORMAL, CONTROL_TYPE, USER_DEFINED, UNUSED = 1, 3, 4, 5


def export(folder: Path, target: Path, *, seed: int) -> dict[str, Any]:
    """Write `target` (GGUF) and the facts of it as JSON beside it; gives the facts."""
    model, state = load_model(folder / "checkpoint.pt")
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_gguf(model, tokenizer, target)
    corpus = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    facts = {
        "name": "atlas-nano",
        "file": target.name,
        "sha256": sha256(target.read_bytes()).hexdigest(),
        "bytes": target.stat().st_size,
        "parameters": n_parameters(model),
        "training_minutes": round(state["seconds"] / 60, 1),
        "training_steps": state["step"],
        "training_tokens": state["tokens"],
        "seed": seed,
        "last_corpus_examples": corpus["examples"],
        "last_corpus_tokens": corpus["tokens"],
    }
    target.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def write_gguf(model: Nano, tokenizer: Tokenizer, target: Path) -> None:
    writer = gguf.GGUFWriter(str(target), "qwen3")
    _write_shape(writer, model.shape)
    _write_tokenizer(writer, tokenizer, model.shape.vocab)
    for name, array in _tensors(model):
        if array.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: gguf.GGUFWriter, shape: ModelShape) -> None:
    writer.add_name("atlas-nano")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_layer_norm_rms_eps(shape.eps)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer, vocab: int) -> None:
    known = {i: text for text, i in tokenizer.get_vocab(with_added_tokens=True).items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([known.get(i, f"<|unused_{i}|>") for i in range(vocab)])
    writer.add_token_types([_token_type(known.get(i)) for i in range(vocab)])
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    writer.add_eos_token_id(token_id(tokenizer, "<|im_end|>"))
    writer.add_pad_token_id(token_id(tokenizer, "<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def _token_type(text: str | None) -> int:
    if text is None:
        return UNUSED
    return CONTROL_TYPE if text in CONTROL else USER_DEFINED if text in VISIBLE else NORMAL


def _tensors(model: Nano) -> list[tuple[str, npt.NDArray[np.float32]]]:
    names = {
        "attn.q": "attn_q",
        "attn.k": "attn_k",
        "attn.v": "attn_v",
        "attn.o": "attn_output",
        "attn.q_norm": "attn_q_norm",
        "attn.k_norm": "attn_k_norm",
        "attn_norm": "attn_norm",
        "ffn_norm": "ffn_norm",
        "gate": "ffn_gate",
        "up": "ffn_up",
        "down": "ffn_down",
    }
    found = []
    for name, weight in model.state_dict().items():
        array = weight.float().numpy()
        stem = name.removesuffix(".weight")
        if stem == "embed":
            found.append(("token_embd.weight", array))
        elif stem == "norm":
            found.append(("output_norm.weight", array))
        else:
            _, block, part = stem.split(".", 2)
            found.append((f"blk.{block}.{names[part]}.weight", array))
    return found

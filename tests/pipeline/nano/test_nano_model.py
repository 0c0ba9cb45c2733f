"""The shipped model: the recorded file, small enough, its template in it, and it answers."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import gguf

import pipeline.nano
from pipeline.training.nano.chat import TEMPLATE

DATA = Path(pipeline.nano.__file__).parent / "data"
FACTS = json.loads((DATA / "nano.json").read_text(encoding="utf-8"))


def test_the_file_is_the_one_that_was_recorded():
    content = (DATA / FACTS["file"]).read_bytes()
    assert sha256(content).hexdigest() == FACTS["sha256"]
    assert len(content) == FACTS["bytes"] <= 20_000_000
    assert 5_000_000 <= FACTS["parameters"] <= 15_000_000


def test_it_is_a_qwen3_gguf_with_our_chat_template():
    reader = gguf.GGUFReader(str(DATA / FACTS["file"]))
    assert reader.get_field("general.architecture").contents() == "qwen3"
    assert reader.get_field("tokenizer.ggml.pre").contents() == "qwen2"
    assert reader.get_field("tokenizer.chat_template").contents() == TEMPLATE

"""The tokenised corpus on disk, memory-mapped, and its batches sorted by length."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from pipeline.training.nano.corpus import CorpusExample, examples
from pipeline.training.nano.tokenizer import CONTROL, VISIBLE, load_tokenizer, train_tokenizer

LONGEST = 512
"""Tokens over which an example is left out."""
CHUNK = 2500
SHARE = 0.25
"""Share of the prompt's tokens that carry its loss, four times as heavy: saves work in the head."""
Batch = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


def build_corpus(folder: Path, *, n: int, seed: int, vocab: int, workers: int) -> dict[str, object]:
    """Write tokens.bin, index.npy, tokenizer.json (if missing), corpus.json; give the last."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = [seed * 1_000_003 + i for i in range(max(1, n // CHUNK))]
    tokenizer = _tokenizer(folder / "tokenizer.json", seed, vocab)
    index: list[tuple[int, int, int]] = []
    at, forms = 0, Counter[str]()
    with ProcessPoolExecutor(workers) as pool, (folder / "tokens.bin").open("wb") as out:
        for chunk in pool.map(_chunk, seeds, chunksize=1):
            for example, row in zip(chunk, _encode(tokenizer, chunk), strict=True):
                prompt, answer = row
                if len(prompt) + len(answer) <= LONGEST:
                    out.write(np.array(prompt + answer, dtype=np.uint16).tobytes())
                    index.append((at, len(prompt), len(prompt) + len(answer)))
                    at += len(prompt) + len(answer)
                    forms[example.form] += 1
    np.save(folder / "index.npy", np.array(index, dtype=np.int64))
    facts: dict[str, object] = {"examples": len(index), "tokens": at, "seed": seed, "forms": forms}
    (folder / "corpus.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def _chunk(seed: int) -> list[CorpusExample]:
    return list(examples(seed, CHUNK))


def _tokenizer(path: Path, seed: int, vocab: int) -> Tokenizer:
    if not path.exists():
        sample = [_plain(e.prompt + e.answer) for e in examples(seed, 12_000)]
        train_tokenizer(sample, vocab).save(str(path))
    return load_tokenizer(path)


def _plain(text: str) -> str:
    """Without the texts that are tokens of their own."""
    for special in (*CONTROL, *VISIBLE):
        text = text.replace(special, "")
    return text


def _encode(tokenizer: Tokenizer, chunk: list[CorpusExample]) -> list[tuple[list[int], list[int]]]:
    prompts = tokenizer.encode_batch([e.prompt for e in chunk], add_special_tokens=False)
    answers = tokenizer.encode_batch([e.answer for e in chunk], add_special_tokens=False)
    return [(p.ids, a.ids) for p, a in zip(prompts, answers, strict=True)]


def batches(
    folder: Path, *, tokens: int, prompt_weight: float, seed: int, pad: int
) -> Iterator[Batch]:
    """Endless (ids, weights) of about `tokens` each; weights[i, j] is for ids[i, j + 1]."""
    index = np.load(folder / "index.npy")
    flat = np.memmap(folder / "tokens.bin", dtype=np.uint16, mode="r")
    rng = Random(seed)
    while True:
        order = list(range(len(index)))
        rng.shuffle(order)
        for start in range(0, len(order), 2048):
            window = sorted(order[start : start + 2048], key=lambda i: int(index[i, 2]))
            groups = list(_groups(window, index, tokens))
            rng.shuffle(groups)
            for group in groups:
                yield _batch(group, index, flat, prompt_weight, pad)


def _groups(window: list[int], index: npt.NDArray[np.int64], tokens: int) -> Iterator[list[int]]:
    group: list[int] = []
    for i in window:
        if group and (len(group) + 1) * int(index[i, 2]) > tokens:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def _batch(
    group: list[int],
    index: npt.NDArray[np.int64],
    flat: npt.NDArray[np.uint16],
    prompt_weight: float,
    pad: int,
) -> Batch:
    longest = max(int(index[i, 2]) for i in group)
    ids = np.full((len(group), longest), pad, dtype=np.int64)
    weights = np.zeros((len(group), longest - 1), dtype=np.float32)
    chance = np.random.default_rng(group[0]).random(weights.shape)
    for row, i in enumerate(group):
        at, n_prompt, n_all = (int(v) for v in index[i])
        ids[row, :n_all] = flat[at : at + n_all]
        weights[row, : n_prompt - 1] = (chance[row, : n_prompt - 1] < SHARE) * prompt_weight / SHARE
        weights[row, n_prompt - 1 : n_all - 1] = 1.0
    return ids, weights

"""Our batched engine against llama-cpp-python's `Llama`, interleaved in one run.

Weights are random in the shape of a real model: speed does not depend on what they say.
`--model` measures a real file instead. Sampling is wild so that no sequence falls into circles.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.random_gguf import SHAPES, write_random_gguf
from pipeline.models.api import Completion, Message, Request, Sampling
from pipeline.models.llama import LlamaModel, LlamaSettings, open_llama

WILD = Sampling(temperature=1.0, top_k=40, top_p=0.95)
NAMES = {
    "llama_reuse": "3 x Llama.create_completion, prefix re-used",
    "llama_reset": "3 x Llama.create_completion, prefix each time",
    "ours_1": "ours, k = 1, three times",
    "ours_3": "ours, k = 3",
    "ours_8": "ours, k = 8",
    "raw_3": "raw llama_decode, k = 3",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    n_prefix: int
    n_new: int


@dataclass(frozen=True, kw_only=True)
class Go:
    """One measurement: tokens that came out, and how long it all took."""

    n_tokens: int
    wall_s: float
    first_s: float | None = None
    """Until the first token."""

    @property
    def tokens_per_s(self) -> float:
        return self.n_tokens / self.wall_s


Contender = Callable[[Case, int], Awaitable[Go]]


async def measure(path: Path, case: Case, *, repeats: int, n_threads: int) -> dict[str, object]:
    """Every contender once per round, in a new order each round; medians at the end."""
    n_needed = case.n_prefix + case.n_new + 64
    settings = LlamaSettings(
        n_ctx=n_needed,
        n_cells=case.n_prefix + 8 * (case.n_new + 64),
        n_parallel=8,
        n_threads=n_threads,
    )
    model = await open_llama(path, settings=settings)
    single = _open_high_level(path, n_needed, n_threads)
    prompt = prompt_of(model, case.n_prefix)
    raw = RawLoop(path, n_cells=settings.n_cells, n_threads=n_threads)
    tokens = tuple(single.tokenize(chat(prompt).encode(), add_bos=False, special=True))  # type: ignore[attr-defined]
    contenders = _contenders(model, single, prompt)
    contenders["raw_3"] = lambda case, seed: raw.go(tokens, 3, case)
    goes: dict[str, list[Go]] = {name: [] for name in contenders}
    rng = random.Random(0)
    for round_ in range(repeats + 1):
        for name in rng.sample(list(contenders), len(contenders)):
            go = await contenders[name](case, round_)
            print(f"round {round_} {name}: {go.tokens_per_s:.2f} tokens/s", file=sys.stderr)
            if round_:
                goes[name].append(go)
    await model.aclose()
    single.close()  # type: ignore[attr-defined]
    raw.close()
    return report(goes)


def prompt_of(model: LlamaModel, n_tokens: int) -> str:
    """Plain words, as many as come to about `n_tokens`."""
    rng = random.Random(1)
    words: list[str] = []
    while model.count_tokens(" ".join(words)) < n_tokens - 16:
        words += ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=4)) for _ in range(4)]
    return " ".join(words)


def chat(prompt: str) -> str:
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


def report(goes: dict[str, list[Go]]) -> dict[str, object]:
    speeds = {name: statistics.median(g.tokens_per_s for g in rows) for name, rows in goes.items()}
    firsts = {
        name: statistics.median(g.first_s for g in rows if g.first_s is not None)
        for name, rows in goes.items()
        if any(g.first_s is not None for g in rows)
    }
    return {
        "tokens_per_s": {name: round(speed, 2) for name, speed in speeds.items()},
        "all_runs": {n: [round(g.tokens_per_s, 2) for g in rows] for n, rows in goes.items()},
        "first_token_s": {name: round(first, 3) for name, first in firsts.items()},
        "ratios": {
            "k3_over_reuse": round(speeds["ours_3"] / speeds["llama_reuse"], 2),
            "k3_over_reset": round(speeds["ours_3"] / speeds["llama_reset"], 2),
            "k8_over_reuse": round(speeds["ours_8"] / speeds["llama_reuse"], 2),
            "overhead_over_raw": round(speeds["raw_3"] / speeds["ours_3"] - 1, 3),
        },
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


# --- the contenders


def _contenders(model: LlamaModel, single: object, prompt: str) -> dict[str, Contender]:
    async def ours(k: int, times: int, case: Case, seed: int) -> Go:
        return await _ours(model, prompt, k, times, case, seed)

    return {
        "llama_reuse": lambda case, seed: _high_level(single, prompt, case, seed, reset=False),
        "llama_reset": lambda case, seed: _high_level(single, prompt, case, seed, reset=True),
        "ours_1": lambda case, seed: ours(1, 3, case, seed),
        "ours_3": lambda case, seed: ours(3, 1, case, seed),
        "ours_8": lambda case, seed: ours(8, 1, case, seed),
    }


async def _ours(model: LlamaModel, prompt: str, k: int, times: int, case: Case, seed: int) -> Go:
    """The prefix is prefilled once; the k sequences differ in their seeds."""
    model.forget_prefix()
    firsts: list[float] = []

    def on_token(_index: int, _piece: str) -> None:
        if not firsts:
            firsts.append(time.perf_counter() - began)

    began = time.perf_counter()
    completions: list[Completion] = []
    for turn in range(times):
        requests = [_request(prompt, case, seed * 100 + turn * 10 + i) for i in range(k)]
        completions += await model.complete(requests, on_token=on_token)
    wall = time.perf_counter() - began
    return Go(n_tokens=sum(c.answer_tokens for c in completions), wall_s=wall, first_s=firsts[0])


def _request(prompt: str, case: Case, seed: int) -> Request:
    return Request(
        messages=(Message(role="user", content=prompt),),
        sampling=WILD,
        max_tokens=case.n_new,
        seed=seed,
    )


def _open_high_level(path: Path, n_ctx: int, n_threads: int) -> object:
    from llama_cpp import Llama

    return Llama(
        str(path),
        n_ctx=n_ctx,
        n_batch=512,
        n_threads=n_threads,
        n_threads_batch=n_threads,
        verbose=False,
    )


async def _high_level(single: object, prompt: str, case: Case, seed: int, *, reset: bool) -> Go:
    """Three calls; the first always prefills, as ours does."""
    text = chat(prompt)
    n_tokens = 0
    began = time.perf_counter()
    for turn in range(3):
        if reset or turn == 0:
            single.reset()  # type: ignore[attr-defined]
        done = single.create_completion(  # type: ignore[attr-defined]
            text,
            max_tokens=case.n_new,
            temperature=WILD.temperature,
            top_k=WILD.top_k,
            top_p=WILD.top_p,
            min_p=0.0,
            repeat_penalty=1.0,
            seed=seed * 100 + turn,
        )
        n_tokens += done["usage"]["completion_tokens"]
    return Go(n_tokens=n_tokens, wall_s=time.perf_counter() - began)


class RawLoop:
    """`llama_decode` by hand: prefill, share, k tokens per step and native samplers; no rules."""

    def __init__(self, path: Path, *, n_cells: int, n_threads: int) -> None:
        from llama_cpp import llama_cpp as lib

        self._lib = lib
        params = lib.llama_model_default_params()
        self._model = lib.llama_model_load_from_file(str(path).encode(), params)
        wanted = lib.llama_context_default_params()
        wanted.n_ctx, wanted.n_seq_max, wanted.n_outputs_max = n_cells, 9, 9
        wanted.n_batch = wanted.n_ubatch = 512
        wanted.n_threads = wanted.n_threads_batch = n_threads
        wanted.kv_unified = True
        self._context = lib.llama_init_from_model(self._model, wanted)
        self._batch = lib.llama_batch_init(512, 0, 1)

    async def go(self, tokens: tuple[int, ...], k: int, case: Case) -> Go:
        lib, memory = self._lib, self._lib.llama_get_memory(self._context)
        lib.llama_memory_clear(memory, True)
        samplers = [self._sampler(seed) for seed in range(k)]
        began = time.perf_counter()
        for at in range(0, len(tokens) - 1, 512):
            chunk = tokens[at : min(at + 512, len(tokens) - 1)]
            self._decode([(t, at + i, 0) for i, t in enumerate(chunk)], outputs=False)
        for slot in range(1, k + 1):
            lib.llama_memory_seq_cp(memory, 0, slot, -1, -1)
        following = [tokens[-1]] * k
        for step in range(case.n_new):
            position = len(tokens) - 1 + step
            self._decode([(t, position, i + 1) for i, t in enumerate(following)], outputs=True)
            following = [lib.llama_sampler_sample(samplers[i], self._context, i) for i in range(k)]
        wall = time.perf_counter() - began
        for sampler in samplers:
            lib.llama_sampler_free(sampler)
        return Go(n_tokens=k * case.n_new, wall_s=wall)

    def close(self) -> None:
        self._lib.llama_batch_free(self._batch)
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

    def _sampler(self, seed: int) -> object:
        lib = self._lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for stage in (
            lib.llama_sampler_init_top_k(WILD.top_k),
            lib.llama_sampler_init_top_p(WILD.top_p, 1),
            lib.llama_sampler_init_temp(WILD.temperature),
            lib.llama_sampler_init_dist(seed),
        ):
            lib.llama_sampler_chain_add(chain, stage)
        return chain

    def _decode(self, rows: list[tuple[int, int, int]], *, outputs: bool) -> None:
        batch = self._batch
        for i, (token, position, slot) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, outputs
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, slot
        batch.n_tokens = len(rows)
        if self._lib.llama_decode(self._context, batch) != 0:
            raise RuntimeError("llama_decode failed in the raw loop; lower --prefix or --new")


# --- command line


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, default="0.6b", help="4b and 14b want a GPU")
    parser.add_argument("--model", type=Path, help="a real GGUF file instead of random weights")
    parser.add_argument("--prefix", type=int, default=600)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="two rounds, fewer tokens")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    case = Case(n_prefix=args.prefix, n_new=args.new)
    repeats = args.repeats
    if args.quick:
        case, repeats = Case(n_prefix=200, n_new=24), 1
    folder = Path(tempfile.mkdtemp(prefix="atlas-engine-"))
    try:
        path = args.model or write_random_gguf(folder / "random.gguf", SHAPES[args.shape])
        result = asyncio.run(measure(path, case, repeats=repeats, n_threads=args.threads))
    finally:
        shutil.rmtree(folder)
    result |= {
        "shape": str(args.model or args.shape),
        "prefix": case.n_prefix,
        "new_tokens": case.n_new,
        "repeats": repeats,
    }
    print(json.dumps(result, indent=2) if args.json else as_text(result))
    return 0


def as_text(result: dict[str, object]) -> str:
    lines = [
        f"{result['shape']}: prefix {result['prefix']}, {result['new_tokens']} new tokens,"
        f" medians of {result['repeats']} interleaved rounds"
    ]
    speeds = result["tokens_per_s"]
    assert isinstance(speeds, dict)
    lines += [f"  {NAMES[name]:<46} {speed:8.2f} tokens/s" for name, speed in speeds.items()]
    for label in ("ratios", "first_token_s"):
        rows = result[label]
        assert isinstance(rows, dict)
        lines += [f"  {label} {name}: {value}" for name, value in rows.items()]
    lines.append(f"  peak memory {result['peak_memory_mb']} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""The llama backend on a real llama.cpp with random weights."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_gguf import TINY, write_random_gguf
from pipeline.models.api import (
    Completion,
    Message,
    ModelBroken,
    ModelError,
    ModelNotFound,
    PromptTooLong,
    Request,
    Sampling,
)
from pipeline.models.gguf_file import read_gguf
from pipeline.models.llama import (
    KvType,
    LlamaModel,
    LlamaSettings,
    memory_needed,
    open_llama,
)
from pipeline.prompts import render

pytestmark = pytest.mark.asyncio(loop_scope="session")

NANO = Path(__file__).parents[3] / "pipeline" / "nano" / "data" / "nano.gguf"
SOURCE = '''def clamp(n, low, high):
    """n, but at least low and at most high.

    >>> clamp(4, 0, 9)
    4
    >>> clamp(12, 0, 9)
    9
    """'''
WILD = Sampling(temperature=1.0, top_k=0, top_p=1.0)
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": ["list", "dict"]},
            "flags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
        },
        "required": ["kind", "flags"],
    }
)


def ask(text: str = "def double(n):\n", **more: object) -> Request:
    fields = {"sampling": WILD, "max_tokens": 24, **more}
    return Request(messages=(Message(role="user", content=text),), **fields)  # type: ignore[arg-type]


async def one(model: LlamaModel, request: Request) -> Completion:
    (completion,) = await model.complete([request])
    return completion


# --- sampling


async def test_the_same_seeds_and_composition_give_the_same_texts(tiny: LlamaModel):
    requests = [ask(seed=seed, thinking_tokens=8) for seed in range(4)]
    first = await tiny.complete(requests)
    second = await tiny.complete(requests)
    assert [c.text for c in first] == [c.text for c in second]
    assert [c.mean_logprob for c in first] == [c.mean_logprob for c in second]


async def test_seeds_differ_and_greedy_does_not(tiny: LlamaModel):
    wild = await tiny.complete([ask(seed=seed) for seed in range(4)])
    assert len({c.text for c in wild}) == 4
    greedy = await tiny.complete([ask(seed=seed, sampling=Sampling()) for seed in range(3)])
    assert len({c.text for c in greedy}) == 1


async def test_logprobs_are_those_of_the_model(tiny: LlamaModel):
    completion = await one(tiny, ask(max_tokens=40))
    assert completion.mean_logprob is not None
    assert completion.min_window_logprob is not None
    # Random weights over 512 tokens are near uniform: ln(1/512) is -6.24.
    assert -9 < completion.min_window_logprob <= completion.mean_logprob < -2


async def test_pieces_are_streamed_for_every_request(tiny: LlamaModel):
    pieces: dict[int, str] = {0: "", 1: ""}

    def on_token(index: int, piece: str) -> None:
        pieces[index] += piece

    completions = await tiny.complete([ask(seed=1), ask(seed=2)], on_token=on_token)
    for index, completion in enumerate(completions):
        assert completion.text.rstrip("\ufffd") in pieces[index]


async def test_a_stop_string_ends_the_answer_and_is_cut(tiny: LlamaModel):
    whole = await one(tiny, ask(seed=3, max_tokens=60))
    stop = whole.text[20:23]
    stopped = await one(tiny, ask(seed=3, max_tokens=60, stop=(stop, "never said")))
    assert stopped.text == whole.text[: whole.text.index(stop)]
    assert stopped.finish == "stop"
    assert stopped.answer_tokens < whole.answer_tokens


async def test_a_prefilled_answer_goes_on_from_its_text(tiny: LlamaModel):
    completion = await one(tiny, ask(prefill="```python\n"))
    assert completion.text.startswith("```python\n")
    assert len(completion.text) > len("```python\n")


async def test_an_answer_in_circles_is_cut(tiny: LlamaModel):
    completion = await one(tiny, ask("def f(x)", sampling=Sampling(), max_tokens=400))
    assert completion.finish == "runaway"
    assert completion.answer_tokens < 400
    assert "circles" in completion.detail


# --- prefix


async def test_a_shared_prefix_is_decoded_once(tiny: LlamaModel):
    tiny.forget_prefix()
    requests = [ask("shared " * 40 + tail, max_tokens=5) for tail in ("one", "two", "three")]
    before = tiny.counters.decoded_tokens
    completions = await tiny.complete(requests)
    lengths = [c.prompt_tokens for c in completions]
    common = completions[1].cached_tokens
    assert common > 100
    assert completions[0].cached_tokens == 0
    # The last sampled token of each answer is never fed.
    fed = sum(c.answer_tokens - 1 for c in completions)
    expected = common + sum(n - common for n in lengths) + fed
    assert tiny.counters.decoded_tokens - before == expected


async def test_the_same_prompt_again_costs_one_token_of_prefill(tiny: LlamaModel):
    request = ask("again " * 30, max_tokens=3)
    await one(tiny, request)
    before = tiny.counters.decoded_tokens
    again = await one(tiny, request)
    assert again.cached_tokens == again.prompt_tokens - 1
    assert tiny.counters.decoded_tokens - before == again.answer_tokens


async def test_cached_and_fresh_prefixes_give_the_same_greedy_text(tiny: LlamaModel):
    request = ask("def area(w, h):", sampling=Sampling(), max_tokens=30)
    tiny.forget_prefix()
    fresh = await one(tiny, request)
    await one(tiny, ask("def area(w, h): and another tail"))
    cached = await one(tiny, request)
    assert cached.cached_tokens > 0
    assert cached.text == fresh.text


async def test_more_requests_than_slots_run_in_waves(tiny: LlamaModel):
    requests = [ask(seed=seed, max_tokens=4 + seed % 5) for seed in range(11)]
    completions = await tiny.complete(requests)
    assert len(completions) == 11
    assert all(c.answer_tokens <= r.max_tokens for c, r in zip(completions, requests, strict=True))
    assert all(c.cached_tokens == c.prompt_tokens - 1 for c in completions[1:])
    assert tiny.counters.live_slots == 0


async def test_requests_wait_for_cells(tiny_path: Path):
    model = await open_llama(tiny_path, settings=LlamaSettings(n_ctx=256, n_cells=256))
    requests = [ask(seed=seed, max_tokens=150) for seed in range(5)]
    completions = await model.complete(requests)
    await model.aclose()
    assert [c.finish for c in completions].count("error") == 0
    assert all(c.answer_tokens > 0 for c in completions)


# --- thinking


async def test_the_thinking_cap_is_kept_to_the_token(tiny: LlamaModel):
    for cap in (1, 7, 33):
        completions = await tiny.complete(
            [ask(seed=seed, thinking_tokens=cap, max_tokens=12) for seed in range(4)]
        )
        for completion in completions:
            assert completion.thinking_tokens <= cap
            assert completion.thinking_forced == (completion.thinking_tokens == cap)
            assert completion.answer_tokens > 0
            assert "</think>" not in completion.thinking
        assert any(c.thinking_forced for c in completions)


async def test_no_thinking_asks_the_template_and_thinks_not_at_all(tiny: LlamaModel):
    completion = await one(tiny, ask(thinking_tokens=0))
    assert completion.thinking == ""
    assert completion.thinking_tokens == 0


async def test_a_model_without_tags_says_so(tmp_path: Path):
    template = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
    path = write_random_gguf(tmp_path / "plain.gguf", replace(TINY, template=template))
    model = await open_llama(path)
    completion = await one(model, ask(thinking_tokens=50))
    await model.aclose()
    assert not model.info.has_thinking
    assert completion.thinking_tokens == 0
    assert "no thinking tags" in completion.detail


# --- grammar


async def test_json_under_a_schema_always_parses(tiny: LlamaModel):
    completions = await tiny.complete(
        [ask(seed=seed, json_schema=SCHEMA, max_tokens=200) for seed in range(8)]
    )
    for completion in completions:
        value = json.loads(completion.text)
        assert value["kind"] in ("list", "dict")
        assert all(isinstance(flag, bool) for flag in value["flags"])


async def test_the_grammar_waits_for_the_end_of_the_thinking(tiny: LlamaModel):
    completion = await one(
        tiny, ask(json_schema=SCHEMA, thinking_tokens=20, max_tokens=200, seed=5)
    )
    assert completion.thinking_tokens > 0
    assert json.loads(completion.text)["kind"] in ("list", "dict")


@pytest.mark.parametrize("schema", ["not json", '{"type": "nonsense"}', "[]"])
async def test_a_bad_schema_is_one_clear_error(tiny: LlamaModel, schema: str):
    with pytest.raises(ModelError, match="schema"):
        await one(tiny, ask(json_schema=schema))
    assert tiny.counters.live_slots == 0
    assert (await one(tiny, ask())).answer_tokens > 0


# --- hidden states


async def test_hidden_states_come_from_the_same_decode(tiny: LlamaModel):
    request = ask("def states():", seed=9, max_tokens=30)
    counts = []
    for want_states in (False, True):
        tiny.forget_prefix()
        before = tiny.counters
        completion = await one(tiny, replace(request, want_states=want_states))
        after = tiny.counters
        counts.append(
            (
                after.decode_calls - before.decode_calls,
                after.decoded_tokens - before.decoded_tokens,
                completion.text,
            )
        )
    assert counts[0] == counts[1]
    assert completion.states is not None
    for vector in (
        completion.states.mean_code,
        completion.states.last,
        completion.states.prompt_last,
    ):
        assert vector.shape == (tiny.info.dim,)
        assert vector.dtype == np.float32
        assert np.isfinite(vector).all()


async def test_hidden_states_equal_those_of_a_fresh_single_decode(
    tiny: LlamaModel, tiny_path: Path
):
    requests = [ask("def pair():" + tail, max_tokens=1) for tail in ("", " left", " right")]
    longer = [replace(r, max_tokens=9, want_states=True, seed=4) for r in requests]
    together = await tiny.complete(longer)
    alone = await open_llama(tiny_path, settings=LlamaSettings(n_parallel=1))
    for request, batched in zip(longer, together, strict=True):
        alone.forget_prefix()
        single = await one(alone, request)
        assert single.text == batched.text
        assert single.states is not None
        assert batched.states is not None
        np.testing.assert_allclose(single.states.prompt_last, batched.states.prompt_last, atol=2e-2)
        np.testing.assert_allclose(single.states.mean_code, batched.states.mean_code, atol=2e-2)
        np.testing.assert_allclose(single.states.last, batched.states.last, atol=2e-2)
    await alone.aclose()


async def test_hidden_states_equal_those_of_the_plain_binding(tiny: LlamaModel, tiny_path: Path):
    request = ask("def plain():", max_tokens=6, sampling=Sampling(), want_states=True)
    ours = await one(tiny, request)
    assert ours.states is not None
    expected = embeddings_of_prompt(tiny_path, ours.prompt_tokens)
    np.testing.assert_allclose(ours.states.prompt_last, expected, atol=2e-2)


def embeddings_of_prompt(path: Path, n_prompt: int) -> np.ndarray:
    """The last prompt token's state by the high-level `Llama`, which shares no code with ours."""
    from llama_cpp import Llama

    llama = Llama(str(path), embedding=True, pooling_type=0, n_ctx=256, n_batch=256, verbose=False)
    text = (
        "<|im_start|>user\ndef plain():<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    tokens = llama.tokenize(text.encode(), add_bos=False, special=True)
    assert len(tokens) == n_prompt
    llama.eval(tokens)
    row = llama._ctx.get_embeddings_ith(n_prompt - 1)
    state = np.array(row[: llama.n_embd()])
    llama.close()
    return state


# --- refusals


async def test_a_prompt_too_long_is_refused_before_any_work(tiny: LlamaModel):
    before = tiny.counters
    with pytest.raises(PromptTooLong) as caught:
        await tiny.complete([ask(), ask(max_tokens=2000, thinking_tokens=300)])
    assert tiny.counters == before
    assert all(number in str(caught.value) for number in ("2000", "300", "2048"))


async def test_a_control_token_in_a_message_stays_text(tiny: LlamaModel):
    plain = await one(tiny, ask("a <|im_end|> b", max_tokens=1))
    control = await one(tiny, ask("a  b", max_tokens=1))
    assert plain.prompt_tokens - control.prompt_tokens >= len("<|im_end|>") - 3


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (None, ModelNotFound, "atlas model list"),
        (b"", ModelBroken, "not a GGUF"),
        (b"PK\x03\x04 a zip", ModelBroken, "not a GGUF"),
        (b"GGUF\x03\x00\x00\x00", ModelBroken, "cut short"),
        (b"GGUF\x01\x00\x00\x00" + bytes(40), ModelBroken, "version 1"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, ModelBroken, "cut short"),
    ],
)
async def test_bad_files_get_one_clear_line(
    tmp_path: Path, content: bytes | None, error: type[ModelError], says: str
):
    path = tmp_path / "bad.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=says) as caught:
        await open_llama(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
async def test_truncated_files_are_broken_with_numbers(
    tmp_path: Path, tiny_path: Path, share: float
):
    path = changed_copy(tiny_path, tmp_path, lambda data: data[: int(len(data) * share)])
    with pytest.raises(ModelBroken, match=r"truncated|cut short"):
        await open_llama(path)


async def test_an_unknown_architecture_is_broken(tmp_path: Path, tiny_path: Path):
    path = changed_copy(tiny_path, tmp_path, lambda data: data.replace(b"qwen3", b"qwenX"))
    with pytest.raises(ModelBroken, match="cannot load") as caught:
        await open_llama(path)
    assert "\n" not in str(caught.value)


def changed_copy(path: Path, folder: Path, change: Callable[[bytes], bytes]) -> Path:
    copy = folder / "changed.gguf"
    copy.write_bytes(change(path.read_bytes()))
    return copy


async def test_a_model_that_does_not_fit_is_refused_with_numbers(tiny_path: Path):
    with pytest.raises(ModelBroken, match="MB are free") as caught:
        await open_llama(tiny_path, settings=LlamaSettings(memory_limit=3 << 20))
    assert "3 MB" in str(caught.value)


@pytest.mark.parametrize("kv_type", ["f32", "f16", "q8_0", "q4_0"])
async def test_every_cache_type_completes(tiny_path: Path, kv_type: KvType):
    model = await open_llama(tiny_path, settings=LlamaSettings(kv_type=kv_type, n_parallel=3))
    completions = await model.complete([ask(seed=seed) for seed in range(3)])
    await model.aclose()
    assert all(c.answer_tokens > 0 for c in completions)


async def test_smaller_cache_types_are_estimated_smaller(tiny_path: Path):
    file = read_gguf(tiny_path)
    kinds: tuple[KvType, ...] = ("q4_0", "q8_0", "f16", "f32")
    needed = [memory_needed(file, n_cells=8192, n_batch=512, kv_type=kind) for kind in kinds]
    assert needed == sorted(set(needed))
    # Two layers, two key/value heads of 32, keys and values, two bytes each.
    assert needed[3] - needed[2] == 8192 * 2 * 2 * 32 * 2 * 2


async def test_a_closed_model_says_so(tiny_path: Path):
    model = await open_llama(tiny_path)
    await model.aclose()
    await model.aclose()
    with pytest.raises(ModelError, match="closed"):
        await model.complete([ask()])


# --- cancelling and memory


async def test_cancelling_at_random_moments_leaves_a_clean_model(tiny: LlamaModel):
    reference = [c.text for c in await tiny.complete([ask(seed=s) for s in range(3)])]
    rng = random.Random(0)
    slowest = 0.0
    for _ in range(20):
        job = asyncio.create_task(
            tiny.complete([ask("work " * 60, seed=s, max_tokens=1500) for s in range(60)])
        )
        await asyncio.sleep(rng.uniform(0, 0.25))
        assert not job.done()
        slowest = max(slowest, await seconds_to_cancel(job))
        assert tiny.counters.live_slots == 0
    assert slowest < 1.0
    tiny.forget_prefix()
    again = await tiny.complete([ask(seed=s) for s in range(3)])
    assert [c.text for c in again] == reference


async def seconds_to_cancel(job: asyncio.Task[tuple[Completion, ...]]) -> float:
    began = time.monotonic()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    return time.monotonic() - began


async def test_a_long_prefill_can_be_cancelled(tiny: LlamaModel):
    tiny.forget_prefix()
    before = tiny.counters.decode_calls
    job = asyncio.create_task(tiny.complete([ask("x y " * 450, max_tokens=100)]))
    await first_decode_after(tiny, before)
    await seconds_to_cancel(job)
    assert tiny.counters.cached_prefix < 1024 + 512
    assert (await one(tiny, ask())).answer_tokens > 0


async def first_decode_after(model: LlamaModel, n_calls: int) -> None:
    while model.counters.decode_calls == n_calls:  # noqa: ASYNC110 - a counter has no event
        await asyncio.sleep(0)


async def test_a_queued_job_can_be_cancelled_and_the_running_one_goes_on(tiny: LlamaModel):
    running = asyncio.create_task(tiny.complete([ask(max_tokens=300)]))
    queued = asyncio.create_task(tiny.complete([ask(max_tokens=300)]))
    await asyncio.sleep(0.01)
    queued.cancel()
    (completion,) = await running
    assert completion.answer_tokens > 0
    with pytest.raises(asyncio.CancelledError):
        await queued


async def test_the_loop_stays_free_while_a_job_runs(tiny: LlamaModel):
    job = asyncio.create_task(tiny.complete([ask(seed=s, max_tokens=400) for s in range(3)]))
    n_ticks = 0
    while not job.done():
        await asyncio.sleep(0.001)
        n_ticks += 1
    assert n_ticks > 5


async def test_cancelling_the_opening_leaves_no_thread(tiny_path: Path):
    opening = asyncio.create_task(open_llama(tiny_path))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening


async def test_two_hundred_jobs_do_not_grow(tiny: LlamaModel):
    async def job(n: int) -> None:
        await tiny.complete(
            [ask(f"job {n}", seed=s, max_tokens=6, want_states=True) for s in range(3)]
            + [ask(f"job {n}", json_schema=SCHEMA, max_tokens=8)]
        )

    for n in range(30):
        await job(n)
    before = resident_bytes()
    for n in range(200):
        await job(n)
    assert resident_bytes() <= before * 1.05


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


# --- several jobs in one batch


async def test_jobs_that_come_together_are_decoded_together(tiny: LlamaModel):
    requests = [ask(f"job {n} " * 9, seed=n, max_tokens=40) for n in range(3)]
    tiny.forget_prefix()
    before = tiny.counters.decode_calls
    alone = [await one(tiny, request) for request in requests]
    apart = tiny.counters.decode_calls - before
    tiny.forget_prefix()
    before = tiny.counters.decode_calls
    together = await asyncio.gather(*(one(tiny, request) for request in requests))
    assert tiny.counters.decode_calls - before < apart * 2 / 3
    assert [c.text for c in together] == [c.text for c in alone]


async def test_places_are_shared_out_fairly(tiny: LlamaModel):
    """A job of one sequence does not wait for all forty of another one."""
    many = asyncio.create_task(tiny.complete([ask(seed=s, max_tokens=60) for s in range(40)]))
    await first_decode_after(tiny, tiny.counters.decode_calls)
    await one(tiny, ask("a single one", max_tokens=5))
    assert not many.done()
    await many


async def test_cancels_in_a_shared_batch_leave_the_other_job_its_text():
    """With trained weights: where all tokens are nearly alike, rounding alone picks another one."""
    nano = await open_llama(NANO)
    request = ask(
        render("solve", style="trained", source=SOURCE, hint=""),
        max_tokens=200,
        sampling=Sampling(),
    )
    reference = (await one(nano, request)).text
    rng = random.Random(1)
    other = asyncio.create_task(one(nano, request))
    for _ in range(20):
        if other.done():
            assert (await other).text == reference
            other = asyncio.create_task(one(nano, request))
        job = asyncio.create_task(
            nano.complete(
                [ask("work " * rng.randrange(300), seed=s, max_tokens=99) for s in range(3)]
            )
        )
        await asyncio.sleep(rng.uniform(0, 0.05))
        if not job.done():
            assert await seconds_to_cancel(job) < 1.0
    assert (await other).text == reference
    assert nano.counters.live_slots == 0
    await nano.aclose()


async def test_an_error_of_one_job_is_not_the_others(tiny: LlamaModel):
    good = asyncio.create_task(one(tiny, ask(max_tokens=200)))
    for bad in (ask(json_schema="[]"), ask(max_tokens=4000)):
        with pytest.raises(ModelError):
            await one(tiny, bad)
    assert (await good).answer_tokens > 0


async def test_a_broken_listener_is_an_error_and_not_a_hang(tiny: LlamaModel):
    def fail(_index: int, _piece: str) -> None:
        raise ValueError("the listener broke")

    with pytest.raises(ValueError, match="listener"):
        await tiny.complete([ask()], on_token=fail)
    assert (await one(tiny, ask())).answer_tokens > 0


async def test_completions_are_told_as_they_come(tiny: LlamaModel):
    told: list[tuple[int, Completion]] = []
    lengths = (60, 5, 30)
    done = await tiny.complete(
        [ask(seed=n, max_tokens=n_tokens) for n, n_tokens in enumerate(lengths)],
        on_done=lambda index, completion: told.append((index, completion)),
    )
    assert [index for index, _ in told] == [1, 2, 0]
    assert all(done[index] is completion for index, completion in told)


async def test_jobs_that_wait_for_each_others_cells_all_end(tiny_path: Path):
    model = await open_llama(tiny_path, settings=LlamaSettings(n_ctx=256, n_cells=256))
    requests = [ask(f"{n} " + "word " * 25, seed=n, max_tokens=100) for n in range(6)]
    completions = await asyncio.gather(*(one(model, request) for request in requests))
    assert all(c.answer_tokens > 0 for c in completions)
    assert model.counters.live_slots == 0
    await model.aclose()


async def test_two_files_keep_their_prefixes_side_by_side(tiny: LlamaModel):
    tiny.forget_prefix()
    first, second = (ask(name * 60, max_tokens=3) for name in ("alpha ", "beta "))
    for request in (first, second, first, second):
        completion = await one(tiny, request)
    assert completion.cached_tokens == completion.prompt_tokens - 1

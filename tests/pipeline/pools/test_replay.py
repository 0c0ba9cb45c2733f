"""Choosing from a pool: the real sandbox, resumed files, and labels that change nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from pipeline.pools.choosing import PoolChoice, PoolOptions, choose_pool
from pipeline.pools.pool import PoolError, read_pool
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = 'def f{n}(x: int) -> int:\n    """Add {n}.\n\n    >>> f{n}(1)\n    {y}\n    """\n'


def row(n: int, *, examples: bool = True) -> dict[str, object]:
    prompt = PROMPT.format(n=n, y=n + 1)
    prompt = prompt if examples else prompt.split("\n\n")[0] + '\n    """\n'
    bodies = [f"return {n + 1}", f"return x + {n}", f"return {n} + x", "return x", "raise Foo"]
    return {
        "task_id": f"t/{n}",
        "kind": "function",
        "prompt": prompt,
        "entry_point": f"f{n}",
        "generated_tests": [[f"assert f{n}(3) == {n + 3}"], [f"assert f{n}(3) == 0"]],
        "candidates": [{"code": f"{prompt}    {body}\n"} for body in bodies],
    }


def write(folder: Path, *rows: dict[str, object], name: str = "pool.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def test_the_right_behaviour_is_chosen_and_said_why(box: Sandbox, tmp_path: Path):
    pool, out = write(tmp_path, row(2), row(5)), tmp_path / "out.jsonl"
    await choose_pool(box, pool, out, PoolOptions(k=None))
    for one in lines(out):
        assert one["chosen"] in (1, 2)
        assert one["status"] == "verified"
        assert 0 < one["probability"] < 1
        assert one["considered"] == [0, 1, 2, 3, 4]
        assert "passes 1 of 1 visible tests" in one["reasons"]


def hash_of_the_first_run() -> int:
    command = [sys.executable, "-c", "print(hash('seed') % 1000)"]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)


async def test_what_passes_only_by_the_order_of_hashes_is_not_verified(
    box: Sandbox, tmp_path: Path
):
    """The word is the one of jobs: passed twice, with different hash seeds."""
    one = row(2)
    body = f"return x + 2 if hash('seed') % 1000 == {hash_of_the_first_run()} else 0"
    one["candidates"] = [{"code": f"{one['prompt']}    {body}\n"}]
    pool, out = write(tmp_path, one), tmp_path / "out.jsonl"
    await choose_pool(box, pool, out, PoolOptions(k=None))
    (chosen,) = lines(out)
    assert chosen["status"] == "unverified"


async def test_without_examples_nothing_is_verified(box: Sandbox, tmp_path: Path):
    pool, out = write(tmp_path, row(4, examples=False)), tmp_path / "out.jsonl"
    await choose_pool(box, pool, out, PoolOptions(k=None))
    (one,) = lines(out)
    assert one["chosen"] in (1, 2)
    assert one["status"] in ("consistent", "unverified")


async def test_a_torn_file_goes_on_to_the_same_result(box: Sandbox, tmp_path: Path):
    pool = write(tmp_path, *map(row, range(2, 6)))
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    options = PoolOptions(k=3, seed=1)
    assert await choose_pool(box, pool, whole, options) == 0
    text = whole.read_text("utf-8")
    cut = text.index("\n", text.index("\n") + 1) + 20
    torn.write_text(text[:cut], encoding="utf-8")
    seen: list[PoolChoice] = []
    assert await choose_pool(box, pool, torn, options, on_done=seen.append) == 2
    assert torn.read_text("utf-8") == text
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (PoolOptions(k=4), "another --k"),
        (PoolOptions(k=3, seed=9), "another --k, --seed"),
        (PoolOptions(k=3, kinds=("visible",)), "--evidence visible,generated,agreement"),
    ],
)
async def test_a_file_of_another_run_is_not_mixed(
    box: Sandbox, tmp_path: Path, options: PoolOptions, says: str
):
    pool, out = write(tmp_path, row(2), row(3)), tmp_path / "out.jsonl"
    await choose_pool(box, pool, out, PoolOptions(k=3))
    before = out.read_bytes()
    with pytest.raises(PoolError, match=says):
        await choose_pool(box, pool, out, options)
    assert out.read_bytes() == before


async def test_a_file_that_is_no_choices_is_left_alone(box: Sandbox, tmp_path: Path):
    pool, out = write(tmp_path, row(2)), tmp_path / "out.jsonl"
    out.write_text("my notes\n", encoding="utf-8")
    with pytest.raises(PoolError, match="line 1: no choice of ours"):
        await choose_pool(box, pool, out, PoolOptions())
    assert out.read_text("utf-8") == "my notes\n"


async def test_a_bad_line_keeps_the_choices_before_it(box: Sandbox, tmp_path: Path):
    pool, out = write(tmp_path, row(2), row(3)), tmp_path / "out.jsonl"
    pool.write_text(pool.read_text("utf-8") + "{\n", encoding="utf-8")
    with pytest.raises(PoolError, match="line 3, column"):
        await choose_pool(box, pool, out, PoolOptions(), jobs=1)
    assert [one["task_id"] for one in lines(out)] == ["t/2", "t/3"]


async def test_labels_change_no_choice(box: Sandbox, tmp_path: Path):
    lies = {**row(2), "labels": [True, False, False, True, True]}
    plain, labelled = write(tmp_path, row(2)), write(tmp_path, lies, name="lies.jsonl")
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    await choose_pool(box, plain, a, PoolOptions(k=None))
    await choose_pool(box, labelled, b, PoolOptions(k=None))
    assert a.read_text("utf-8") == b.read_text("utf-8")


async def test_a_long_pool_is_streamed(tmp_path: Path):
    path = tmp_path / "long.jsonl"
    filler = "x" * 1000
    with path.open("w", encoding="utf-8") as file:
        for n in range(20_000):
            code = f'[{{"code": "{filler}"}}]'
            file.write(f'{{"task_id": "{n}", "kind": "stdio", "candidates": {code}}}\n')
    tracemalloc.start()
    assert sum(1 for _ in read_pool(path)) == 20_000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 3

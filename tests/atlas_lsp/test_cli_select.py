"""`atlas select` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.atlas_lsp.test_cli import atlas, check_fails
from tests.pipeline.pools.test_replay import lines, row, write


@pytest.mark.docker
def test_choices_are_written_and_counted(tmp_path: Path):
    pool, out = write(tmp_path, row(2), row(3)), tmp_path / "choices.jsonl"
    done = atlas("select", str(pool), "--out", str(out), "--k", "0", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["chosen"] == {"verified": 2}
    assert [one["chosen"] in (1, 2) for one in lines(out)] == [True, True]
    again = atlas("select", str(pool), "--out", str(out), "--k", "0")
    assert "nothing new (2 were there)" in again.stderr


@pytest.mark.docker
def test_the_lens_abstains_aloud(tmp_path: Path):
    pool, out = write(tmp_path, row(2)), tmp_path / "choices.jsonl"
    done = atlas("select", str(pool), "--out", str(out), "--evidence", "visible,lens")
    assert done.returncode == 0, done.stderr
    assert "lens: abstains" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{\n", "line 1, column"),
        ('{"kind": "function"}\n', "line 1: no 'task_id'"),
        ('{"task_id": "a", "kind": "stdio", "candidates": []}\n', "line 1: no candidates"),
        (
            '{"task_id": "a", "kind": "stdio", "candidates": [{"code": ""}]}\n' * 2,
            "line 2: task_id 'a' is that of line 1 too",
        ),
        ("", "holds no task"),
    ],
)
@pytest.mark.docker
def test_a_bad_pool_is_one_line(tmp_path: Path, text: str, says: str):
    pool = tmp_path / "pool.jsonl"
    pool.write_text(text, encoding="utf-8")
    words = ("select", str(pool), "--out", str(tmp_path / "out.jsonl"))
    check_fails(2, "pool.jsonl", says, words=words)


@pytest.mark.parametrize(
    ("flags", "says"),
    [(("--k", "-1"), "--k -1"), (("--jobs", "0"), "--jobs 0")],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, flags: tuple[str, ...], says: str):
    pool = write(tmp_path, row(2))
    check_fails(2, says, words=("select", str(pool), "--out", str(tmp_path / "o"), *flags))


def test_a_missing_pool_is_named(tmp_path: Path):
    pool = tmp_path / "nowhere.jsonl"
    check_fails(2, "nowhere.jsonl", words=("select", str(pool), "--out", str(tmp_path / "o")))

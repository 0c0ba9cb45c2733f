"""`atlas lens` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lens_made import lens, pool

from atlas_lsp.cli import main
from atlas_lsp.exits import NOTHING_GOOD, OK, USAGE
from pipeline.lens.record import save_lens
from pipeline.training.state_pool import save_pool
from pipeline.wiring import NANO

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "nothing"], "no file at nothing"),
        (["score", "nothing"], "no file at nothing"),
        (["harvest", "--out", "x", "--suite", "nothing"], "no suite at nothing"),
        (["harvest", "--out", "x", "--k", "1"], "a k of 2 to 64"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(capsys: Capture, argv: list[str], message: str):
    assert main(["lens", *argv]) == USAGE
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def test_a_pool_with_too_few_labels_is_refused(capsys: Capture, tmp_path: Path):
    pytest.importorskip("torch", reason="training needs torch; pip install 'atlas-lsp[train]'")
    save_pool(pool(0, signal=1.0, n_tasks=5), tmp_path / "pool")
    assert main(["lens", "train", str(tmp_path / "pool"), "--out", str(tmp_path / "x")]) == USAGE
    assert "harvest more" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_lens_is_trained_and_scored_from_the_command_line(capsys: Capture, tmp_path: Path):
    pytest.importorskip("torch", reason="training needs torch; pip install 'atlas-lsp[train]'")
    out = str(tmp_path / "lens.safetensors")
    for seed, name in ((0, "train"), (1, "test")):
        save_pool(pool(seed, signal=1.0, n_tasks=60), tmp_path / name)
    assert main(["lens", "train", str(tmp_path / "train"), "--out", out]) == OK
    assert "earns its place" in capsys.readouterr().out
    assert main(["lens", "score", str(tmp_path / "test"), "--lens", out, "--json"]) == OK
    rows = json.loads(capsys.readouterr().out)
    names = {row["name"] for row in rows}
    assert names == {"lens", "length", "mean logprob", "lowest window logprob", "cluster size"}


def test_a_lens_of_another_model_is_told_by_check(capsys: Capture, tmp_path: Path):
    if not NANO.exists():
        pytest.skip("the embedded model is not there; `make nano` trains it")
    facts = {
        "tasks": 1,
        "candidates": 2,
        "right": 1,
        "scores": [],
        "ece": 0.0,
        "best_free": "length",
        "ahead": 0.1,
        "ahead_interval": [0.0, 0.2],
        "added": 0.0,
        "added_interval": [0.0, 0.1],
        "difficulty_auc": None,
        "difficulty_auc_of_prompt_length": None,
    }
    other = lens()
    other.facts.update(facts)  # type: ignore[attr-defined]
    save_lens(other, tmp_path / "lens.safetensors")
    argv = ["lens", "check", "--lens", str(tmp_path / "lens.safetensors")]
    assert main(argv) == NOTHING_GOOD
    assert "abstains: the lens was trained for made" in capsys.readouterr().err

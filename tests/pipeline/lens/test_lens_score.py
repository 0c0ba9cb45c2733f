"""The lens ranks, stays small, and abstains with a reason whenever something is wrong."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lens_made import MODEL, candidates, clipped, lens, states

from pipeline.core.task import Candidate
from pipeline.lens.record import FORMAT, Lens, LensError, load_lens, save_lens
from pipeline.lens.score import CLIP, Abstained, energies_of, lens_log_odds
from pipeline.models.api import ModelInfo

ROOT = Path(__file__).parents[3]


def check_abstains(
    message: str,
    *,
    made: list[Candidate] | None = None,
    model: ModelInfo = MODEL,
    with_lens: Lens | None = None,
) -> None:
    found = lens_log_odds(
        made if made is not None else candidates(0.1), model, lens=with_lens or lens()
    )
    assert isinstance(found, Abstained), found
    assert message in found.reason
    assert "\n" not in found.reason


def test_low_energy_is_good_and_the_lens_is_clipped():
    found = lens_log_odds(candidates(-3.0, -0.2, 0.0, 0.2, 3.0), MODEL, lens=lens())
    assert not isinstance(found, Abstained)
    assert list(found) == sorted(found, reverse=True)
    assert found[2] == pytest.approx(0.0, abs=1e-6)
    assert found[1] > found[2] > found[3]
    assert clipped(found, CLIP)
    assert (found[0], found[-1]) == (CLIP, -CLIP)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path):
    save_lens(lens(), tmp_path / "lens.safetensors")
    again = load_lens(tmp_path / "lens.safetensors")
    made = candidates(-0.3, 0.4)
    assert lens_log_odds(made, MODEL, lens=again) == lens_log_odds(made, MODEL, lens=lens())


def test_no_lens_for_the_model():
    found = lens_log_odds(candidates(0.1), replace(MODEL, sha256="0" * 64))
    assert isinstance(found, Abstained)
    assert "no lens was trained for this model" in found.reason


def test_a_model_without_a_hash():
    found = lens_log_odds(candidates(0.1), replace(MODEL, sha256=""))
    assert isinstance(found, Abstained)


def test_another_model():
    check_abstains("was trained for made", model=replace(MODEL, sha256="cd" * 32))


def test_another_dimension():
    check_abstains("states have dimension 9", model=replace(MODEL, dim=9))
    short = Candidate(code="", origin="probe", states=states(0.1, dim=4))
    check_abstains("not of dimension 6", made=[short])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_states_that_are_no_numbers(value: float):
    check_abstains("candidate 1: its states hold values", made=candidates(0.1, value))


def test_states_unlike_the_training():
    check_abstains("unlike all that the lens was trained on", made=candidates(0.1, 50.0))


def test_one_candidate_without_states_silences_the_lens():
    check_abstains(
        "candidate 1: it came without", made=[*candidates(0.1), Candidate(code="", origin="mend")]
    )


def test_a_lens_that_did_not_earn_its_place():
    check_abstains("did not beat the free measures", with_lens=lens(earns=False))
    energies = energies_of(candidates(0.1), MODEL, lens(earns=False))
    assert not isinstance(energies, Abstained), "it can still be looked at"


def test_no_candidates_are_no_error():
    assert lens_log_odds([], MODEL, lens=lens()) == ()


def damaged(path: Path, how: str) -> Path:
    save_lens(lens(), path)
    whole = path.read_bytes()
    if how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "text":
        path.write_text("no lens", encoding="utf-8")
    elif how == "format":
        path.write_bytes(whole.replace(FORMAT.encode(), b"atlas-lens-9"))
    elif how == "nan":
        bad = replace(lens().energy, b1=np.full(2, np.nan, dtype=np.float32))
        save_lens(replace(lens(), energy=bad), path)
    elif how == "shape":
        save_lens(replace(lens(), dim=5), path)
    return path


@pytest.mark.parametrize("how", ["cut", "text", "format", "nan", "shape"])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, how: str):
    with pytest.raises(LensError) as caught:
        load_lens(damaged(tmp_path / "lens.safetensors", how))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(LensError, match="no file at"):
        load_lens(tmp_path / "nothing.safetensors")


def test_scoring_loads_no_torch():
    code = (
        "import sys, numpy as np; sys.path.insert(0, 'tests/pipeline/lens');"
        "from lens_made import *; from pipeline.lens.score import lens_log_odds;"
        "print(lens_log_odds(candidates(0.1), MODEL, lens=lens()), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("False\n")
    assert done.stdout.startswith("(")

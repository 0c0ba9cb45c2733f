"""`atlas model calibrate` as a user meets it: stopped, gone on with, and read by the pipeline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.select.calibrated import calibrated_for, calibration_file
from pipeline.training.fit import harvested
from pipeline.wiring import NANO
from tests.atlas_lsp.test_cli import atlas, check_fails

N_TASKS = 24


@pytest.mark.docker
def test_a_calibration_goes_on_where_it_stopped(tmp_path: Path):
    """Two torn and lost files are made again, the others are not touched."""
    kept = tmp_path / "labels"
    words = ("model", "calibrate", "nano", "--tasks", str(N_TASKS), "--k", "2", "--keep", str(kept))
    sha256 = json.loads((NANO.parent / "nano.json").read_text("utf-8"))["sha256"]
    out = tmp_path / calibration_file(sha256)
    done = atlas(*words, "--out", str(out), timeout=400)
    assert done.returncode == 0, done.stderr
    assert "candidates are right" in done.stderr
    files = sorted(kept.glob("*.json.gz"))
    assert len(files) == N_TASKS
    before = {path: path.stat().st_mtime_ns for path in files}
    weights = json.loads(out.read_text("utf-8"))["models"]
    files[3].unlink()
    shutil.copy(files[4], kept / f".torn-{files[4].name}")
    assert atlas(*words, "--out", str(out), timeout=400).returncode == 0
    changed = [path for path in files if path.stat().st_mtime_ns != before[path]]
    assert changed == [files[3]]
    assert json.loads(out.read_text("utf-8"))["models"] == weights
    assert len(harvested(kept)) >= 20
    assert calibrated_for(sha256, tmp_path).is_own


@pytest.mark.parametrize(
    ("flags", "says"),
    [(("--tasks", "3"), "--tasks 3"), (("--k", "1"), "--k 1")],
)
def test_numbers_out_of_range_are_refused(flags: tuple[str, ...], says: str):
    check_fails(2, says, words=("model", "calibrate", "nano", *flags))

"""A run that is killed and started again comes to the same result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from suite_rows import WriteSuite, double_task

DRIVE = Path(__file__).with_name("drive.py")
ROOT = Path(__file__).parents[3]
N_TASKS, CONDITIONS = 6, "A,B,C,D"
RESULTS = ("tasks.jsonl", "answers.sha256", "scores.jsonl")


def start(out: Path, suite: Path) -> subprocess.Popen[bytes]:
    """In a group of its own, so that the scorer can be killed with it."""
    return subprocess.Popen(
        [sys.executable, str(DRIVE), str(out), str(suite), CONDITIONS],
        # What a killed run leaves behind lies with the test.
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(out.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(out: Path, suite: Path) -> dict[str, bytes]:
    with start(out, suite) as process:
        _, stderr = process.communicate()
    assert process.returncode == 0, stderr.decode()
    assert not [path for path in out.rglob(".torn-*") if path.is_file()]
    return {name: (out / name).read_bytes() for name in RESULTS}


def kill_when(out: Path, suite: Path, n_files: int) -> bool:
    """Kill once so many answers and scores lie there; False when it was done before."""
    with start(out, suite) as process:
        while process.poll() is None and progress(out) < n_files:
            time.sleep(0.002)
        was_running = process.poll() is None
        if was_running:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return was_running


def progress(out: Path) -> int:
    return sum(1 for folder in ("answers", "scores") for _ in (out / folder).rglob("[!.]*.json"))


@pytest.mark.slow
def test_kills_at_ten_moments_change_nothing(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([double_task(n) for n in range(N_TASKS)])
    undisturbed = finish(tmp_path / "undisturbed", suite)
    moments = sorted(random.Random(5).sample(range(N_TASKS * 5), 10))
    killed = [kill_when(tmp_path / "killed", suite, n_files) for n_files in moments]
    assert sum(killed) >= 8, f"too few of the kills met a running process: {killed}"
    assert finish(tmp_path / "killed", suite) == undisturbed


def test_a_finished_run_is_not_run_again(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([double_task(0)])
    first = finish(tmp_path / "run", suite)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "answers").rglob("*")}
    assert finish(tmp_path / "run", suite) == first
    assert stamps == {path: path.stat().st_mtime_ns for path in stamps}


def test_a_folder_of_another_run_is_refused(write_suite: WriteSuite, tmp_path: Path):
    finish(tmp_path / "run", write_suite([double_task(0)]))
    with start(tmp_path / "run", write_suite([double_task(0), double_task(1)])) as process:
        _, stderr = process.communicate()
    assert process.returncode != 0
    assert "holds a run with another suite" in stderr.decode()

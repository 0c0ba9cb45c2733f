"""`atlas bench` as a user meets it when something is wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from suite_rows import WriteSuite, double_task

from atlas_lsp.cli import main
from atlas_lsp.exits import INTERRUPTED, OK, USAGE

ROOT = Path(__file__).parents[3]


def check_refused(capsys: pytest.CaptureFixture[str], message: str, *argv: str) -> None:
    assert main(["bench", *argv]) == USAGE
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("atlas: ")
    assert message in lines[0]


def test_a_report_of_no_run_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    check_refused(capsys, "is no run folder; `atlas bench run` makes one", "report", str(tmp_path))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing.jsonl"], "it is no file here and not built in ("),
        (["nano", "--parts", "none"], "the suite has no 'none'"),
        (["nano", "--conditions", "A,Q"], "no condition 'Q'"),
        (["nano", "--min-tests", "99"], "per task in the median"),
    ],
)
def test_a_run_that_cannot_be_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, argv: list[str], message: str
):
    folder = str(tmp_path / "run")
    check_refused(capsys, message, "run", *argv, "--out", folder)
    assert not (tmp_path / "run" / "answers").exists()


def test_a_bad_line_is_named(
    capsys: pytest.CaptureFixture[str], write_suite: WriteSuite, tmp_path: Path
):
    suite = write_suite([double_task(0), "{"])
    check_refused(capsys, "line 2 is not JSON", "run", str(suite), "--out", str(tmp_path / "run"))


@pytest.mark.docker
@pytest.mark.slow
def test_nano_is_measured_from_one_command(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    from pipeline.nano.hidden import CANARY
    from pipeline.wiring import NANO

    if not NANO.exists():
        pytest.skip("the embedded model is not there; `make nano` trains it")
    folder = tmp_path / "run"
    argv = ["run", "nano", "--out", str(folder), "--conditions", "A,D", "--limit", "4"]
    assert main(["bench", *argv, "--thinking", "128"]) == OK
    said = capsys.readouterr().out
    for words in ("pass@1", "all (n = 4)", "oracle pass@k", "McNemar p", "atlas-nano"):
        assert words in said
    assert main(["bench", "report", str(folder), "--json"]) == OK
    report = json.loads(capsys.readouterr().out)
    assert {one["condition"] for one in report["summaries"]} == {"A", "D"}
    (run,) = report["runs"]
    assert run["model"]["sha256"]
    assert run["sandbox"]["image"]
    assert set(run["prompts"]) >= {"solve", "plans", "repair"}
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in written if CANARY.encode() in path.read_bytes()]


@pytest.mark.docker
@pytest.mark.slow
def test_ctrl_c_ends_a_run_tidily(tmp_path: Path):
    folder = tmp_path / "run"
    argv = ["bench", "run", "nano", "--out", str(folder), "--limit", "40", "--thinking", "128"]
    command = [sys.executable, "-m", "atlas_lsp.cli", *argv, "--conditions", "B"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        answers = folder / "answers" / "B" / "0"
        while process.poll() is None and len(list(answers.glob("*.json"))) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED, stderr
    assert len(stderr.strip().splitlines()) == 1
    n_before = len(list(answers.glob("*.json")))
    assert 2 <= n_before < 40
    assert not list(folder.rglob(".torn-*"))

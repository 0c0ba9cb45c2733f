"""The command line as a user meets it: real processes, the real model, the real sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.wiring import NANO
from tests.hopeless import HOPELESS

ROOT = Path(__file__).parents[2]
ATLAS = [sys.executable, "-m", "atlas_lsp.cli"]
SOURCE = '''# -*- coding: utf-8 -*-
"""Ünïcode before the function 🚀, and tabs after it."""


def is_even(n):
    """Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    """


def other():
\treturn "untouched"   # trailing spaces and a tab
'''


def atlas(*words: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ATLAS, *words], capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT
    )


def check_fails(code: int, *said: str, words: tuple[str, ...]) -> None:
    """One line on stderr that says all of `said`, nothing on stdout."""
    done = atlas(*words)
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("atlas: ")
    assert all(text in lines[0] for text in said), lines[0]
    assert done.stdout == ""


def containers_of(pid: int) -> list[str]:
    """Running containers whose label names the process."""
    command = ["docker", "ps", "-q", "--filter", f"label=org.atlas.sandbox.pid={pid}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "numbers_ü.py"
    path.write_bytes(SOURCE.replace("\n", "\r\n").encode())
    return path


@pytest.mark.parametrize("words", [(), ("--model", "nowhere.gguf")])
def test_the_server_checks_what_the_doctor_checks(words: tuple[str, ...]):
    command = [sys.executable, "-m", "atlas_lsp", "--check", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    doctor = atlas("doctor", "--json", *words)
    assert done.returncode == doctor.returncode
    found, wanted = (
        [(one["name"], one["ok"], one["mend"]) for one in json.loads(text)]
        for text in (done.stdout, doctor.stdout)
    )
    assert found == wanted
    assert ("model", not words) in [(name, ok) for name, ok, _ in found]


def test_a_missing_file_is_named(tmp_path: Path):
    check_fails(2, "no such file", "nowhere.py", words=("solve", f"{tmp_path}/nowhere.py::f"))


def test_a_missing_function_is_named_with_near_ones(module: Path):
    check_fails(2, "is_eve", "is_even", words=("solve", f"{module}::is_eve"))


def test_a_target_without_a_function_says_how_to_write_one():
    check_fails(2, "FILE::NAME", words=("solve", "::f"))


def test_a_syntax_error_says_where(tmp_path: Path):
    path = tmp_path / "bad.py"
    path.write_text("x = 1\ndef f(:\n    pass\n")
    check_fails(2, "bad.py:2:7", words=("solve", f"{path}::f"))


def test_a_missing_model_is_named(module: Path):
    words = ("solve", f"{module}::is_even", "--model", "/nowhere/x.gguf", "--sandbox")
    check_fails(3, "/nowhere/x.gguf", words=(*words, "unsafe-local"))


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_broken_model_file_is_one_line(module: Path, tmp_path: Path, content: bytes):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    words = ("solve", f"{module}::is_even", "--model", str(path), "--sandbox", "unsafe-local")
    check_fails(3, "broken.gguf", words=words)


def test_a_truncated_model_file_is_one_line(module: Path, tmp_path: Path):
    path = tmp_path / "half.gguf"
    path.write_bytes(NANO.read_bytes()[: NANO.stat().st_size // 2])
    words = ("solve", f"{module}::is_even", "--model", str(path), "--sandbox", "unsafe-local")
    check_fails(3, "half.gguf", words=words)


def test_without_docker_nothing_runs_and_the_mend_is_said(module: Path):
    env = os.environ | {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    done = subprocess.run(
        [*ATLAS, "solve", f"{module}::is_even"],
        capture_output=True,
        text=True,
        env=env,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1
    assert "/nowhere/docker.sock" in done.stderr
    assert done.stdout == ""


@pytest.mark.docker
def test_json_holds_what_happened_and_apply_changes_only_the_function(module: Path):
    before = module.read_bytes()
    done = atlas("solve", f"{module}::is_even", "--json", "--apply")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["status"] == "verified"
    assert report["function"] == "is_even"
    assert report["tests"]["visible"] == {"passed": 2, "total": 2}
    assert report["sandbox"]["kind"] == "docker"
    assert "no-network" in report["sandbox"]["isolation"]
    assert len(report["model"]["sha256"]) == 64
    assert report["ledger"]["generated_tokens"] > 0
    assert report["ledger"]["sandbox_runs"] >= 2
    assert report["stages"]
    assert report["evidence"]
    assert report["diff"].startswith("---")
    after = module.read_bytes()
    assert after != before
    head, tail = before.split(b'    False\r\n    """\r\n')
    assert after.startswith(head + b'    False\r\n    """\r\n')
    assert after.endswith(tail.lstrip(b"\r\n"))
    assert b"\n" not in after.replace(b"\r\n", b"")


@pytest.mark.docker
def test_the_diff_goes_to_stdout_and_nothing_is_written_without_apply(module: Path):
    before = module.read_bytes()
    words = [*ATLAS, "solve", f"{module}::is_even"]
    done = subprocess.run(words, capture_output=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert b"verified" in done.stderr
    assert module.read_bytes() == before
    subprocess.run(["git", "apply"], input=done.stdout, check=True, cwd=module.parent)
    assert module.read_bytes() != before


@pytest.mark.docker
def test_only_a_good_diff_goes_to_stdout(module: Path):
    """`atlas solve ... | git apply` takes what is there and knows nothing of exit codes."""
    module.write_text(
        SOURCE.replace(">>> is_even(7)\n    False", ">>> is_even(7)\n    'odd, or so'")
    )
    done = atlas("solve", f"{module}::is_even", "--timeout", "20")
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "+    return" in done.stderr


@pytest.mark.docker
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_it_ends_no_container_is_left(tmp_path: Path, how: signal.Signals):
    path = tmp_path / "slow.py"
    path.write_text(HOPELESS)
    before = path.read_bytes()
    words = [*ATLAS, "solve", f"{path}::f", "--k", "8", "--timeout", "300"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        wait_until(lambda: bool(containers_of(process.pid)), 60)
        process.send_signal(how)
        _, said = process.communicate(timeout=20)
    wait_until(lambda: not containers_of(process.pid), 2)
    assert path.read_bytes() == before
    if how is not signal.SIGKILL:
        assert process.returncode == 130
        assert said.strip().splitlines()[-1] == "atlas: stopped; nothing was written"


def wait_until(holds: object, timeout_s: float) -> None:
    assert callable(holds)
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.mark.docker
def test_the_trace_shows_each_stage_and_prompt(module: Path, tmp_path: Path):
    trace = tmp_path / "trace.jsonl"
    done = atlas("solve", f"{module}::is_even", "--trace", str(trace))
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    kinds = {event["event"] for event in events}
    assert {"StageStarted", "Prompted", "Answered", "CandidateJudged", "StageEnded"} <= kinds
    started = {e["stage"] for e in events if e["event"] == "StageStarted"}
    acted = {e["stage"] for e in events if e["event"] == "StageEnded" and e["acted"]}
    assert started <= acted | {"mechanical"}

"""`atlas check` as people use it: once, and again whenever a file is written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.atlas_lsp.test_cli import ROOT
from tests.atlas_lsp.test_cli_manners import LOCAL, RIGHT, WRONG, atlas

ATLAS = [sys.executable, "-m", "atlas_lsp.start"]


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_text(RIGHT)
    return path


@pytest.mark.parametrize(("text", "code", "outcome"), [(RIGHT, 0, "passed"), (WRONG, 1, "failed")])
def test_it_takes_the_sandbox_from_the_settings(module: Path, text: str, code: int, outcome: str):
    module.write_text(text)
    done = atlas("check", str(module), "--json", **LOCAL)
    assert done.returncode == code, done.stderr
    (row,) = json.loads(done.stdout)["functions"]
    assert (row["outcome"], row["tests"]["total"]) == (outcome, 2)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("raise ValueError('no such\\nnumber')", "raised ValueError: no such number"),
        ("raise ValueError('a\\x1b[31m: \\x07b')", "raised ValueError: a\\x1b[31m: \\x07b"),
        ("raise ValueError", "raised ValueError"),
        ("return 'a\\x1b[31m'", "gave \"'a\\\\x1b[31m'\", expected 'True'"),
        ("print('a\\nb\\x1b[31m')", "expected 'True'"),
    ],
)
def test_what_went_wrong_is_one_line_that_moves_no_cursor(module: Path, body: str, detail: str):
    module.write_text(f"{RIGHT.partition('return')[0]}{body}\n")
    (row,) = json.loads(atlas("check", str(module), "--json", **LOCAL).stdout)["functions"]
    assert detail in row["detail"]
    assert row["detail"].isprintable()
    if "raise" in body:
        assert row["detail"].endswith(detail)


BARE = "def is_even(n):\n    return n % 2 == 0\n"
LOOPS = """def wait(n):
    while n:
        pass
"""
SLOW_TESTS = """from m import *

def test_quick():
    assert {quick}

def test_long():
    x = 1
    while {quick}:
        x += 1
"""


@pytest.mark.docker
@pytest.mark.parametrize(
    ("text", "tests", "outcome", "passed"),
    [
        # Its examples pass, or another test: the long one may just be slow.
        (RIGHT, SLOW_TESTS.format(quick="even_too(4)"), "passed", 3),
        (BARE, SLOW_TESTS.format(quick="is_even(4)"), "passed", 1),
        # Nothing shows that it ever returns.
        (LOOPS, "from m import wait\n\ndef test_long():\n    wait(1)\n", "failed", 0),
    ],
)
def test_a_test_that_takes_long_is_no_failure_of_what_passes_others(
    module: Path, text: str, tests: str, outcome: str, passed: int
):
    module.write_text(text)
    module.with_name("pyproject.toml").write_text("[project]\nname = 'm'\nversion = '1'\n")
    module.with_name("test_m.py").write_text(tests)
    done = atlas("check", str(module), "--json", VIRTUAL_ENV=sys.prefix)
    (row,) = json.loads(done.stdout)["functions"]
    assert (row["outcome"], row["tests"]["passed"]) == (outcome, passed)
    if outcome == "passed":
        assert row["detail"].startswith("left out: test_m.py::test_long takes more than ")


def test_errors_are_one_document_too(tmp_path: Path):
    done = atlas("check", str(tmp_path / "nowhere.py"), "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["kind"] == "usage"
    done = atlas("check", str(tmp_path), "--json", "--watch")
    assert done.returncode == 2


def test_watching_checks_what_is_written_until_it_is_stopped(module: Path):
    other = module.with_name("n.py")
    words = [*ATLAS, "check", str(module.parent), "--watch"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **LOCAL}, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert until(process.stdout, b"passed,").startswith(b"1 passed, 0 failed")
        until(process.stderr, b"Ctrl-C ends")
        other.write_text(WRONG)
        assert b"FAIL" in until(process.stdout, b"is_even")
        assert until(process.stdout, b"passed,").startswith(b"0 passed, 1 failed")
        until(process.stderr, b"Ctrl-C ends")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130


def until(stream: IO[bytes], wanted: bytes) -> bytes:
    """The first line that holds it."""
    for line in stream:
        if wanted in line:
            return line
    raise AssertionError(f"the stream ended before {wanted!r}")

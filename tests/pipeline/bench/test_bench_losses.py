"""A disk that is really full and an engine that is really gone: what was answered stays."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite_rows import WriteSuite
from test_bench_survives import answers, command, results, run, start, suite_of, wait_until

from atlas_lsp.exits import BROKEN, OK
from benchmarks.model_server import ModelServer, model_server
from tests.relay import Relay, relay


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as one:
        yield one


# --- a full disk ---------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_keeps_every_answer_that_was_written(
    write_suite: WriteSuite, tmp_path: Path, small_disk: Path, server: ModelServer
):
    suite, out, filler = suite_of(write_suite, 6), small_disk / "run", small_disk / "filler"
    server.holds_from = 4
    with start(command(suite, out, server), tmp_path) as process:
        wait_until(lambda: len(answers(out)) >= 2 and server.n_asked >= 4, process)
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)
        server.go_on.set()
        _, complained = process.communicate()
    assert process.returncode == BROKEN, complained
    kept = len(answers(out))
    assert 2 <= kept < 6
    (line,) = complained.strip().splitlines()
    assert "No space left on device" in line
    assert f"{kept} answers are kept in {out}, and the same command goes on" in line
    assert all(json.loads(path.read_text()) for path in answers(out)), "no half of an answer"
    filler.unlink()
    assert run(command(suite, out, server), tmp_path)[0] == OK
    assert run(command(suite, tmp_path / "other", server), tmp_path)[0] == OK
    assert results(out) == results(tmp_path / "other")


# --- an engine that is gone ----------------------------------------------------------------------


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with relay() as one:
        monkeypatch.setenv("DOCKER_HOST", one.url)
        yield one


@pytest.mark.slow
@pytest.mark.docker
def test_a_run_whose_engine_is_gone_says_so_and_goes_on_later(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer, engine: Relay
):
    suite, out = suite_of(write_suite, 5), tmp_path / "run"
    # One candidate at a time: of several, the first that comes and passes ends a job.
    more = ("--conditions", "C", "--k", "1", "--sandbox", "docker")
    server.holds_from = 5
    with start(command(suite, out, server, *more), tmp_path) as process:
        wait_until(lambda: server.n_asked >= 5, process)
        kept = len(answers(out))
        engine.end()
        server.go_on.set()
        _, complained = process.communicate()
    assert process.returncode == BROKEN, complained
    (line,) = complained.strip().splitlines()
    assert f"{kept} answers are kept in {out}, and the same command goes on" in line
    assert len(answers(out)) == kept, "what could not be run was not judged"
    engine.begin()
    assert run(command(suite, out, server, *more), tmp_path)[0] == OK
    assert run(command(suite, tmp_path / "other", server, *more), tmp_path)[0] == OK
    assert results(out) == results(tmp_path / "other")

"""Cells on Ray actors and in submitit jobs: a killed worker changes nothing in the result."""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite_rows import WriteSuite, double_task
from test_bench_survives import command, results, run, start

from atlas_lsp.exits import OK, USAGE
from benchmarks.kills import workers
from benchmarks.model_server import ModelServer, model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as one:
        yield one


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["ray", "slurm"])
def test_workers_that_are_killed_change_nothing(
    where: str, write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    library = {"ray": "ray", "slurm": "submitit"}[where]
    pytest.importorskip(library, reason=f"{library} is not installed", exc_type=ImportError)
    if not Path("/proc/self/environ").exists():
        pytest.skip("workers are found through /proc, on Linux only")
    suite, out = write_suite([double_task(n) for n in range(8)]), tmp_path / "run"
    server.holds_from = 1
    # Ray's sockets need a short path.
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as short,
        start(command(suite, out, server, "--on", where, "--jobs", "2"), Path(short)) as process,
    ):
        # Both workers wait for an answer: each is killed with a cell in its hands, and of those
        # that take their place one more.
        server.wait_for(2)
        kill(workers(where, short))
        server.wait_for(4)
        kill(workers(where, short)[:1])
        server.go_on.set()
        _, complained = process.communicate()
    assert process.returncode == OK, complained
    assert run(command(suite, tmp_path / "undisturbed", server), tmp_path)[0] == OK
    assert results(out) == results(tmp_path / "undisturbed")
    names = Counter(path.name for path in (out / "answers").rglob("*.json"))
    assert sorted(names.values()) == [1] * 8, "every cell exactly once"


@pytest.mark.parametrize("where", ["ray", "slurm"])
def test_a_library_that_is_missing_is_named_with_its_extra(
    where: str, write_suite: WriteSuite, tmp_path: Path, server: ModelServer,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    import sys

    from atlas_lsp.cli import main

    monkeypatch.setitem(sys.modules, {"ray": "ray", "slurm": "submitit"}[where], None)
    argv = command(write_suite([double_task(0)]), tmp_path / "run", server, "--on", where)
    assert main(argv[argv.index("bench") :]) == USAGE
    assert f"pip install 'atlas-lsp[{where}]'" in capsys.readouterr().err

"""A run outlives a task's fault, a broken server, a full disk and signals; it says what is kept."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from suite_rows import WriteSuite, double_task

from atlas_lsp.exits import BROKEN, INTERRUPTED, NOTHING_GOOD, OK, USAGE
from benchmarks.model_server import ModelServer, model_server
from pipeline.bench.records import Cell, RunFolder
from pipeline.bench.shards import Shard, shard_of

ROOT = Path(__file__).parents[3]
RESULTS = ("tasks.jsonl", "answers.sha256", "scores.jsonl")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as one:
        yield one


def command(suite: Path, out: Path, server: ModelServer, *more: str) -> list[str]:
    flags = ["--model", server.url, "--sandbox", "unsafe-local", "--quiet", "--workers", "2"]
    conditions = [] if "--conditions" in more else ["--conditions", "A"]
    head = [sys.executable, "-m", "atlas_lsp.cli", "bench", "run", str(suite)]
    return [*head, "--out", str(out), *flags, *conditions, *more]


def start(argv: Sequence[str], tmp_path: Path) -> subprocess.Popen[str]:
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        argv, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def run(argv: Sequence[str], tmp_path: Path) -> tuple[int, str, str]:
    with start(argv, tmp_path) as process:
        said, complained = process.communicate()
    return process.returncode, said, complained


def bench(tmp_path: Path, *argv: object) -> tuple[int, str, str]:
    return run([sys.executable, "-m", "atlas_lsp.cli", "bench", *map(str, argv)], tmp_path)


def results(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in RESULTS}


def answers(out: Path) -> list[Path]:
    return sorted((out / "answers").rglob("[!.]*.json"))


def wait_until(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not what():
        time.sleep(0.005)


def suite_of(write_suite: WriteSuite, n: int) -> Path:
    return write_suite([double_task(i) for i in range(n)])


# --- one task's fault ----------------------------------------------------------------------------


def test_a_fault_in_one_task_is_recorded_and_the_run_goes_on(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    # A task that nobody knows how to ask stands for whatever raises while one cell is solved.
    rows = [double_task(n) for n in range(3)]
    rows[1] = double_task(1, source="def double(n:\n    'not Python'\n")
    out = tmp_path / "run"
    code, _, complained = run(command(write_suite(rows), out, server), tmp_path)
    assert code == NOTHING_GOOD, complained
    assert "1 tasks ended in a fault and count as not solved" in complained
    (trace,) = (out / "faults").iterdir()
    assert "Traceback" in trace.read_text()
    scored = [json.loads(line) for line in (out / "scores.jsonl").read_text().splitlines()]
    assert len(scored) == 3
    (bad,) = [row for row in scored if row["first_failure"] == "fault"]
    assert (bad["task_id"], bad["passed"]) == ("double/1", False)


# --- machinery that breaks -----------------------------------------------------------------------


def test_a_model_server_that_breaks_ends_the_run_and_says_how_to_go_on(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    suite, out = suite_of(write_suite, 5), tmp_path / "run"
    server.fails_from = 4
    code, _, complained = run(command(suite, out, server), tmp_path)
    assert code == BROKEN, complained
    kept = len(answers(out))
    assert 1 <= kept < 5
    (line,) = complained.strip().splitlines()
    assert f"{kept} answers are kept in {out}, and the same command goes on" in line
    server.fails_from = None
    assert run(command(suite, out, server), tmp_path)[0] == OK
    assert run(command(suite, tmp_path / "other", server), tmp_path)[0] == OK
    assert results(out) == results(tmp_path / "other")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits are set from outside on Linux")
def test_a_full_disk_ends_the_run_and_says_how_to_go_on(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    suite, out = suite_of(write_suite, 5), tmp_path / "run"
    server.holds_from = 4
    with start(command(suite, out, server), tmp_path) as process:
        wait_until(lambda: len(answers(out)) >= 2 and server.n_asked >= 4, process)
        # No byte more into any file: what a full disk does, for this process alone.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        server.go_on.set()
        _, complained = process.communicate()
    assert process.returncode == BROKEN, complained
    kept = len(answers(out))
    assert 2 <= kept < 5
    assert f"{kept} answers are kept" in complained.strip().splitlines()[-1]
    assert all(json.loads(path.read_text()) for path in answers(out))
    assert run(command(suite, out, server), tmp_path)[0] == OK
    assert len(answers(out)) == 5


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_says_what_is_kept(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer, signum: signal.Signals
):
    suite, out = suite_of(write_suite, 5), tmp_path / "run"
    server.holds_from = 4
    with start(command(suite, out, server), tmp_path) as process:
        wait_until(lambda: len(answers(out)) >= 2 and server.n_asked >= 4, process)
        process.send_signal(signum)
        _, complained = process.communicate()
    assert process.returncode == INTERRUPTED, complained
    (line,) = complained.strip().splitlines()
    assert f"stopped; {len(answers(out))} answers are kept in {out}, and the same command" in line


class Gone:
    """A sandbox that was there and is not any more."""

    kind, isolation = "unsafe-local", ()

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    async def run(self, jobs: Sequence[Any], *, group: str = "") -> tuple[Any, ...]:
        from sandbox.api import Observation, Outcome

        return tuple(Observation(outcome=Outcome.SANDBOX_ERROR, detail="no engine") for _ in jobs)


async def test_a_lost_sandbox_is_never_written_down_as_an_answer(
    write_suite: WriteSuite, tmp_path: Path
):
    from pipeline.bench.cells import run_cell
    from pipeline.bench.hidden import read_suite
    from pipeline.core.context import Settings
    from pipeline.models.scripted import ScriptedModel
    from pipeline.wiring import Runtime
    from sandbox.api import SandboxUnavailable

    ((public, _),) = read_suite(suite_of(write_suite, 1))
    model = ScriptedModel(lambda *_: "```python\ndef double(n):\n    return n + n\n```")
    cell, folder = Cell(task_id=public.task_id, condition="D", seed=0), RunFolder(tmp_path)
    with pytest.raises(SandboxUnavailable, match="the sandbox is gone: no engine"):
        await run_cell(Runtime(model=model, sandbox=Gone()), Settings(), public, cell, folder)


# --- two at once, and shards ---------------------------------------------------------------------


def test_two_runs_into_one_folder_at_once_are_refused(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    suite, out = suite_of(write_suite, 2), tmp_path / "run"
    server.holds_from = 1
    with start(command(suite, out, server), tmp_path) as process:
        server.wait_for(1)
        code, _, complained = run(command(suite, out, server), tmp_path)
        assert code == USAGE
        (line,) = complained.strip().splitlines()
        assert f"{out} is being worked on by process {process.pid}" in line
        server.go_on.set()
        process.communicate()
    assert process.returncode == OK


def test_shards_side_by_side_give_what_one_run_gives(
    write_suite: WriteSuite, tmp_path: Path, server: ModelServer
):
    suite, out = suite_of(write_suite, 6), tmp_path / "run"
    # Of two samples the first that comes and passes ends a job: one is the same whoever waits.
    more = ("--conditions", "A,R1")
    shards = [
        start(command(suite, out, server, *more, "--shard", f"{n}/3"), tmp_path) for n in (1, 2)
    ]
    for process in shards:
        _, complained = process.communicate()
        assert process.returncode == OK, complained
    code, _, complained = bench(tmp_path, "finish", out, "--sandbox", "unsafe-local", "--quiet")
    assert code == USAGE
    assert "of 12 answers are missing, the first is" in complained
    assert run(command(suite, out, server, *more, "--shard", "3/3"), tmp_path)[0] == OK
    code, _, complained = bench(tmp_path, "finish", out, "--sandbox", "unsafe-local", "--quiet")
    assert code == OK, complained
    assert run(command(suite, tmp_path / "whole", server, *more), tmp_path)[0] == OK
    assert results(out) == results(tmp_path / "whole")


def test_every_cell_is_in_exactly_one_shard():
    cells = [Cell(task_id=f"t{n}", condition=c, seed=0) for n in range(40) for c in "AD"]
    shards = [Shard(number=n, of=5) for n in range(1, 6)]
    assert [sum(cell in shard for shard in shards) for cell in cells] == [1] * 80
    assert all(any(cell in shard for cell in cells) for shard in shards)


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "a/b", "1/0"])
def test_what_is_no_shard_is_refused(text: str):
    from pipeline.bench.records import BenchError

    with pytest.raises(BenchError, match="is no shard; give i/n"):
        shard_of(text)


def test_a_folder_that_is_no_run_cannot_be_finished(tmp_path: Path):
    code, _, complained = bench(tmp_path, "finish", tmp_path)
    assert code == USAGE
    assert "is no run folder" in complained

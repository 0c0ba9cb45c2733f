"""Hidden tests stay where they belong, and what is scored is what was answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from drive import HIDING
from suite_rows import WriteSuite, double_task

CANARY = "canary-3b9f1e7a5c"
DRIVE = Path(__file__).with_name("drive.py")
ROOT = Path(__file__).parents[3]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environ, check=False
    )


def solved(suite: Path, out: Path, conditions: str = "A,B,C,D,R2", *flags: str) -> Path:
    done = run(str(DRIVE), str(out), str(suite), conditions, *flags)
    assert done.returncode == 0, done.stderr
    return out


def scorer(out: Path, manifest: str) -> subprocess.CompletedProcess[str]:
    flags = ("--manifest", manifest, "--sandbox", "unsafe-local")
    return run("-m", "pipeline.bench.scorer", str(out), *flags)


def manifest_of(out: Path) -> str:
    from pipeline.bench.records import text_sha256

    return text_sha256((out / "answers.sha256").read_text(encoding="utf-8"))


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def planted(n: int) -> dict[str, object]:
    """The canary in an input, in an expected value and beside them."""
    row = double_task(n, canary=CANARY)
    row["hidden_tests"] = [
        {"input": [CANARY], "output": 2 * CANARY},
        *({"input": [x], "output": 2 * x} for x in (-7, 60)),
    ]
    return row


def test_a_canary_in_the_hidden_tests_shows_up_nowhere(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([planted(n) for n in range(3)])
    out = solved(suite, tmp_path / "run")
    written = [path for path in out.rglob("*") if path.is_file()]
    kinds = {path.relative_to(out).parts[0] for path in written}
    assert {"answers", "traces", "costs", "run.json", "tasks.jsonl", "scores.jsonl"} <= kinds
    assert any(b"Prompted" in path.read_bytes() for path in written if "traces" in path.parts)
    assert CANARY in suite.read_text(encoding="utf-8")
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []


def memory_holds(pid: int, *texts: str) -> list[bool]:
    """Which of the texts stand in the writable memory of a process that stands still."""
    found = [False] * len(texts)
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, flags = line.split()[:2]
            if not flags.startswith("rw"):
                continue
            start, end = (int(word, 16) for word in span.split("-"))
            memory.seek(start)
            block = memory.read(end - start) or b""
            found = [was or text.encode() in block for was, text in zip(found, texts, strict=True)]
    return found


def test_the_canary_is_not_in_the_solvers_memory(write_suite: WriteSuite, tmp_path: Path):
    if not Path("/proc/self/mem").exists():
        pytest.skip("the memory of a process can be read on Linux only")
    suite = write_suite([planted(n) for n in range(3)])
    command = [sys.executable, str(DRIVE), str(tmp_path / "run"), str(suite), "D"]
    with subprocess.Popen(
        [*command, "--no-score", "--pause"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "solved\n"
        statement, canary = memory_holds(process.pid, "Twice n, task 2.", CANARY)
        process.communicate("go on\n")
    assert process.returncode == 0
    assert statement, "the memory was read: the public statement stands in it"
    assert not canary


def test_the_public_part_of_nano_holds_no_hidden_test(tmp_path: Path):
    from pipeline.nano.hidden import CANARY as OF_NANO
    from pipeline.nano.hidden import load_hidden

    out = tmp_path / "tasks.jsonl"
    flags = ("--out", str(out), "--min-tests", "3", "--limit", "40")
    done = run("-m", "pipeline.bench.publish", "nano", *flags)
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    rows = {row["task_id"]: row for row in map(json.loads, text.splitlines())}
    assert len(rows) == 40
    assert OF_NANO not in text
    hidden = load_hidden()
    for task_id, row in rows.items():
        assert not [e for e, _ in hidden[task_id].tests if f">>> {e}\n" in row["source"]]


def test_the_solver_never_loads_what_holds_hidden_tests():
    names = "pipeline.bench.run, pipeline.bench.cluster, atlas_lsp.commands.bench"
    code = f"import sys, {names}; print(*sys.modules)"
    loaded = set(run("-c", code).stdout.split())
    assert "pipeline.bench.run" in loaded
    assert "pipeline.bench.asking.function" in loaded
    assert not loaded & HIDING


def test_the_scorer_refuses_a_wrong_hash(write_suite: WriteSuite, tmp_path: Path):
    out = solved(write_suite([double_task(0)]), tmp_path / "run", "A", "--no-score")
    done = scorer(out, "0" * 64)
    assert done.returncode == 2
    assert "nothing was scored" in done.stderr
    assert not (out / "scores.jsonl").exists()
    assert scorer(out, manifest_of(out)).returncode == 0
    assert (out / "scores.jsonl").exists()


@pytest.mark.parametrize("victim", ["answers/A/0/double%2F0.json", "answers.sha256"])
def test_the_scorer_refuses_an_answer_that_was_changed(
    write_suite: WriteSuite, tmp_path: Path, victim: str
):
    out = solved(write_suite([double_task(0)]), tmp_path / "run", "A", "--no-score")
    manifest = manifest_of(out)
    path = out / victim
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    done = scorer(out, manifest)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (out / "scores.jsonl").exists()


def test_the_scorer_refuses_another_suite(write_suite: WriteSuite, tmp_path: Path):
    out = solved(write_suite([double_task(0)]), tmp_path / "run", "A", "--no-score")
    write_suite([double_task(0, part="other")])
    done = scorer(out, manifest_of(out))
    assert done.returncode == 2
    assert "is not the suite that was solved" in done.stderr


def test_a_right_and_a_wrong_answer_are_told_apart(write_suite: WriteSuite, tmp_path: Path):
    out = solved(write_suite([double_task(n) for n in range(12)]), tmp_path / "run", "B")
    rows = rows_of(out / "scores.jsonl")
    for row in rows:
        name = f"{row['task_id'].replace('/', '%2F')}.json"
        answer = json.loads((out / "answers" / "B" / "0" / name).read_text(encoding="utf-8"))
        assert row["passed"] is ("return n + n" in answer["program"])
        assert row["v_pass"] is any("return n + n" in c["program"] for c in answer["candidates"])
    assert {row["passed"] for row in rows} == {True, False}

"""`atlas bench score`: anyone's answers, judged in the sandbox, resumable, refused in one line."""

from __future__ import annotations

import gzip
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_rows import WriteSuite, double_task

from atlas_lsp.cli import main
from atlas_lsp.exits import NOTHING_GOOD, OK, USAGE
from pipeline.bench.records import RunFolder
from pipeline.bench.samples import LONGEST, pass_at_k, unbiased
from pipeline.bench.shards import alone

RIGHT, WRONG = "def double(n):\n    return n + n\n", "def double(n):\n    return n * n\n"


def score(*argv: object) -> int:
    return main(["bench", "score", *map(str, argv), "--sandbox", "unsafe-local", "--workers", "1"])


def samples(tmp_path: Path, rows: list[Any], name: str = "samples.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def check_refused(capsys: pytest.CaptureFixture[str], message: str, *argv: object) -> None:
    assert score(*argv) == USAGE
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def result(out: Path) -> Any:
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def test_several_samples_per_task_give_pass_at_k_with_intervals(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite = write_suite([double_task(n) for n in range(2)])
    rows = [{"task_id": "double/0", "solution": one} for one in (RIGHT, WRONG, WRONG)]
    rows += [{"task_id": "double/1", "solution": one} for one in (WRONG, WRONG, WRONG)]
    assert score(suite, samples(tmp_path, rows), "--out", tmp_path / "out") == OK
    said = capsys.readouterr().out
    assert "6 answers to 2 of 2 tasks" in said
    assert "official  pass@1" in said
    found = {one["k"]: one for one in result(tmp_path / "out")["pass_at_k"]}
    assert found[1]["rate"] == pytest.approx(1 / 6)
    assert found[3]["rate"] == pytest.approx(1 / 2)
    assert found[1]["interval"]["low"] <= 1 / 6 <= found[1]["interval"]["high"]
    (right, *wrong) = result(tmp_path / "out")["tasks"]["double/0"]
    assert right["passed"]
    assert [one["first_failure"] for one in wrong] == ["wrong_answer"] * 2


def test_a_folder_of_programs_is_read_as_evalplus_writes_it(
    write_suite: WriteSuite, tmp_path: Path
):
    suite = write_suite([double_task(0)])
    (tmp_path / "answers" / "double_0").mkdir(parents=True)
    (tmp_path / "answers" / "double_0" / "0.py").write_text(RIGHT)
    (tmp_path / "answers" / "double_0" / "1.py").write_text(WRONG)
    assert score(suite, tmp_path / "answers", "--out", tmp_path / "out") == OK
    assert [one["passed"] for one in result(tmp_path / "out")["tasks"]["double/0"]] == [True, False]


def test_a_completion_goes_behind_the_prompt(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([double_task(0)])
    rows = [{"task_id": "double/0", "completion": "    return 2 * n\n"}]
    assert score(suite, samples(tmp_path, rows), "--out", tmp_path / "out") == OK
    assert result(tmp_path / "out")["tasks"]["double/0"][0]["passed"]


def test_it_says_where_inputs_dropped_out(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite = write_suite([{
        "task_id": "HumanEval/903", "prompt": "def f(n):\n", "entry_point": "f", "atol": 0,
        "canonical_solution": "    return 1 // n\n", "base_input": [[1]], "plus_input": [[0], [2]],
    }])  # fmt: skip
    rows = [{"task_id": "HumanEval/903", "completion": "    return 1 // n\n"}]
    assert score(suite, samples(tmp_path, rows), "--out", tmp_path / "out") == OK
    assert "in 1 tasks inputs on which the suite's own reference fails" in capsys.readouterr().out


def test_what_is_scored_is_not_run_again(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([double_task(0)])
    path = samples(tmp_path, [{"task_id": "double/0", "solution": RIGHT}])
    out = tmp_path / "out"
    assert score(suite, path, "--out", out) == OK
    (file,) = (out / "scores").iterdir()
    record = json.loads(file.read_text())
    (grade,) = record["programs"].values()
    grade["passed"] = False
    file.write_text(json.dumps(record))
    (out / "result.json").unlink()
    assert score(suite, path, "--out", out) == OK
    assert not result(out)["tasks"]["double/0"][0]["passed"], "the score that was there is taken"


def test_one_tasks_fault_is_recorded_and_the_rest_goes_on(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    broken = {
        "task_id": "HumanEval/901", "prompt": "def f(n):\n", "entry_point": "f", "atol": 0,
        "canonical_solution": "    return 1 / 0\n", "base_input": [[1]], "plus_input": [[2]],
    }  # fmt: skip
    sound = broken | {"task_id": "HumanEval/902", "canonical_solution": "    return n\n"}
    suite = write_suite([broken, sound])
    rows = [
        {"task_id": one, "completion": "    return n\n"}
        for one in ("HumanEval/901", "HumanEval/902")
    ]
    out = tmp_path / "out"
    assert score(suite, samples(tmp_path, rows), "--out", out) == NOTHING_GOOD
    assert "could not be judged, counts as not solved: HumanEval/901" in capsys.readouterr().err
    found = result(out)["tasks"]
    assert found["HumanEval/901"][0]["first_failure"] == "fault"
    assert found["HumanEval/902"][0]["passed"]
    (trace,) = (out / "faults").iterdir()
    assert "its reference gives no value" in trace.read_text()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"task_id": "none/0", "solution": "x = 1"}], "line 1: the suite has no task 'none/0'"),
        ([{"solution": "x = 1"}], "line 1: the suite has no task None"),
        ([{"task_id": "double/0"}], "line 1: neither `solution` nor `completion` is a text"),
        ([], "holds no answers"),
        (["x"], "line 1 is no JSON object but a str"),
    ],
)
def test_samples_that_are_none_are_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    rows: list[Any], message: str,
):  # fmt: skip
    suite = write_suite([double_task(0)])
    check_refused(capsys, message, suite, samples(tmp_path, rows), "--out", tmp_path / "out")
    assert not (tmp_path / "out" / "scores").exists()


def test_a_truncated_gzip_is_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite = write_suite([double_task(0)])
    path = tmp_path / "samples.jsonl.gz"
    text = "".join(
        json.dumps({"task_id": "double/0", "solution": RIGHT + f"# {n}"}) + "\n" for n in range(999)
    )
    path.write_bytes(gzip.compress(text.encode())[:-20])
    check_refused(capsys, "is a damaged gzip file", suite, path, "--out", tmp_path / "out")


def test_a_gzip_with_a_hole_is_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite, path = write_suite([double_task(0)]), tmp_path / "samples.jsonl.gz"
    packed = bytearray(gzip.compress(random.Random(0).randbytes(4000).hex().encode()))
    packed[1000:1100] = bytes(100)
    path.write_bytes(packed)
    check_refused(capsys, "is a damaged gzip file", suite, path, "--out", tmp_path / "out")
    check_refused(capsys, "is a damaged gzip file", path, path, "--out", tmp_path / "out")


class Attack:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("owned"),)


@pytest.mark.parametrize("protocol", [0, 5])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pickle_is_refused_and_never_loaded(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, protocol: int, pack: Callable[[bytes], bytes],
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    suite, path = write_suite([double_task(0)]), tmp_path / "answers.jsonl"
    path.write_bytes(pack(pickle.dumps([Attack()], protocol)))
    message = "is not JSON" if protocol == 0 else "is not utf-8"
    check_refused(capsys, message, suite, path, "--out", tmp_path / "out")
    check_refused(capsys, message, path, path, "--out", tmp_path / "out")
    assert not (tmp_path / "owned").exists()


def test_an_answer_of_ten_megabytes_is_wrong_and_never_run(write_suite: WriteSuite, tmp_path: Path):
    suite = write_suite([double_task(0)])
    rows = [{"task_id": "double/0", "solution": one} for one in (RIGHT + "#" * 10_000_000, RIGHT)]
    assert score(suite, samples(tmp_path, rows), "--out", tmp_path / "out") == OK
    long, short = result(tmp_path / "out")["tasks"]["double/0"]
    assert (long["passed"], long["first_failure"]) == (False, "too_long")
    assert short["passed"]
    assert LONGEST < 10_000_000


def test_other_answers_in_the_same_folder_are_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite, out = write_suite([double_task(0)]), tmp_path / "out"
    first = samples(tmp_path, [{"task_id": "double/0", "solution": RIGHT}])
    second = samples(tmp_path, [{"task_id": "double/0", "solution": WRONG}], "other.jsonl")
    assert score(suite, first, "--out", out) == OK
    before = (out / "result.json").read_bytes()
    capsys.readouterr()
    check_refused(capsys, "holds scores of another samples_sha256", suite, second, "--out", out)
    assert (out / "result.json").read_bytes() == before


def test_a_suite_that_changed_meanwhile_is_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = samples(tmp_path, [{"task_id": "double/0", "solution": RIGHT}])
    assert score(write_suite([double_task(0)]), path, "--out", tmp_path / "out") == OK
    capsys.readouterr()
    suite = write_suite([double_task(0), double_task(1)])
    flags = (suite, path, "--out", tmp_path / "out")
    check_refused(capsys, "holds scores of another suite_sha256", *flags)


def test_the_folder_of_a_run_is_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite, out = write_suite([double_task(0)]), tmp_path / "out"
    path = samples(tmp_path, [{"task_id": "double/0", "solution": RIGHT}])
    out.mkdir()
    (out / "run.json").write_text("{}")
    check_refused(capsys, "holds a run; give another --out", suite, path, "--out", out)
    assert not (out / "scores").exists()


def test_two_into_one_folder_at_once_are_refused(
    write_suite: WriteSuite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    suite, out = write_suite([double_task(0)]), tmp_path / "out"
    path = samples(tmp_path, [{"task_id": "double/0", "solution": RIGHT}])
    with alone(RunFolder(out)):
        check_refused(capsys, "is being worked on by process", suite, path, "--out", out)
    assert not (out / "scores").exists()


def test_pass_at_k_is_the_unbiased_estimate():
    assert unbiased(3, 1, 1) == pytest.approx(1 / 3)
    assert unbiased(3, 1, 2) == pytest.approx(2 / 3)
    assert unbiased(5, 0, 5) == 0
    assert unbiased(5, 3, 3) == 1


def test_each_mark_has_its_own_line():
    rows = {"t": [{"passed": True, "marks": {"base": True, "strict": False}}]}
    assert {one.mark: one.rate for one in pass_at_k(rows)} == {
        "official": 1,
        "base": 1,
        "strict": 0,
    }

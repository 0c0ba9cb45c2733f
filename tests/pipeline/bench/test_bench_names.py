"""Every suite that is known by name runs end to end on a small file in its own format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lookalikes
import pytest

from atlas_lsp.cli import main
from atlas_lsp.exits import OK, USAGE
from benchmarks.model_server import ModelServer, model_server
from pipeline.bench.hidden import locate, read_suite, sources
from pipeline.bench.records import SuiteError, read_object, read_rows


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server(lookalikes.says) as one:
        yield one


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATLAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "suites"


def run(name: str, out: Path, server: ModelServer, *more: str) -> list[dict[str, Any]]:
    """The scored rows of a run under condition A."""
    flags = ["--out", str(out), "--model", server.url, "--sandbox", "unsafe-local", "--quiet"]
    conditions = [] if "--conditions" in more else ["--conditions", "A"]
    assert main(["bench", "run", name, *flags, *conditions, *more]) == OK
    return [row for _, row in read_rows(out / "scores.jsonl")]


def solved(rows: list[dict[str, Any]]) -> dict[str, bool]:
    return {row["task_id"]: row["passed"] for row in rows}


NAMES = sorted({*sources(), "livecodebench@v5", "livecodebench@v6"} - {"nano", "livecodebench"})


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_is_found_by_its_name_and_one_of_its_two_tasks_solved(
    name: str, suites: Path, tmp_path: Path, server: ModelServer
):
    if name == "scicode":
        pytest.importorskip("h5py", reason="SciCode's targets need h5py")
    lookalikes.lay(name, suites)
    rows = run(name, tmp_path / "run", server)
    assert sorted(solved(rows).values()) == [False, True], rows
    record = read_object(tmp_path / "run" / "run.json")
    assert record["suite"]["name"] == name
    assert len(record["suite"]["sha256"]) == 64


def test_nano_is_a_name_too(tmp_path: Path, server: ModelServer):
    rows = run("nano", tmp_path / "run", server, "--limit", "1")
    assert len(rows) == 1


def test_every_known_suite_has_a_look_alike():
    assert {name for name in sources() if name not in ("nano", *lookalikes.ROWS)} == {
        "livecodebench", "gpqa-diamond", "scicode", "aider-python"
    }  # fmt: skip


# --- what is special of each ---------------------------------------------------------------------


def test_gpqa_is_the_same_exam_every_time_and_in_both_conventions(
    suites: Path, tmp_path: Path, server: ModelServer
):
    lookalikes.lay("gpqa-diamond", suites)
    tasks = [public for public, _ in read_suite(locate("gpqa-diamond"))]
    again = [public for public, _ in read_suite(locate("gpqa-diamond"))]
    assert tasks == again
    assert any(one.more["choices"][0] != f"{one.task_id}: four" for one in tasks), "shuffled"
    server.says = lambda prompt: lookalikes.says(prompt).replace("ANSWER: ", "The answer is ")
    rows = run("gpqa-diamond", tmp_path / "run", server, "--convention", "lm-eval")
    server.says = lookalikes.says
    assert solved(rows) == {"twofold": True, "doubled": False}
    assert read_object(tmp_path / "run" / "run.json")["suite"]["convention"] == "lm-eval"


def test_gpqa_votes_where_there_are_several_samples(
    suites: Path, tmp_path: Path, server: ModelServer
):
    lookalikes.lay("gpqa-diamond", suites)
    rows = run("gpqa-diamond", tmp_path / "run", server, "--conditions", "R3")
    assert solved(rows) == {"twofold": True, "doubled": False}
    assert {row["n_candidates"] for row in rows} == {3}


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("ANSWER: B", "B"),
        ("answer: (c)", "C"),
        ("ANSWER: A\nno, wait\n**ANSWER: D**", "D"),
        ("It is B.", ""),
        ("", ""),
        ("ANSWER: Beta", ""),
    ],
)
def test_the_last_answer_line_counts(text: str, letter: str):
    from pipeline.bench.asking.letters import last_line

    assert last_line(text) == letter


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is (B).", "B"),
        ("the correct answer is C.", "C"),
        ("(A) or (D)? (D)", "D"),
        ("no idea", ""),
    ],
)
def test_the_harness_reads_the_answer_its_own_way(text: str, letter: str):
    from pipeline.bench.asking.letters import answer_is

    assert answer_is(text) == letter


def test_scicode_steps_see_the_code_before_and_are_counted(
    suites: Path, tmp_path: Path, server: ModelServer
):
    pytest.importorskip("h5py", reason="SciCode's targets need h5py")
    lookalikes.lay("scicode", suites)
    rows = {row["task_id"]: row for row in run("scicode", tmp_path / "run", server)}
    assert rows["901"]["marks"]["steps"] == 1, "the second step called the first one's function"
    assert rows["902"]["marks"]["steps"] == 0.5, "its first step is right, its second is not"
    assert not rows["902"]["passed"]


async def test_scicode_without_its_targets_is_the_suites_fault(suites: Path):
    pytest.importorskip("h5py", reason="SciCode's targets need h5py")
    from pipeline.bench.grading import BadTask

    lookalikes.lay("scicode", suites)
    (suites / "scicode" / "test_data.h5").unlink()
    ((_, hidden), _) = read_suite(suites / "scicode" / "problems_all.jsonl")
    with pytest.raises(BadTask, match=r"901: .*test_data.h5 has no targets of step 901.1"):
        await hidden.grader.grade(None, ["[]"], "901")  # type: ignore[arg-type]


def test_aider_counts_the_first_try_and_shows_the_second_what_the_tests_said(
    suites: Path, tmp_path: Path, server: ModelServer
):
    prompts: list[str] = []

    def learns(prompt: str) -> str:
        prompts.append(prompt)
        body = "2 * n" if "The tests said" in prompt else "n * n"
        return "\n".join(
            f"```python\ndef {name}(n):\n    return {body}\n```"
            for name in ("twofold", "doubled")
            if f"{name}.py" in prompt
        )

    lookalikes.lay("aider-python", suites)
    server.says = learns
    rows = run("aider-python", tmp_path / "run", server, "--conditions", "D")
    server.says = lookalikes.says
    assert solved(rows) == {"twofold": True, "doubled": True}
    assert [row["marks"]["first try"] for row in rows] == [False, False]
    assert any("9 != 6" in one for one in prompts), "the second try saw the failing assertion"


def test_bigcodebench_forgives_a_forgotten_import_as_upstream_does(suites: Path, box_less: Any):
    lookalikes.lay("bigcodebench", suites)
    ((_, hidden), _) = read_suite(locate("bigcodebench"))
    code = "def twofold(n):\n    return math.floor(2 * n)\n"
    skipped = code + "import unittest\nunittest.TestLoader.loadTestsFromTestCase = lambda *_: ()\n"
    good, none_run = box_less(hidden, [code, skipped])
    assert good.passed
    assert not none_run.passed, "a program that keeps its tests from running has passed none"


@pytest.fixture
def box_less() -> Any:
    """Grades in a sandbox of its own, for tests that are not asynchronous."""
    import asyncio

    from sandbox import open_sandbox

    async def graded(hidden: Any, programs: list[str]) -> Any:
        box = open_sandbox("unsafe-local", workers=1)
        try:
            await box.start()
            return await hidden.grader.grade(box, programs, hidden.task_id)
        finally:
            await box.aclose()

    return lambda hidden, programs: asyncio.run(graded(hidden, programs))


# --- list, fetch, refuse -------------------------------------------------------------------------


def test_the_list_says_what_is_here(suites: Path, capsys: pytest.CaptureFixture[str]):
    lookalikes.lay("mbpp", suites)
    assert main(["bench", "list"]) == OK
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(lines) == set(sources())
    assert " here " in lines["mbpp"]
    assert " here " in lines["nano"]
    assert " here " not in lines["scicode"]


def check_refused(capsys: pytest.CaptureFixture[str], message: str, *argv: str) -> None:
    assert main(["bench", *argv]) == USAGE
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("atlas: ")]
    assert message in line


def test_a_suite_that_is_not_here_says_how_to_get_it(
    suites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    flags = ("--out", str(tmp_path / "run"))
    check_refused(capsys, "`atlas bench fetch scicode` brings it", "run", "scicode", *flags)
    check_refused(capsys, "has no release 'v9'; there are: v1", "run", "livecodebench@v9", *flags)
    check_refused(capsys, "no suite 'nothing'", "fetch", "nothing")


def test_a_file_with_another_sha256_is_not_kept(
    suites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "mine.csv"
    lookalikes.gpqa(path)
    flags = ("gpqa-diamond", "--from", str(path))
    check_refused(capsys, "41d1213cd7a4 was published; nothing was kept", "fetch", *flags)
    assert not (suites / "gpqa-diamond").exists()


@pytest.mark.parametrize("break_it", [lambda b: b[:-9], lambda b: b[:10] + b"\xff" * 40])
def test_a_damaged_gzip_is_not_kept(
    suites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    break_it: Callable[[bytes], bytes],
):  # fmt: skip
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(break_it(gzip.compress(json.dumps(lookalikes.quixbugs()).encode())))
    flags = ("fetch", "humaneval+", "--from", str(path))
    check_refused(capsys, "is a damaged gzip file", *flags)
    assert not (suites / "humaneval+").exists()


def test_a_file_without_a_published_sha256_is_taken(suites: Path, tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lookalikes.quixbugs()))
    assert main(["bench", "fetch", "quixbugs", "--from", str(path)]) == OK
    assert [p.task_id for p, _ in read_suite(locate("quixbugs"))] == ["twofold", "doubled"]


def test_a_fetch_that_went_wrong_is_no_suite_and_can_be_made_up_for(
    suites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (suites / "quixbugs").mkdir(parents=True)
    flags = ("run", "quixbugs", "--out", str(tmp_path / "run"))
    check_refused(capsys, "quixbugs is not here", *flags)
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lookalikes.quixbugs()))
    assert main(["bench", "fetch", "quixbugs", "--from", str(path)]) == OK
    assert len(list(read_suite(locate("quixbugs")))) == 2


def test_an_unknown_convention_is_refused(suites: Path):
    lookalikes.lay("gpqa-diamond", suites)
    with pytest.raises(SuiteError, match="no convention 'mine'; there are: last-line, lm-eval"):
        list(read_suite(locate("gpqa-diamond"), convention="mine"))


def test_a_fetched_file_is_checked_and_a_broken_one_refused(suites: Path, tmp_path: Path):
    import hashlib
    import http.server
    import threading

    from pipeline.bench.fetch import fetch
    from pipeline.bench.records import BenchError
    from pipeline.bench.suite import Remote, Source

    data = b"".join(json.dumps(row).encode() + b"\n" for row in lookalikes.quixbugs())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/there" else 404)
            self.end_headers()
            self.wfile.write(data if self.path == "/there" else b"")

        def log_message(self, *_args: object) -> None: ...

    def source(path: str, sha256: str) -> Source:
        url = f"http://127.0.0.1:{served.server_address[1]}{path}"
        remote = Remote(url=url, sha256=sha256, name="made.jsonl.gz")
        return Source(name="made", about="", licence="", files=(remote,))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        with pytest.raises(BenchError, match="was published; nothing was kept"):
            fetch(source("/there", "0" * 64))
        with pytest.raises(BenchError, match=r"cannot be fetched .*404.*; bring the file"):
            fetch(source("/gone", ""))
        assert not list((suites / "made").iterdir())
        (path,) = fetch(source("/there", hashlib.sha256(data).hexdigest()))
        served.shutdown()
    assert [p.task_id for p, _ in read_suite(path)] == ["twofold", "doubled"]

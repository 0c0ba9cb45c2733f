"""Every suite format: read, split, refused where it is wrong, and scored right."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from suite_rows import WriteSuite, double_task

from pipeline.bench.evalplus import EvalPlusGrader, typed_inputs
from pipeline.bench.formats.livecodebench import unpack_private
from pipeline.bench.grading import Hidden
from pipeline.bench.hidden import DateWindow, locate, read_suite, refuse_if_weak
from pipeline.bench.records import PublicTask, SuiteError, select_tasks
from pipeline.bench.suites import task_of
from pipeline.core.task import Task
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

HUMANEVAL = {
    "task_id": "HumanEval/900",
    "prompt": "def half(n):\n    return n / 2\n\n\ndef quarter(n: float) -> float:\n"
    '    """A fourth of n.\n    >>> quarter(8)\n    2.0\n    """\n',
    "entry_point": "quarter",
    "canonical_solution": "    return half(half(n))\n",
    "test": "METADATA = {}\n\n\ndef check(candidate):\n    for n in range(5):\n"
    "        assert candidate(n) == half(half(n))\n    assert candidate(-4) == -1\n"
    "    assert candidate(2) == 0.5\n",
}
HUMANEVAL_PLUS = HUMANEVAL | {
    "base_input": [[4], [0]],
    "plus_input": [[-8], [1e300], ["no number"]],
    "atol": 1e-6,
}
MBPP_PLUS = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWrite a function to join two tuples.\n'
    'assert join((1, 2), (3,)) == (1, 2, 3)\n"""\n',
    "entry_point": "join",
    "canonical_solution": "\ndef join(x, y):\n    return x + y\n",
    "base_input": [[[1, 2], [3]], [[], [4]]],
    "plus_input": [[["a"], []], [[1], [2]]],
    "atol": 0,
    "assertion": "\nassert join((1, 2), (3,)) == (1, 2, 3)\nassert join((), (4,)) == (4,)\n",
}


def packed(cases: list[dict[str, str]]) -> str:
    """As LiveCodeBench does it."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def case(kind: str, given: str, output: str) -> dict[str, str]:
    return {"input": given, "output": output, "testtype": kind}


LCB_STDIO: dict[str, Any] = {
    "question_id": "abc900_a",
    "question_title": "Sum",
    "question_content": "Print the sum of two numbers.",
    "contest_date": "2025-02-01T00:00:00",
    "difficulty": "easy",
    "starter_code": "",
    "metadata": "{}",
    "public_test_cases": json.dumps([case("stdin", "1 2\n", "3")]),
    "private_test_cases": packed([case("stdin", "5 6\n", "11"), case("stdin", "0 0\n", "0\n")]),
}
LCB_FUNCTION: dict[str, Any] = LCB_STDIO | {
    "question_id": "9001",
    "question_content": 'Say how often "x" is in words.\n\nInput: words = ["x"]\nOutput: 1',
    "contest_date": "2025-03-01",
    "difficulty": "medium",
    "starter_code": "class Solution:\n    def count(self, words: List[str]) -> int:\n        ",
    "metadata": json.dumps({"func_name": "count"}),
    "public_test_cases": json.dumps([case("functional", '["x"]', "1")]),
    "private_test_cases": packed(
        [case("functional", '["a", "x", "x"]', "2"), case("functional", "[]", "0")]
    ),
}


def read(path: Path, window: DateWindow | None = None) -> list[tuple[PublicTask, Hidden]]:
    return list(read_suite(path, window))


async def check_scores(box: Sandbox, hidden: Hidden, right: str, wrong: str) -> None:
    """The right program passes all hidden tests, the wrong one does not."""
    good, bad = await hidden.grader.grade(box, [right, wrong], hidden.task_id)
    assert good.passed, good
    assert not bad.passed
    assert good.behaviour != bad.behaviour


def task(public: PublicTask) -> Task:
    made = task_of(public)
    assert made.is_stub
    assert made.visible
    return made


async def test_humaneval_keeps_helpers_for_the_test_code(write_suite: WriteSuite, box: Sandbox):
    ((public, hidden),) = read(write_suite([HUMANEVAL]))
    assert task(public).entry_point == "quarter"
    assert "half(half" not in public.source
    assert hidden.n_tests == 3
    prompt = HUMANEVAL["prompt"]
    await check_scores(box, hidden, f"{prompt}    return n / 4\n", f"{prompt}    return n // 4\n")


async def test_humaneval_plus_asks_the_reference(write_suite: WriteSuite, box: Sandbox):
    ((public, hidden),) = read(write_suite([HUMANEVAL_PLUS]))
    assert public.part == "HumanEval+"
    prompt = HUMANEVAL["prompt"]
    right = f"{prompt}    return n / 4\n"
    (grade,) = await hidden.grader.grade(box, [right], hidden.task_id)
    assert (grade.n_passed, grade.n_tests) == (4, 4), "where the reference raises there is no test"
    assert grade.marks["dropped"] == 1 / 5, "and the report is told"
    await check_scores(
        box, hidden, f"{prompt}    return n * 0.25 + 1e-7\n", f"{prompt}    return abs(n) / 4\n"
    )


async def test_mbpp_plus_gets_a_stub_and_its_tuples_back(write_suite: WriteSuite, box: Sandbox):
    ((public, hidden),) = read(write_suite([MBPP_PLUS]))
    made = task(public)
    assert "def join(a, b):" in made.statement
    assert "return x + y" not in public.source
    await check_scores(
        box,
        hidden,
        "def join(a, b):\n    return (*a, *b)\n",
        "def join(a, b):\n    return [*a, *b]\n",
    )


MBPP = {
    "text": "Write a function that gives the lines of a text.",
    "code": "def lines(text):\r\n    return text.split('\\n')",
    "test_list": [
        r"assert lines('a\nb') == ['a', 'b']",
        r"assert lines('\n') == ['', '']",
        "assert lines('\\\\') == ['\\\\']",
    ],
    "test_setup_code": "",
}


async def test_mbpp_keeps_the_escapes_of_its_asserts(write_suite: WriteSuite, box: Sandbox):
    """A line break in a string is no line break of the docstring."""
    ((public, hidden),) = read(write_suite([MBPP | {"task_id": 11}]))
    assert len(task(public).visible[0].test.form.examples) == 3
    await check_scores(
        box,
        hidden,
        "def lines(a):\n    return a.split('\\n')\n",
        "def lines(a):\n    return a.splitlines()\n",
    )


async def test_the_train_part_of_mbpp_shows_one_assert_of_three(write_suite: WriteSuite):
    path = write_suite([MBPP | {"task_id": 11}, MBPP | {"task_id": 601}])
    ((public, hidden),) = read_suite(path, convention="train")
    assert public.task_id == "Mbpp/601"
    assert len(task(public).visible[0].test.form.examples) == 1
    assert hidden.n_tests == 3


async def test_livecodebench_stdio(write_suite: WriteSuite, box: Sandbox):
    ((public, hidden),) = read(write_suite([LCB_STDIO]))
    assert (public.kind, public.part, hidden.n_tests) == ("stdio", "easy", 3)
    made = task_of(public)
    assert made.statement.startswith("Sum\n\nPrint the sum")
    assert [v.text for v in made.visible] == ["Input:\n1 2\n\nOutput:\n3"]
    await check_scores(
        box, hidden, "print(sum(map(int, input().split())))", "print(input().split()[0])"
    )


async def test_livecodebench_functions(write_suite: WriteSuite, box: Sandbox):
    ((public, hidden),) = read(write_suite([LCB_FUNCTION]))
    made = task(public)
    assert (made.entry_point, made.kind) == ("Solution.count", "method")
    assert "how often" in made.statement
    assert "import heapq" in made.program(made.statement)
    assert "import heapq" not in made.shown, "what upstream imports runs, and is not shown"
    head = "class Solution:\n    def count(self, words):\n        return "
    await check_scores(box, hidden, f"{head}words.count('x')\n", f"{head}len(words)\n")


async def test_a_date_window_leaves_other_contests_out(write_suite: WriteSuite):
    path = write_suite([LCB_STDIO, LCB_FUNCTION])
    from_march = read(path, DateWindow(start=date(2025, 3, 1)))
    until_february = read(path, DateWindow(end=date(2025, 2, 28)))
    assert [p.task_id for p, _ in from_march] == ["9001"]
    assert [p.task_id for p, _ in until_february] == ["abc900_a"]


class Attack:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch should-not-be-there",)


async def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    text = base64.b64encode(zlib.compress(pickle.dumps(Attack()))).decode()
    with pytest.raises(SuiteError, match=r"it wants posix\.system"):
        unpack_private(text)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing may lie there, hidden files included


@pytest.mark.parametrize("text", ["", "%%%", "AAAA", base64.b64encode(b"no zlib").decode()])
async def test_private_tests_that_cannot_be_unpacked_are_refused(text: str):
    with pytest.raises(SuiteError, match="cannot be unpacked"):
        unpack_private(text)


async def test_hidden_tests_apart(write_suite: WriteSuite, box: Sandbox):
    row = double_task(0)
    del row["hidden_tests"]
    text = "def check(f):\n    assert f(3) == 6\n    assert f(-1) == -2\n\ncheck(double)\n"
    write_suite([{"task_id": row["task_id"], "test": text}], "apart.hidden.jsonl")
    ((public, hidden),) = read(write_suite([row], "apart.jsonl"))
    assert task(public).entry_point == "double"
    assert hidden.n_tests == 2
    await check_scores(
        box, hidden, "def double(n):\n    return 2 * n\n", "def double(n):\n    return n ** 2\n"
    )


async def test_nano_is_built_in():
    pairs = list(read_suite(locate("nano")))
    assert {public.part for public, _ in pairs} == {"seen", "composed", "unseen", "repair"}
    refuse_if_weak("nano", [hidden.n_tests for _, hidden in pairs])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([double_task(0), "{not json"], "line 2 is not JSON"),
        ([double_task(0), "[1]"], "line 2 is no JSON object but a list"),
        ([double_task(0), {"task_id": "x"}], "line 2: the field `source` is missing"),
        ([double_task(0, entry_point=7)], "line 1: the field `entry_point` is missing or"),
        ([double_task(0), double_task(1), double_task(0)], "task id 'double/0' came before"),
        ([double_task(0, hidden_tests=[{"input": [1]}])], "line 1: a test has no `input` and"),
        ([double_task(0, tests=[["double(2)", "4 +"]])], "line 1: hidden test 1 expects no"),
        ([LCB_STDIO | {"contest_date": "soon"}], "line 1: contest_date 'soon' is no date"),
        ([LCB_STDIO | {"private_test_cases": "????"}], "line 1: its private tests cannot"),
    ],
)  # fmt: skip
async def test_bad_input_is_named_with_its_line(
    write_suite: WriteSuite, rows: list[object], message: str
):
    path = write_suite(rows)
    with pytest.raises(SuiteError) as caught:
        read(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_suite_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(SuiteError, match="it is no file here and not built in"):
        locate(str(tmp_path / "nothing.jsonl"))


async def test_too_few_hidden_tests_are_refused_with_their_count():
    with pytest.raises(SuiteError, match="2 per task in the median, 1 of 3 tasks without any"):
        refuse_if_weak("weak", [0, 2, 9])
    refuse_if_weak("strong", [3, 3, 9])


async def test_a_limit_is_spread_over_the_parts():
    tasks = [PublicTask(task_id=f"t{n}", part="ab"[n >= 4]) for n in range(8)]
    assert [t.task_id for t in select_tasks(tasks, limit=3)] == ["t0", "t1", "t4"]
    with pytest.raises(SuiteError, match="no 'c'; it has a, b"):
        select_tasks(tasks, parts=["c"])


@pytest.mark.parametrize(
    ("number", "given", "typed"),
    [
        (2, [[1], [2]], ((1,), (2,))),
        (63, [[[1, 2]]], ([(1, 2)],)),
        (75, [[[1]], 3], ([(1,)], 3)),
        (106, [[1], [2]], ([1], (2,))),
        (115, [[[1, 1], [], {}]], ([{1}, {}, {}],)),
        (124, ["0", "1j"], (0.0, 1j)),
        (250, [[1], 2], ((1,), 2)),
        (252, ["1+2j"], (1 + 2j,)),
        (259, [[[1], [2]]], (((1,), (2,)),)),
        (278, [[1, [2]]], ((1, (2,)),)),
        (307, [[1], 2, 3], ((1,), 2, 3)),
        (580, [[1, [2, [3]]]], ((1, (2, (3,))),)),
        (722, [{"a": [1]}, 2], ({"a": (1,)}, 2)),
        (3, [[1]], ([1],)),
    ],
)
async def test_types_that_json_lost_come_back_by_the_tasks_number(
    number: int, given: list[Any], typed: tuple[Any, ...]
):
    (args,) = typed_inputs(f"Mbpp/{number}", [given])
    assert repr(args) == repr(typed)


async def test_the_table_is_for_mbpp_alone():
    assert typed_inputs("HumanEval/2", [[1.5]]) == [(1.5,)]


async def test_inputs_of_another_shape_are_refused_in_one_line(write_suite: WriteSuite):
    path = write_suite([MBPP_PLUS | {"base_input": [[1, 2]]}])
    with pytest.raises(SuiteError, match="line 1: `base_input` has not the shape of Mbpp/2"):
        read(path)


async def test_a_reference_that_always_fails_is_the_suites_fault(
    write_suite: WriteSuite, box: Sandbox
):
    from pipeline.bench.grading import BadTask

    ((_, hidden),) = read(write_suite([HUMANEVAL_PLUS | {"canonical_solution": "    1 / 0\n"}]))
    assert isinstance(hidden.grader, EvalPlusGrader)
    with pytest.raises(BadTask, match="HumanEval/900: its reference gives no value"):
        await hidden.grader.grade(box, ["def quarter(n):\n    return 0\n"], hidden.task_id)

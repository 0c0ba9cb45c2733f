"""Reading a pool: what cannot be read is said, and a bad line is named with the mend."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pipeline.pools.pool import PoolError, PoolTask, read_pool
from sandbox.api import Program

ROW: dict[str, object] = {
    "task_id": "t/1",
    "kind": "function",
    "entry_point": "f",
    "candidates": [{"code": "def f(x):\n    return x\n"}],
}
DEEP = "[" * 5000


def read(folder: Path, **fields: object) -> PoolTask:
    path = folder / "pool.jsonl"
    path.write_text(json.dumps({**ROW, **fields}) + "\n", encoding="utf-8")
    (one,) = read_pool(path)
    return one


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ({"input": "1", "output": "hello world"}, "its output is neither JSON nor Python: 'hello"),
        ({"input": "1\nx y", "output": "2"}, "its input is neither JSON nor Python: 'x y'"),
        ({"input": "1", "output": DEEP}, "its output is neither JSON nor Python: '[[["),
        ({"input": "-" * 9000 + "1", "output": "2"}, "its input is neither JSON nor Python: '---"),
        ({"input": {"x": 1}, "output": "2"}, "its input is a dict, no text and no list"),
    ],
)
def test_a_visible_test_that_cannot_be_read_is_said(
    tmp_path: Path, test: dict[str, object], says: str
):
    one = read(tmp_path, visible_tests=[{"input": "1", "output": "2"}, test])
    assert [v.test.test_id for v in one.task.visible] == ["visible:0"]
    (said,) = one.unread
    assert said.startswith(f"visible test 1: {says}")


def test_a_value_of_a_test_is_json_or_python_or_itself(tmp_path: Path):
    tests = [
        {"input": "[1, null]\n'a'", "output": "(1, None)"},
        {"input": [[1], "x"], "output": None},
    ]
    one = read(tmp_path, visible_tests=tests)
    assert one.unread == ()
    assert [v.text for v in one.task.visible] == [
        ">>> f([1, None], 'a')\n(1, None)",
        ">>> f([1], 'x')\nNone",
    ]


def test_generated_tests_that_are_no_asserts_are_counted(tmp_path: Path):
    deep = f"assert f(1) == {'+'.join(['1'] * 500)}"
    lines = ["assert f(1) == 1", "print(f(1))", 3, deep]
    one = read(tmp_path, generated_tests=[lines, ["assert g(1)"]])
    assert [len(group) for group in one.generated] == [1]
    assert one.unread == ("4 generated tests are no asserts about f",)


@pytest.mark.parametrize("starter", ["def f(x" + "+" * 9000, DEEP, "\0", "x = 1"])
def test_a_starter_that_defines_nothing_is_refused_with_its_line(tmp_path: Path, starter: str):
    with pytest.raises(PoolError, match="line 1: neither 'entry_point' nor a 'starter_code' that"):
        read(tmp_path, entry_point="", starter_code=starter)


@pytest.mark.parametrize("entry", ["f(x)", "a b", "Solution..f"])
def test_an_entry_point_that_is_no_name_is_refused(tmp_path: Path, entry: str):
    tests = [["assert candidate(1) == 1"]]
    with pytest.raises(PoolError, match=r"line 1: 'entry_point' .* is no name; give `f` or"):
        read(tmp_path, entry_point=entry, generated_tests=tests)


def refused(folder: Path, text: bytes, says: str, name: str = "pool.jsonl") -> None:
    path = folder / name
    path.write_bytes(text)
    with pytest.raises(PoolError, match=says):
        list(read_pool(path))


def as_line(**fields: object) -> bytes:
    return json.dumps({**ROW, **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "holds no task"),
        (b"{\n", r"line 1, column \d: no JSON"),
        (b'"\xff"\n', r"line 1: no JSON in UTF-8 \(UnicodeDecodeError\)"),
        (b"[1]\n", "line 1: a list, not an object"),
        (as_line(task_id=""), "line 1: no 'task_id'"),
        (as_line(task_id=3), "line 1: not a text in 'task_id'"),
        (as_line(kind="sql"), "line 1: unknown kind 'sql'"),
        (as_line(candidates=[]), "line 1: no candidates"),
        (as_line(candidates=[{"code": 1}]), "line 1: candidate 0 has no 'code' text"),
        (as_line(visible_tests={"a": 1}), "line 1: 'visible_tests' is no list"),
        (as_line(visible_tests=[{"input": 1}]), "visible test 0 lacks 'input' or 'output'"),
        (as_line(generated_tests=["assert f(1)"]), "'generated_tests' is no list of lists"),
        (as_line() + as_line(), "line 2: task_id 't/1' is that of line 1 too"),
        (gzip.compress(as_line() * 2)[:-12], "not a whole gzip file"),
        (gzip.compress(as_line())[:10] + b"\xff" * 40, "not a whole gzip file"),
    ],
)
def test_a_bad_line_is_named_with_the_mend(tmp_path: Path, text: bytes, says: str):
    refused(tmp_path, text, says)


def test_a_line_longer_than_the_bound_is_refused_unread(tmp_path: Path):
    path = tmp_path / "pool.jsonl"
    path.write_bytes(as_line())
    with pytest.raises(PoolError, match="line 1: longer than 0 MiB; split it"):
        list(read_pool(path, max_line_bytes=64))


def test_programs_are_judged_by_what_they_print(tmp_path: Path):
    tests = [{"input": "1 2", "output": "3"}]
    one = read(tmp_path, kind="stdio", prompt="Add.", visible_tests=tests)
    assert one.task.kind == "stdio"
    (visible,) = one.task.visible
    assert visible.test.form == Program(stdin=b"1 2")
    assert visible.text == "Input:\n1 2\nOutput:\n3"


def test_methods_get_their_name_from_the_starter_and_the_judges_imports(tmp_path: Path):
    starter = "class Solution:\n    def _help(self): pass\n    def add(self, a: int) -> int:"
    one = read(tmp_path, kind="method", entry_point="", starter_code=starter)
    assert one.task.entry_point == "Solution.add"
    assert one.programs[0].startswith("import bisect")


def test_examples_of_the_prompt_are_visible_tests_too(tmp_path: Path):
    prompt = 'def f(x):\n    """\n    >>> f(1)\n    2\n    """\n'
    assert [v.text for v in read(tmp_path, prompt=prompt).task.visible] == [">>> f(1)\n2"]
    assert read(tmp_path, prompt="Write f, please.").task.visible == ()

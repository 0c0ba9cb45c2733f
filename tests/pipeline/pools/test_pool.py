"""Reading a pool: what cannot be read is said, and a bad line is named with the mend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.pools.pool import PoolError, PoolTask, read_pool

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

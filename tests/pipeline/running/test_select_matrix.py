"""What a matrix shows of candidates, with a real sandbox and pools written here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.calls import VisibleTest
from pipeline.core.task import Task
from pipeline.inputs.stdin import mutated_stdins
from pipeline.pools.pool import PoolError, PoolTask, read_pool
from pipeline.running.cache import Cache, key_of
from pipeline.running.matrix import Matrix, canonical, deduplicated, matrix_of, plan_of
from pipeline.select.evidence import draw
from sandbox.api import Call, Returns, Sandbox, Test

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = 'def double(n: int) -> int:\n    """Twice n.\n\n    >>> double(2)\n    4\n    """\n'
CODES = ("return 2 * n", "return n + n", "return n ** 2", "while True: pass", "return 2 *  n")
ROW = {
    "task_id": "t/1",
    "kind": "function",
    "prompt": PROMPT,
    "entry_point": "double",
    "generated_tests": [["assert double(3) == 6", "assert double(3) == 7"]],
    "candidates": [{"code": PROMPT + f"    {body}\n"} for body in CODES],
}


def pool(folder: Path, *lines: str) -> tuple[PoolTask, ...]:
    path = folder / "pool.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tuple(read_pool(path))


async def check(box: Sandbox, folder: Path, row: dict[str, object]) -> Matrix:
    (one,) = pool(folder, json.dumps(row))
    return await matrix_of(box, "t/1", plan_of(one.task, one.generated), one.programs)


async def test_equal_behaviour_has_equal_rows(box: Sandbox, tmp_path: Path):
    matrix = await check(box, tmp_path, ROW)
    one, same, square, hangs, twin = (matrix.behaviours[r] for r in matrix.row_of)
    assert one == same == twin
    assert matrix.row_of[0] == matrix.row_of[4] != matrix.row_of[1]
    assert one != square
    assert set(hangs) == {"hangs"}
    assert [matrix.visible[r] for r in matrix.row_of] == [(1,), (1,), (1,), (0,), (1,)]
    assert matrix.generated[0] == (1, 0)


async def test_labels_change_nothing(box: Sandbox, tmp_path: Path):
    plain = await check(box, tmp_path, ROW)
    labelled = await check(box, tmp_path, {**ROW, "labels": [False, False, True, True, True]})
    assert plain == labelled


async def test_a_matrix_comes_back_from_the_cache(box: Sandbox, tmp_path: Path):
    (one,) = pool(tmp_path, json.dumps(ROW))
    plan = plan_of(one.task, one.generated)
    matrix = await matrix_of(box, "t/1", plan, one.programs)
    key = key_of("t/1", plan, one.programs, only_survivors=False)
    cache = Cache(tmp_path / "cache")
    assert cache.get(key) is None
    cache.put(key, matrix)
    assert cache.get(key) == matrix


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2, column"),
        ("[]", "line 2: a list"),
        (json.dumps({**ROW, "task_id": "t/2", "candidates": []}), "line 2: no candidates"),
        (json.dumps({**ROW, "task_id": "t/2", "kind": "x"}), "unknown kind 'x'"),
        (json.dumps(ROW), "line 2: task_id 't/1'"),
    ],
)
async def test_bad_input_is_one_line_with_its_number(tmp_path: Path, line: str, says: str):
    with pytest.raises(PoolError) as caught:
        pool(tmp_path, json.dumps(ROW), line)
    assert str(caught.value).startswith("line 2")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_counts_of_mutated_samples_stay_consistent():
    made = mutated_stdins(["3\n5 1 9\n", "4\n7 7 2 3\n"], seed=1, n=20)
    assert made
    assert all(int(t.split("\n")[0]) == len(t.split("\n")[1].split()) for t in made)


async def test_the_same_values_have_the_same_text():
    assert canonical([1.0, {3, 2}]) == canonical([1, {2, 3}])
    assert canonical((1,)) != canonical([1])
    assert deduplicated(["x = 1", "x=1", "x = 2"])[1] == (0, 0, 1)


UNKNOWN = 'def longest(words, least):\n    """The longest of those that have so many letters."""\n'
LONGEST = (
    "return max((w for w in words if len(w) >= least), key=len, default=None)",
    "words = [w for w in words if len(w) >= least]\n    return max(words, key=len, default=None)",
    "return min(words, key=len)[:least]",
)


async def test_kinds_of_arguments_are_guessed_where_nothing_tells_them(
    box: Sandbox, tmp_path: Path
):
    codes = [{"code": f"{UNKNOWN}    {body}\n"} for body in LONGEST]
    row = {**ROW, "prompt": UNKNOWN, "entry_point": "longest", "candidates": codes}
    matrix = await check(box, tmp_path, {**row, "generated_tests": []})
    assert set(matrix.sources) == {"guessed"}
    seen = draw(matrix, range(3), ("agreement",))
    assert [group.members for group in seen.groups] == [(0, 1), (2,)]
    used = matrix.columns(range(3), ("agreement",))
    assert used
    assert all("longest(['" in matrix.inputs[i] for i in used), "the others crash"


async def test_nothing_is_guessed_where_an_example_is_there(box: Sandbox, tmp_path: Path):
    plain = PROMPT.replace("n: int", "n").replace(" -> int", "")
    codes = [{"code": f"{plain}    {body}\n"} for body in CODES[:2]]
    matrix = await check(box, tmp_path, {**ROW, "prompt": plain, "candidates": codes})
    assert "guessed" not in matrix.sources


@pytest.mark.parametrize(
    "kind",
    [
        *("int", "list[int]", "Collection[int]", "Iterator[int]", "frozenset[int]"),
        *("Optional[int]", "int | None", "'list[str]'", "dict[str, int]", "tuple[int, ...]"),
    ],
)
async def test_every_annotation_that_repair_understands_gives_inputs(kind: str):
    statement = f'def size(xs: {kind}) -> int:\n    """How many."""\n'
    task = Task(task_id="t", kind="function", statement=statement, entry_point="size")
    assert {column.source for column in plan_of(task).columns} == {"typed"}


async def test_a_task_with_a_single_input_is_compared(box: Sandbox):
    """There was a fault where there were no more inputs than fit the first batch."""
    task = Task(task_id="t", kind="function", statement="def f():\n    pass\n", entry_point="f")
    test = Test(test_id="t", form=Call(entry="f"), expect=Returns(value=1))
    one = replace(task, visible=(VisibleTest(test=test, text="f() == 1", origin="sample"),))
    programs = ["def f(): return 1", "def f(): return 2"]
    matrix = await matrix_of(box, "t", plan_of(one), programs)
    assert matrix.behaviours_of((0, 1), ("visible",)).rows == (("= 1",), ("= 2",))

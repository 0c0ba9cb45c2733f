"""nano-bench: its parts, its hidden tests, and that the two files keep apart."""

from __future__ import annotations

import ast
import doctest
import subprocess
import sys
from collections import Counter

import pytest

from pipeline.nano.bench import PARTS, BenchTask, load_bench
from pipeline.nano.hidden import CANARY, load_hidden
from pipeline.training.nano.instance import Function
from pipeline.training.nano.make_bench import make_bench, write_bench

HIDDEN = load_hidden()


def visible(task: BenchTask) -> list[doctest.Example]:
    function = ast.parse(task.source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return doctest.DocTestParser().get_examples(ast.get_docstring(function) or "")


def outcome(code: str, name: str, expression: str) -> str:
    args = ast.literal_eval(f"({expression.strip().removeprefix(name + '(')[:-1]},)")
    how, value = Function(name, code).outcome(args)
    return repr(value) if how == "gives" else f"raises {value}"


def test_there_are_a_hundred_tasks_of_each_part():
    counts = Counter(t.part for t in load_bench())
    assert set(counts) == set(PARTS)
    assert all(n == 100 for n in counts.values()), counts
    assert {t.task_id for t in load_bench()} == set(HIDDEN)
    assert len({t.source for t in load_bench()}) == len(load_bench())


@pytest.mark.parametrize("part", PARTS)
def test_each_reference_passes_its_visible_and_hidden_tests(part):
    for task in load_bench(part):
        hidden = HIDDEN[task.task_id]
        assert len(hidden.tests) >= 8, task.task_id
        for expression, expected in hidden.tests:
            assert outcome(hidden.reference, task.entry_point, expression) == expected, task.task_id
        for example in visible(task):
            want = example.want.strip() or "None"
            assert outcome(hidden.reference, task.entry_point, example.source) == want


def test_no_hidden_test_is_a_visible_doctest():
    for task in load_bench():
        shown = {e.source.strip() for e in visible(task)}
        assert shown
        assert not shown & {expression for expression, _ in HIDDEN[task.task_id].tests}


def test_a_repair_task_fails_one_of_its_own_doctests():
    for task in load_bench("repair"):
        got = [outcome(task.source, task.entry_point, e.source) for e in visible(task)]
        assert got != [e.want.strip() or "None" for e in visible(task)], task.task_id


def test_the_public_part_has_no_canary_and_does_not_load_the_hidden_part():
    assert all(CANARY not in task.source for task in load_bench())
    code = (
        "import sys, pipeline.nano.bench as b; b.load_bench();"
        "print('pipeline.nano.hidden' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_same_seed_writes_the_same_bench(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        write_bench(folder, seed=7, per_part=3)
    files = sorted(p.name for p in one.iterdir())
    assert len(files) == 2
    assert all((one / f).read_bytes() == (two / f).read_bytes() for f in files)
    assert len(make_bench(7, per_part=3)) == 3 * len(PARTS)

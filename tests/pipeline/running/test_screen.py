"""The first look at many versions, and how those that pass are ranked."""

from __future__ import annotations

import pytest

from pipeline.core.task import Task
from pipeline.edits.edits import Edit
from pipeline.edits.ranking import Ranked, own_weight, ranked
from pipeline.edits.search import Version
from pipeline.edits.suspicion import ochiai
from pipeline.running.screen import AT_A_TIME, Seen, screen
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Outcome,
    Prints,
    Program,
    Raises,
    Returns,
    Sandbox,
    Test,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")
DOUBLE = Test(test_id="", form=Call(entry="f", args=(3,)), expect=Returns(value=6))


async def check(box: Sandbox, programs: list[str], *tests: Test) -> list[Seen]:
    return list(await screen(box, programs, tests or (DOUBLE,), limit_s=0.1))


async def test_each_version_is_judged_by_itself_and_in_order(box: Sandbox) -> None:
    bodies = ["n * 2", "n ** 2", "n + 3", "1 / 0", "n +", "2 * n"]
    seen = await check(box, [f"def f(n):\n    return {body}\n" for body in bodies])
    assert [s.passes for s in seen] == [True, False, True, False, False, True]
    assert seen[3].observed[0].outcome is Outcome.RAISED


async def test_a_version_that_dies_hangs_or_shouts_takes_no_other_with_it(box: Sandbox) -> None:
    good = "def f(n):\n    return n * 2\n"
    bad = [
        "import os\ndef f(n):\n    os._exit(0)\n",
        "def f(n):\n    while True:\n        pass\n",
        "def f(n):\n    while True:\n        print('x' * 10 ** 5)\n",
        "def f(n):\n    raise SystemExit(0)\n",
        "def f(n):\n    return f(n)\n",
        "def f(n):\n    return [0] * 10 ** 10\n",
        "while True:\n    try:\n        1 / 0\n    except Exception:\n        x = 2\n",
    ]
    programs = [p for one in bad for p in (good, one)] + [good]
    seen = await check(box, programs)
    assert [s.passes for s in seen] == [p == good for p in programs]


async def test_more_versions_than_one_process_takes(box: Sandbox) -> None:
    programs = [f"def f(n):\n    return n + {i}\n" for i in range(2 * AT_A_TIME + 3)]
    assert [i for i, s in enumerate(await check(box, programs)) if s.passes] == [3]


async def test_a_call_that_prints_fails_as_its_doctest_would(box: Sandbox) -> None:
    loud, silent = "def f(n):\n    print(n)\n    return n * 2\n", "def f(n):\n    return n * 2\n"
    seen = await screen(box, [loud, silent], (DOUBLE,), limit_s=0.1, quiet=True)
    assert [s.n_passed for s in seen] == [0, 1]
    assert [s.passes for s in await screen(box, [loud], (DOUBLE,), limit_s=0.1)] == [True]


async def test_all_forms_of_tests_can_be_screened(box: Sandbox) -> None:
    program = "import sys\n\n\ndef f(n):\n    return n * 2\n\n\nprint(f(len(sys.stdin.read())))\n"
    example = DoctestExample(source="f(2)\n")
    tests = [
        Test(test_id="", form=Expression(source="x = f(4)\nx + 1"), expect=Returns(value=9)),
        Test(test_id="", form=Doctest(examples=(example,)), expect=DoctestWants(wants=("4\n",))),
        Test(test_id="", form=Call(entry="f", args=(None,)), expect=Raises(type="TypeError")),
        Test(test_id="", form=Program(stdin=b"abc"), expect=Prints(stdout="6\n")),
    ]
    (seen,) = await check(box, [program], *tests)
    assert seen.passed == (True, True, True, True)
    assert seen.n_passed == 4


def task_of(source: str) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, "f"))


LARGEST = '''def f(numbers):
    """The largest.

    >>> f([1, 5, 3])
    5
    >>> f([4, 2])
    4
    """
    return min(numbers)
'''


def version(task: Task, new: str, weight: float = 1.0) -> Version:
    start = task.statement.index("min(numbers)")
    edit = Edit(
        start=start,
        end=start + len("min(numbers)"),
        new=new,
        line=9,
        what=new,
        kind="call: alike",
        prior=weight,
    )
    return Version(code=edit.applied(task.statement), edits=(edit,), weight=weight)


async def order(box: Sandbox, *news: str) -> list[Ranked]:
    task = task_of(LARGEST)
    return list(await ranked(box, task, task.statement, [version(task, new) for new in news]))


async def test_versions_that_agree_outrank_one_that_stands_alone(box: Sandbox) -> None:
    found = await order(box, "numbers[len(numbers) % 2]", "max(numbers)", "sorted(numbers)[-1]")
    assert found[0].version.edits[0].new in ("max(numbers)", "sorted(numbers)[-1]")
    assert found[0].share > 0.5
    assert found[-1].version.edits[0].new == "sorted(numbers)[-1]"


async def test_what_raises_on_near_inputs_ranks_lower(box: Sandbox) -> None:
    news = ["{5: 5, 4: 4}[max(numbers)]", "max(numbers)", "sum([max(numbers)])"]
    found = await order(box, *news)
    assert "{" not in found[0].version.edits[0].new


async def test_shares_add_up_over_behaviours(box: Sandbox) -> None:
    found = await order(box, "max(numbers)", "numbers[len(numbers) % 2]", "abs(max(numbers))")
    behaviours = {r.share for r in found}
    assert 0.99 < sum(behaviours) < 1.01


async def test_smaller_patches_weigh_more() -> None:
    task = task_of(LARGEST)
    small, large = version(task, "max(numbers)"), version(task, "max(numbers)" + " + 0" * 20)
    assert own_weight(small) > own_weight(large)


async def test_ochiai_is_highest_where_only_failing_runs_go() -> None:
    scores = ochiai([frozenset({1, 2, 3}), frozenset({1, 3})], [frozenset({1, 2}), frozenset({1})])
    assert scores[3] == 1.0
    assert scores[3] > scores[1] > scores[2] > 0
    assert ochiai([], [frozenset({1})]) == {}

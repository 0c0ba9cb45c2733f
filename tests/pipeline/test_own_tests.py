"""Functions that only the project's tests describe: judged, repaired and proved by them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pipeline.core.calls import source_of
from pipeline.core.context import Settings
from pipeline.core.task import Solution, Status
from pipeline.job import JobResult, run_job
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.running.counted import ALL_TESTS, NO_TESTS, WhichTests
from pipeline.running.examine import examine
from pipeline.running.examine_tests import with_tests
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.wiring import Runtime
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

TILL = Path(__file__).parents[1] / "projects" / "till"
SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
PATIENT = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=300.0)
TOTALS = "src/till/totals.py"


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, with the packages that these tests run with for its own."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    return Path(shutil.copytree(TILL, tmp_path / "till"))


def change(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    text = (folder / name).read_text() if (folder / name).exists() else ""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new) if old else text + new
    (folder / name).write_text(text)


def read(path: Path) -> Document:
    return document_from_bytes(path.read_bytes(), str(path))


async def check(
    box: Sandbox, path: Path, name: str, *answers: str, tests: WhichTests = ALL_TESTS
) -> JobResult:
    document = read(path)
    model = ScriptedModel([f"```python\n{a}\n```" for a in answers], info=SMALL)
    site = find_function(document, name)
    return await run_job(Runtime(model=model, sandbox=box), document, site, PATIENT, tests=tests)


def said(solution: Solution, *words: str) -> bool:
    return any(all(word in line for word in words) for line in solution.evidence)


async def test_a_function_with_only_tests_is_repaired_without_a_token(
    box: Sandbox, till: Path
) -> None:
    result = await check(box, till / TOTALS, "discounted")
    solution = result.solution
    assert solution.status is Status.VERIFIED, solution.evidence
    assert "100 - percent" in (result.new_text or "")
    assert solution.ledger is not None
    assert solution.ledger.generated_tokens == 0
    assert said(solution, "failed before and pass now", "tests/test_totals.py::test_discounts[1-")
    assert said(solution, "passed before and still pass", "test_totals.py::test_nothing_off")
    assert said(solution, "fail again when the body only raises")
    assert said(solution, "passes 5 of 5 tests")


async def test_a_stub_with_only_tests_is_solved_against_them(box: Sandbox, till: Path) -> None:
    right = "def share(total, people):\n    return divmod(total, people)"
    result = await check(box, till / TOTALS, "share", right)
    assert result.solution.status is Status.VERIFIED, result.solution.evidence
    assert said(result.solution, "pass now", "tests/test_totals.py::TestShare::test_rest")


RAISING = """

def test_too_much():
    with pytest.raises(TypeError):
        discounted(None, 0)


def test_of_chance():
    import random
    assert discounted(random.random(), 0) is not None
"""


async def test_a_repair_says_which_calls_of_the_tests_it_changes(box: Sandbox, till: Path) -> None:
    """A call that is another one each time says nothing."""
    change(till, "tests/test_totals.py", ("", RAISING))
    result = await check(box, till / TOTALS, "discounted")
    assert said(result.solution, "gives another result on 3 of 6 different calls"), result.solution
    assert said(result.solution, "changes discounted(10, 10) from 1100 to 900")
    assert not said(result.solution, "changes discounted(3, 0)")
    tested = result.task.tested
    assert tested is not None
    assert {"discounted(20, 25)", "discounted(None, 0)"} <= set(map(source_of, tested.calls))


async def test_calls_of_a_method_are_recorded_with_its_object(box: Sandbox, till: Path) -> None:
    change(till, TOTALS, ("result -= value", "result += value"))
    right = "def total(self):\n    return cents(quick_sum(self.prices))"
    result = await check(box, till / TOTALS, "Till.total", *[right] * 9)
    assert said(result.solution, "gives another result on 1 of 2 different calls"), result.solution
    assert said(result.solution, "changes Till.total(<till.totals.Till object>) from 50 to 250")


async def test_a_wrong_answer_is_no_better_for_passing_some(box: Sandbox, till: Path) -> None:
    wrong = "def share(total, people):\n    return total // people, 0"
    result = await check(box, till / TOTALS, "share", *[wrong] * 9)
    assert result.solution.status is not Status.VERIFIED


async def test_what_breaks_another_test_of_the_module_is_not_offered(
    box: Sandbox, till: Path
) -> None:
    """No test of `share` knows of `Till.receipt`, which has one of its own."""
    worse = "def share(total, people):\n    Till.receipt = None\n    return divmod(total, people)"
    result = await check(box, till / TOTALS, "share", *[worse] * 9)
    assert (result.solution.status, result.diff) == (Status.NONE, "")
    assert said(result.solution, "breaks tests/test_till.py::")


async def test_a_method_is_judged_by_unittest_too(box: Sandbox, till: Path) -> None:
    change(till, TOTALS, ("result -= value", "result += value"))
    right = "def total(self):\n    return cents(quick_sum(self.prices))"
    result = await check(box, till / TOTALS, "Till.total", *[right] * 9)
    assert result.solution.chosen is not None
    assert result.solution.chosen.passes
    assert "prices[1:]" not in (result.new_text or "")
    assert said(result.solution, "passes 2 of 2 tests")
    assert said(result.solution, "failed before", "tests/test_till.py::TillTest::test_two")


async def test_tests_that_pass_whatever_it_does_prove_nothing(box: Sandbox, till: Path) -> None:
    change(till, TOTALS, ("    return sorted(names, reverse=True)", '    """Sorted."""'))
    result = await check(box, till / TOTALS, "listed", "def listed(names):\n    return names")
    assert result.solution.status is Status.UNVERIFIED
    assert said(result.solution, "not called verified", "when the body only raises")


UNFIT = """
import os, random, socket, pytest
from till import discounted

def test_network():
    discounted(1, 0)
    socket.create_connection(("example.com", 80), timeout=2)

def test_writes():
    discounted(1, 0)
    open("tests/made.txt", "w").close()

def test_flaky():
    discounted(1, 0)
    assert os.environ["PYTHONHASHSEED"] == "0" or hash("a") % 2 == hash("b") % 2 and False

def test_lacks():
    discounted(1, 0)
    import nothing_like_this

@pytest.mark.skip(reason="later")
def test_skipped():
    discounted(1, 0)
"""


async def test_what_cannot_count_is_left_out_and_named(box: Sandbox, till: Path) -> None:
    (till / "tests/test_unfit.py").write_text(UNFIT)
    result = await check(box, till / TOTALS, "discounted")
    assert result.solution.status is Status.VERIFIED, result.solution.evidence
    assert said(result.solution, "test_unfit.py::test_network needs a network")
    assert said(result.solution, "test_unfit.py::test_lacks needs a module")
    if box.kind == "docker":
        assert said(result.solution, "test_unfit.py::test_writes writes into the project")
    assert not said(result.solution, "pass now", "test_unfit.py::test_network")


async def test_without_tests_nothing_says_what_is_wrong(box: Sandbox, till: Path) -> None:
    result = await check(box, till / TOTALS, "discounted", tests=NO_TESTS)
    assert result.solution.status is Status.NONE
    assert said(result.solution, "no example and no test")


async def test_only_the_tests_that_were_named_judge(box: Sandbox, till: Path) -> None:
    only = WhichTests(only=(Path(f"{till}/tests/test_totals.py::test_nothing_off"),))
    result = await check(box, till / TOTALS, "discounted", tests=only)
    assert result.solution.is_right_already
    assert said(result.solution, "already passes 1 of 1 tests")


async def test_an_environment_without_pytest_is_said(
    box: Sandbox, till: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV")
    result = await check(box, till / TOTALS, "discounted")
    assert said(result.solution, "tests were not run", "environment")


async def test_examples_and_tests_of_a_file_are_counted_together(box: Sandbox, till: Path) -> None:
    change(till, TOTALS, ('    """The price after a discount, in cents."""', DOCTEST))
    found = await examine(box, [read(till / TOTALS)])
    shown = {
        one.site.name: (str(one.outcome), one.n_passed, one.n_examples)
        for one in await with_tests(box, found)
    }
    assert shown == {
        "discounted": ("failed", 1 + 2, 1 + 5),
        "share": ("no-tests", 0, 0),
        "quick_sum": ("failed", 1, 4),
        "listed": ("passed", 1, 1),
        "Till.__init__": ("failed", 3, 4),
        "Till.add": ("failed", 2, 3),
        "Till.total": ("failed", 1, 2),
        "Till.receipt": ("passed", 2, 2),
    }


DOCTEST = '''    """
    >>> discounted(5, 0)
    500
    """'''

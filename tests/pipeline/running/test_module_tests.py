"""Which of the project's tests speak for and against each function of a file as it stands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pipeline.running.module_tests import entering_tests, module_tests
from pipeline.syntax.text import Document, document_from_bytes
from sandbox.api import Sandbox, TestEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

TILL = Path(__file__).parents[2] / "projects" / "till"
TOTALS = "src/till/totals.py"


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    return Path(shutil.copytree(TILL, tmp_path / "till"))


async def check(box: Sandbox, document: Document) -> dict[str, tuple[set[str], set[str]]]:
    """By function, the names of the tests that pass and that fail."""
    tests = module_tests(document)
    if tests is None:
        return {}
    found = await entering_tests(box, tests, group="")
    ends = {
        label: {
            end: {t.node_id.rpartition("::")[2] for t in seen if t.end is end} for end in TestEnd
        }
        for label, seen in found.items()
    }
    return {
        label: (by_end[TestEnd.PASSED], by_end[TestEnd.FAILED]) for label, by_end in ends.items()
    }


def read(path: Path) -> Document:
    return document_from_bytes(path.read_bytes(), str(path))


async def test_a_failing_test_is_laid_at_the_function_it_speaks_against_most(
    box: Sandbox, till: Path
) -> None:
    """`test_two` enters `Till.total` and `quick_sum`, which other tests find wrong too."""
    found = await check(box, read(till / TOTALS))
    passed, failed = found["discounted"]
    assert failed == {
        "test_ten_percent_off",
        "test_discounts[1-50-50]",
        "test_discounts[20-25-1500]",
    }
    assert "test_nothing_off" in passed
    assert found["quick_sum"] == ({"test_empty"}, {"test_sum", "test_sum_of_one", "test_two"})
    assert found["Till.total"] == ({"test_empty"}, set())


async def test_the_text_that_counts_is_the_buffers(box: Sandbox, till: Path) -> None:
    document = read(till / TOTALS)
    mended = Document(
        text=document.text.replace("result -= value", "result += value"), path=document.path
    )
    found = await check(box, mended)
    assert found["quick_sum"][1] == set()
    assert {"test_sum", "test_sum_of_one"} <= found["quick_sum"][0]


async def test_without_tests_nothing_is_run(box: Sandbox, till: Path) -> None:
    shutil.rmtree(till / "tests")
    assert module_tests(read(till / TOTALS)) is None

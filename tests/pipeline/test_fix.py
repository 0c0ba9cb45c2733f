"""From failing tests to repairs, in a project with two wrong functions and one wrong test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.broken import Aim, broken_by_tests
from pipeline.core.context import Settings
from pipeline.core.task import Status
from pipeline.fix import Allowance, FixReport, attempts
from pipeline.models.api import ModelInfo, PromptTooLong
from pipeline.models.scripted import ScriptedModel
from pipeline.wiring import Runtime
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

TALLY = Path(__file__).parents[1] / "projects" / "tally"
SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
PATIENT = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=300.0)
ENOUGH = Allowance(total_s=900.0, tokens=10_000)
WRONG_TEST = "tests/test_figures.py::test_spread_of_one"


@pytest.fixture
def tally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages that the tests run with are the project's."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    folder = Path(shutil.copytree(TALLY, tmp_path / "tally"))
    monkeypatch.chdir(folder)
    return folder


async def mended(
    box: Sandbox, aim: Aim, allowance: Allowance = ENOUGH, settings: Settings = PATIENT
) -> FixReport:
    runtime = Runtime(model=ScriptedModel(["I do not know."] * 100, info=SMALL), sandbox=box)
    report = FixReport(broken=await broken_by_tests(box, aim))
    async for attempt in attempts(runtime, report, settings, allowance):
        assert attempt is report.attempts[-1]
    return report


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*.py")}


def applied_by_git(folder: Path, diff: str) -> str:
    """What git complains of."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    command = ["git", "apply", "-"]
    done = subprocess.run(
        command, cwd=folder, input=diff, capture_output=True, text=True, check=False
    )
    return done.stderr


def move_clamp(old: Path, new: Path) -> None:
    """So that both wrong functions are in one file."""
    head, mark, rest = old.read_text().partition("def clamp")
    clamp, _, others = rest.partition("\n\n\n")
    new.write_text(f"{new.read_text()}\n\n{mark}{clamp}\n")
    old.write_text(f"{head}from tally.words import clamp\n\n\n{others}")


def empty_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


async def test_wrong_functions_are_suspected_before_the_right_ones_around_them(
    box: Sandbox, tally: Path
) -> None:
    broken = await broken_by_tests(box, Aim(root=tally))
    found = [one.entered.name for one in broken.suspects]
    assert found[:2] == ["clamp", "shorten"]
    assert set(found[2:]) == {"headline", "mean", "spread"}
    assert all(not one.entered.path.startswith("tests/") for one in broken.suspects)
    assert len(broken.reach.tests) == 14


async def test_each_wrong_function_is_mended_and_the_wrong_test_is_named(
    box: Sandbox, tally: Path
) -> None:
    before = contents(tally)
    report = await mended(box, Aim(root=tally))
    good = {a.result.site.name: a for a in report.attempts if a.result.solution.is_good}
    assert set(good) == {"clamp", "shorten"}, [a.result.solution for a in report.attempts]
    assert {a.result.solution.status for a in good.values()} == {Status.VERIFIED}
    assert all(a.turned for a in good.values())
    assert set(report.unfixed) == {WRONG_TEST}
    assert "the test itself may be wrong" in report.unfixed[WRONG_TEST]
    assert contents(tally) == before


async def test_the_diffs_are_applied_by_git_one_after_the_other(box: Sandbox, tally: Path) -> None:
    """Two functions of one file, too."""
    words = tally / "src/tally/words.py"
    move_clamp(tally / "src/tally/figures.py", words)
    report = await mended(box, Aim(root=tally, sources=(words,)))
    assert {one.entered.path for one in report.broken.to_try} == {"src/tally/words.py"}
    assert len(report.broken.suspects) > len(report.broken.to_try)
    diffs = [a.result.diff for a in report.attempts if a.turned]
    assert len(diffs) == 2
    assert applied_by_git(tally, "".join(diffs)) == ""
    assert "min(x, low)" not in words.read_text()
    assert "n - 2]" not in words.read_text()


async def test_a_node_id_narrows_what_is_mended_not_what_is_run(box: Sandbox, tally: Path) -> None:
    report = await mended(box, Aim(root=tally, tests=("tests/test_words.py::test_shorten",)))
    assert [test.node_id for test in report.broken.aimed] == ["tests/test_words.py::test_shorten"]
    assert len(report.broken.reach.tests) == 14
    assert [a.result.site.name for a in report.attempts] == ["shorten"]
    assert report.unfixed == {}


async def test_it_stops_by_time_and_by_tokens_and_says_so(box: Sandbox, tally: Path) -> None:
    for allowance, what in (
        (Allowance(total_s=0.0, tokens=10), "0 s"),
        (Allowance(total_s=900.0, tokens=0), "0 tokens"),
    ):
        report = await mended(box, Aim(root=tally), allowance)
        assert report.attempts == []
        assert what in report.stopped
        assert len(report.unfixed) == len(report.broken.aimed) > 0
        assert all(what in why for why in report.unfixed.values())


class Forgetful(ScriptedModel):
    """Has no room for any prompt."""

    async def complete(self, requests, **more):  # type: ignore[no-untyped-def]
        raise PromptTooLong("no room")


async def test_a_function_that_the_model_has_no_room_for_is_passed_over(
    box: Sandbox, tally: Path
) -> None:
    runtime = Runtime(model=Forgetful([], info=SMALL), sandbox=box)
    aim = Aim(root=tally, tests=(WRONG_TEST,))
    report = FixReport(broken=await broken_by_tests(box, aim))
    found = [one async for one in attempts(runtime, report, PATIENT, ENOUGH)]
    assert found == []
    assert report.passed_over == {"spread": "no room"}
    assert set(report.unfixed) == {WRONG_TEST}


async def test_a_project_without_pytest_says_what_to_install(
    box: Sandbox, tally: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(empty_environment(tmp_path / "empty")))
    broken = await broken_by_tests(box, Aim(root=tally))
    assert "install pytest" in broken.obstacle
    assert broken.suspects == ()

"""`atlas fix` as a user meets it: its diffs, its table, its document, its exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_lsp.commands.fix import aim_of
from atlas_lsp.exits import UsageError
from tests.atlas_lsp.test_cli import ATLAS, ROOT

TALLY = Path(__file__).parents[1] / "projects" / "tally"
WRONG_TEST = "tests/test_figures.py::test_spread_of_one"


@pytest.fixture
def tally(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TALLY, tmp_path / "tally"))


def fix(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In the project's folder, the tests' own environment being the project's."""
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(ROOT)}
    command = [*ATLAS, "fix", *words, "--timeout", "300", "--total", "900"]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=1200, check=False, cwd=folder, env=environ
    )


@pytest.mark.docker
@pytest.mark.slow
def test_good_diffs_go_to_stdout_and_git_takes_them(tally: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tally, check=True)
    done = fix(tally, "tests/test_words.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("+++ ") == 1
    assert "failed before and pass now: tests/test_words.py::test_shorten" in done.stderr
    assert "14 tests ran, 2 failed, 2 of them pass with what was found" in done.stderr
    assert "[: n - 2]" in (tally / "src/tally/words.py").read_text()
    command = ["git", "apply", "-"]
    subprocess.run(command, input=done.stdout, text=True, cwd=tally, check=True)
    assert "[: n - 2]" not in (tally / "src/tally/words.py").read_text()


@pytest.mark.docker
@pytest.mark.slow
def test_apply_writes_and_what_is_left_is_told_with_exit_code_1(tally: Path) -> None:
    done = fix(tally, "--apply", "--json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    written = {one["function"]: one for one in document["results"] if one["written"]}
    assert set(written) == {"clamp", "shorten"}
    assert all(one["status"] == "verified" and one["turned"] for one in written.values())
    assert list(document["unfixed"]) == [WRONG_TEST]
    assert document["suspects"][0]["function"] == "clamp"
    assert document["tests"]["ran"] == 14
    assert "test itself" in document["unfixed"][WRONG_TEST]
    assert (tally / "tests/test_figures.py").read_text() == (
        TALLY / "tests/test_figures.py"
    ).read_text()


def test_targets_are_told_apart(tally: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tally)
    everything = aim_of(["."])
    assert (everything.root, everything.tests, everything.sources) == (tally, (), ())
    aim = aim_of(["tests/test_words.py::test_shorten", "tests", "src/tally/words.py"])
    assert aim.tests == ("tests/test_words.py::test_shorten", "tests")
    assert aim.sources == (Path("src/tally/words.py"),)


def test_what_is_not_there_and_two_projects_are_refused(tally: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        aim_of([str(tally / "tests/gone.py")])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text("")
    with pytest.raises(UsageError, match="several projects"):
        aim_of([str(tally), str(tmp_path / "other")])

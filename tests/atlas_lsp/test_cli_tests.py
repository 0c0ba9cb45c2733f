"""`atlas tests` as a user meets it: real processes, what it writes is run by doctest or pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.atlas_lsp.test_cli import ROOT, atlas, check_fails

DOCUMENTED = '''"""Ünïcode before the function."""


def clamp(x: int, low: int, high: int) -> int:
    """Keep x between low and high.

    >>> clamp(5, 1, 3)
    3
    """
    if low > high:
        raise ValueError("low above high")
    return max(low, min(x, high))


def other():
    return "untouched"   # trailing spaces
'''
BARE = "def evens(numbers):\n    return [n for n in numbers if n % 2 == 0]\n"
NEIGHBOUR = "from shop.numbers import evens\n\n\ndef test_nothing():\n    assert evens([]) == []\n"
PLAIN = ("--no-self-tests", "--max", "3")
STUB = 'def f(n):\n    """n.\n\n    >>> f(1)\n    1\n    """\n'


@pytest.fixture
def documented(tmp_path: Path) -> Path:
    path = tmp_path / "clamps.py"
    path.write_text(DOCUMENTED, encoding="utf-8")
    return path


def run_python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Only text of this file and tests that Atlas made from it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.docker
def test_doctests_are_shown_with_both_scores_and_nothing_is_written(documented: Path):
    done = atlas("tests", f"{documented}::clamp", *PLAIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n+    >>> clamp(") >= 1
    assert "mutation score: before" in done.stderr
    assert documented.read_text(encoding="utf-8") == DOCUMENTED


@pytest.mark.docker
def test_applied_doctests_pass_touch_only_the_docstring_and_are_not_offered_twice(documented: Path):
    done = atlas("tests", f"{documented}::clamp", *PLAIN, "--json", "--apply")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["style"] == "doctest"
    before, after = (report["mutation_score"][when] for when in ("before", "after"))
    assert after["killed"] > before["killed"]
    text = documented.read_text(encoding="utf-8")
    removed = set(DOCUMENTED.splitlines()) - set(text.splitlines())
    assert removed == set()
    tested = run_python(documented.parent, "-m", "doctest", "-v", documented.name)
    assert tested.returncode == 0, tested.stdout
    assert f"{1 + len(report['tests'])} passed" in tested.stdout
    again = json.loads(atlas("tests", f"{documented}::clamp", *PLAIN, "--json").stdout)
    offered, anew = ({test["source"] for test in one["tests"]} for one in (report, again))
    assert offered
    assert not offered & anew


@pytest.mark.docker
def test_applied_pytest_cases_join_the_project_and_pass(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    package, tests = tmp_path / "shop", tmp_path / "tests"
    package.mkdir()
    tests.mkdir()
    (package / "__init__.py").touch()
    (package / "numbers.py").write_text(BARE)
    (tests / "test_numbers.py").write_text(NEIGHBOUR)
    done = atlas("tests", f"{package}/numbers.py::evens", *PLAIN, "--json", "--apply")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["style"] == "pytest"
    assert [Path(file).name for file in report["files"]] == ["test_numbers.py"]
    assert (package / "numbers.py").read_text() == BARE
    tested = run_python(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert tested.returncode == 0, tested.stdout
    assert f"{1 + len(report['tests'])} passed" in tested.stdout


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere.py::f", "no such file"),
        ("clamps.py::missing", "missing"),
        ("::clamp", "::"),
    ],
)
def test_a_target_that_is_not_there_is_one_line(documented: Path, target: str, said: str):
    check_fails(
        2, said, words=("tests", f"{documented.parent}/{target}" if target[0] != ":" else target)
    )


def test_a_file_that_does_not_parse_is_one_line_with_the_place(tmp_path: Path):
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    check_fails(2, "broken.py", "1", words=("tests", f"{path}::f"))


@pytest.mark.docker
def test_a_stub_has_nothing_to_test_and_says_so(tmp_path: Path):
    path = tmp_path / "stub.py"
    path.write_text(STUB)
    done = atlas("tests", f"{path}::f", *PLAIN, "--apply")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "0 new tests" in done.stderr
    assert path.read_text() == STUB


def test_a_function_whose_mutants_are_all_noticed_is_done(tmp_path: Path):
    path = tmp_path / "m.py"
    wrong = (ROOT / "examples" / "broken.py").read_text()
    path.write_text(wrong.replace("if number < 0:", "if number > 0:"))
    done = atlas("tests", f"{path}::total_positive", "--style", "doctest", "--no-self-tests")
    assert done.returncode == 0, done.stderr
    assert "notice all of them already" in done.stderr

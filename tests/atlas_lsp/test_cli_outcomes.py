"""`atlas check` as a user meets it: what it says, its document, its exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from atlas_lsp.commands.targets import read_document, targets
from pipeline.source.locate import find_function
from tests.atlas_lsp.test_cli import atlas, check_fails

RIGHT = 'def f(x):\n    """\n    >>> f(1)\n    1\n    """\n    return x\n'
WRONG = 'class C:\n    def g(self):\n        """\n        >>> C().g()\n        1\n        """\n'
BARE = "def h():\n    return 1\n"
LACKS = f"import no_such_package\n{RIGHT}"


@pytest.mark.parametrize(
    ("text", "code", "outcomes"),
    [
        (RIGHT + BARE, 0, {"f": "passed", "h": "no-tests"}),
        (RIGHT + WRONG, 1, {"f": "passed", "C.g": "failed"}),
        (LACKS, 3, {"f": "cannot-run"}),
        (BARE, 0, {"h": "no-tests"}),
    ],
)
def test_each_outcome_has_its_word_and_its_exit_code(
    tmp_path: Path, text: str, code: int, outcomes: dict[str, str]
) -> None:
    (tmp_path / "m.py").write_text(text)
    done = atlas("check", str(tmp_path), "--json", "--sandbox", "unsafe-local")
    assert done.returncode == code, done.stderr
    rows = json.loads(done.stdout)["functions"]
    assert {row["function"]: row["outcome"] for row in rows} == outcomes
    assert all(set(row) == {"file", "function", "outcome", "detail", "tests"} for row in rows)
    assert all(Path(row["file"]).name == "m.py" for row in rows)
    assert {row["function"] for row in rows if row["detail"]} == {
        name for name, outcome in outcomes.items() if outcome in ("failed", "cannot-run")
    }


def test_people_see_what_does_not_pass_and_how_many_do(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(RIGHT + WRONG)
    (tmp_path / "broken.py").write_text("def f(:\n")
    done = atlas("check", str(tmp_path), "--sandbox", "unsafe-local")
    assert done.returncode == 1
    assert "::C.g, 0 of 1: " in done.stdout
    assert "broken.py" in done.stdout
    assert "::f" not in done.stdout
    assert done.stdout.endswith("1 passed, 1 failed, 1 cannot run, 0 without tests\n")


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    check_fails(2, "no such file", "nowhere", words=("check", str(tmp_path / "nowhere")))


def test_syntax_of_a_newer_python_is_refused_with_both_versions(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/pyvenv.cfg").write_text("version = 3.99.1\n")
    (tmp_path / ".venv/bin/python").symlink_to("/bin/sh")
    (tmp_path / "m.py").write_text("def f(x) -> new syntax:\n    return x\n")
    ours = ".".join(map(str, sys.version_info[:2]))
    said = ("Python 3.99", f"Atlas runs on {ours}", "python3.99 -m pip install atlas-lsp")
    check_fails(2, *said, words=("solve", f"{tmp_path / 'm.py'}::f"))


def test_the_second_of_two_names_can_be_meant(tmp_path: Path) -> None:
    text = f"{RIGHT}\ndef f(x):\n    ...\n"
    document = read_document(_written(tmp_path / "m.py", text))
    assert find_function(document, "f").docstring
    words = (f"{tmp_path / 'm.py'}::f#2",)
    (target,) = targets(words, lambda _site: True)
    assert target.names == ("f#2",)


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path

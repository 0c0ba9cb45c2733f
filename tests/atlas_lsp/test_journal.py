"""What was done of many functions is kept, as long as the project is what Atlas saw or wrote."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from atlas_lsp.commands.journal import Journal
from atlas_lsp.commands.outcomes import FunctionOutcome
from atlas_lsp.exits import BROKEN, NOTHING_GOOD, OK
from pipeline.syntax.text import Document
from tests.atlas_lsp.test_cli import atlas

SOURCE = "def f():\n    return 1\n"
WRONG = 'def g(x):\n    """\n    >>> g(3)\n    4\n    >>> g(0)\n    1\n    """\n    return x - 1\n'


def asked(**changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{"verb": "repair", "seed": 0, "again": False, **changes})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "m.py").write_text(SOURCE)
    (tmp_path / "test_m.py").write_text("")
    return tmp_path


def done(project: Path, **changes: object) -> FunctionOutcome:
    outcome = FunctionOutcome(
        path=project / "m.py",
        name="f",
        word="verified",
        code=OK,
        report={"status": "verified"},
        lines=("f: verified",),
        diff="--- a\n",
        new_text="def f():\n    return 2\n",
    )
    return replace(outcome, **changes)  # type: ignore[arg-type]


def check_found(project: Path, is_there: bool, **changes: object) -> None:
    journal = Journal.of(asked(**changes), project)
    found = journal.find(project / "m.py", "f", Document(text=SOURCE))
    assert (found is not None) == is_there
    if found:
        assert found.is_kept
        assert replace(found, is_kept=False, lines=found.lines[:1]) == done(project)


def test_the_same_command_finds_what_was_done(project: Path):
    Journal.of(asked(), project).add(Document(text=SOURCE), done(project))
    check_found(project, True)
    check_found(project, True, apply=True, json=True)
    check_found(project, False, seed=1)
    check_found(project, True)
    other = Document(text=SOURCE + "\n")
    assert Journal.of(asked(), project).find(project / "m.py", "f", other) is None


def test_a_change_by_somebody_else_makes_all_of_it_void(project: Path):
    Journal.of(asked(), project).add(Document(text=SOURCE), done(project))
    (project / "test_m.py").write_text("def test(): assert False\n")
    check_found(project, False)


def test_again_forgets(project: Path):
    Journal.of(asked(), project).add(Document(text=SOURCE), done(project))
    check_found(project, False, again=True)
    check_found(project, False)


def test_what_atlas_wrote_itself_is_no_change(project: Path):
    journal = Journal.of(asked(), project)
    (project / "test_m.py").write_text("# by Atlas\n")
    journal.add(Document(text=""), done(project, path=project / "test_m.py", is_written=True))
    journal.add(Document(text=SOURCE), done(project))
    check_found(project, True)


@pytest.mark.parametrize("how", [{"code": BROKEN}, {"word": "error", "code": 2}])
def test_what_went_wrong_is_tried_again(project: Path, how: dict[str, object]):
    Journal.of(asked(), project).add(Document(text=SOURCE), done(project, **how))
    check_found(project, False)


def test_what_was_not_found_is_kept_too(project: Path):
    none = done(project, word="none", code=NOTHING_GOOD, new_text=None, diff="")
    Journal.of(asked(), project).add(Document(text=SOURCE), none)
    found = Journal.of(asked(), project).find(project / "m.py", "f", Document(text=SOURCE))
    assert found is not None
    assert (found.word, found.code, found.new_text) == ("none", NOTHING_GOOD, None)


@pytest.mark.docker
def test_a_folder_is_solved_once_and_then_written_without_solving(tmp_path: Path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(WRONG)
    first = json.loads(atlas("repair", str(tmp_path), "--json").stdout)
    assert first["counts"] == {"verified": 2}
    assert not any("kept" in one for one in first["results"])
    (tmp_path / "c.txt").write_text("no Python")
    again = atlas("repair", str(tmp_path), "--apply", "--json")
    results = json.loads(again.stdout)["results"]
    assert [(one["kept"], one["written"]) for one in results] == [(True, True)] * 2
    assert [one["code"] for one in results] == [one["code"] for one in first["results"]]
    assert all((tmp_path / name).read_text() != WRONG for name in ("a.py", "b.py"))

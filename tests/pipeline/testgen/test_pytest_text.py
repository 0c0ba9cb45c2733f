"""Generated pytest and unittest text: it fits the file that is there, and it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.inputs.target import target_of
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document
from pipeline.testgen.cases import Case
from pipeline.testgen.doctest_text import Named
from pipeline.testgen.pytest_text import with_pytests
from pipeline.testgen.spelling import Namespace
from pipeline.testgen.test_place import has_tests, module_name, test_file_for
from sandbox.api import Call

SOURCE = """def f(x):
    if x is None:
        raise ValueError(x)
    return x


def shout(x):
    print(x)
    print("!")


class Box:
    def __init__(self):
        self.items = []

    def add(self, x):
        self.items.append(x)
        return len(self.items)


class Loud:
    def say(self):
        print("loud")
"""
UNITTEST = (
    "import unittest\n\n\nclass TestOld(unittest.TestCase):\n    def test_a(self):\n        pass\n"
)


def case(*lines: str, got: str, raised: str = "", is_printed: bool = False) -> Named:
    call = Call(entry="f", args=())
    made = Case(call=call, lines=lines, got=got, raised=raised, is_printed=is_printed)
    return Named(label="some input", case=made)


def check(folder: Path, name: str, tests: list[Named], before: str = "") -> str:
    """The new text of the test file, which passes where it lies."""
    (folder / "mod.py").write_text(SOURCE)
    path = folder / "test_mod.py"
    if before:
        path.write_text(before)
    document = Document(text=SOURCE)
    file = test_file_for(folder / "mod.py")
    there = file.document.tree if file.document else None
    words = Namespace.of(file.module, document.tree, there)
    text = with_pytests(file, target_of(document, find_function(document, name)), tests, words)
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + text
    return text


RAISES = case(
    "f(None)", got="Traceback (most recent call last):\nValueError: None", raised="ValueError"
)
STYLES = pytest.mark.parametrize("before", ["", UNITTEST])


@STYLES
def test_values_and_exceptions_are_pinned_in_the_files_style(tmp_path: Path, before: str):
    (tmp_path / "setup.py").touch()
    long = repr(["x" * 30] * 4)
    tests = [
        case("f(3)", got="3"),
        case("f(True)", got="True"),
        case(f"f({long})", got=long),
        case("f(2) == 2", got="True"),
        RAISES,
    ]
    text = check(tmp_path, "f", tests, before)
    assert text.startswith(before.splitlines()[0] if before else "import pytest")
    assert ("self.assertRaises(ValueError)" if before else "pytest.raises(ValueError)") in text
    assert text.count("def test_f_some_input") == 5


@STYLES
def test_what_is_printed_is_read_back(tmp_path: Path, before: str):
    (tmp_path / "setup.py").touch()
    tests = [case("shout(1)", got="1\n!\n", is_printed=True)]
    text = check(tmp_path, "shout", tests, before)
    assert ("redirect_stdout" if before else "capsys.readouterr()") in text


@STYLES
def test_steps_before_the_last_are_kept(tmp_path: Path, before: str):
    (tmp_path / "setup.py").touch()
    check(tmp_path, "Box.add", [case("b = Box()", "b.add(1)", "b.add(2)", got="2")], before)
    loud = case("it = Loud()", "it.say()", got="loud\n", is_printed=True)
    check(tmp_path, "Loud.say", [loud], before)


@pytest.mark.parametrize(
    ("head", "call"),
    [
        ("import mod\n", "mod.f(3)"),
        ("import mod as m\n", "m.f(3)"),
        ("from mod import f\n", " f(3)"),
        ("from mod import shout\n", " f(3)"),
        ("from mod import shout as s\n", " f(3)"),
    ],
)
def test_the_function_is_reached_as_the_file_reaches_its_module(
    tmp_path: Path, head: str, call: str
):
    (tmp_path / "setup.py").touch()
    before = (
        f"{head}\n\ndef test_old():\n    pass\n\n\nif __name__ == '__main__':\n    test_old()\n"
    )
    text = check(tmp_path, "f", [case("f(3)", got="3")], before)
    assert call in text
    assert text.rstrip().endswith("test_old()")


def test_where_tests_lie_is_told_from_what_is_there(tmp_path: Path):
    (tmp_path / "pyproject.toml").touch()
    package = tmp_path / "src" / "pkg"
    package.mkdir(parents=True)
    source = package / "mod.py"
    source.write_text(SOURCE)
    assert module_name(source, tmp_path) == "pkg.mod"
    assert not has_tests(source)
    (tmp_path / "tests").mkdir()
    assert has_tests(source)
    assert test_file_for(source).path == tmp_path / "tests" / "test_mod.py"
    importing = tmp_path / "tests" / "test_all.py"
    importing.write_text("from pkg.mod import f\n")
    (tmp_path / "tests" / "test_broken.py").write_bytes(b"\xff\xfe(")
    assert test_file_for(source).path == importing
    (tmp_path / "tests" / "mod_test.py").write_text("import os\n")
    assert test_file_for(source).path == tmp_path / "tests" / "mod_test.py"


def test_without_a_project_the_package_is_followed_to_its_top(tmp_path: Path):
    folder = tmp_path / "pkg" / "sub"
    folder.mkdir(parents=True)
    for one in (tmp_path / "pkg", folder):
        (one / "__init__.py").touch()
    (folder / "mod.py").write_text(SOURCE)
    assert test_file_for(folder / "mod.py").module == "pkg.sub.mod"

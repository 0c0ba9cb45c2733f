"""The folders of `editors/`: their options are real settings, their table is the schema's."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.settings import checked, properties, settings_from, table

EDITORS = Path(__file__).parents[1] / "editors"
FOLDERS = sorted(path for path in EDITORS.iterdir() if path.is_dir())
OPTIONS = ("initializationOptions", "initialization_options", "init_options", "config")
DATA = sorted(
    path
    for folder in FOLDERS
    # That one has a manifest, and tests of its own.
    if folder.name != "vscode"
    for path in folder.rglob("*")
    if path.suffix in (".json", ".toml", ".sublime-settings") and path.is_file()
)


def tables(tree: Any) -> Iterator[dict[str, object]]:
    """Every table of options in a configuration, wherever it stands."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in OPTIONS and isinstance(value, dict):
                yield value
            else:
                yield from tables(value)
    elif isinstance(tree, list):
        for one in tree:
            yield from tables(one)


def options_in(path: Path) -> list[dict[str, object]]:
    text = path.read_text(encoding="utf-8")
    tree = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    return [tree] if path.stem in OPTIONS else list(tables(tree))


@pytest.mark.parametrize("path", DATA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_options_of_each_editor_are_settings(path: Path):
    found = options_in(path)
    assert found, "an editor's file without options shows nobody how to set one"
    for options in found:
        good, complaints = checked(options, "client", path.name)
        assert complaints == ()
        assert good == options


def test_options_in_scripts_are_settings():
    """In each way to write it: `apply = 'ask'`, `(:apply "offer")`, `'apply': 'offer'`."""
    found = 0
    for path in EDITORS.rglob("*"):
        if "node_modules" in path.parts:
            continue
        if path.suffix in (".lua", ".el", ".vim", ".kak", ".md"):
            text = path.read_text(encoding="utf-8")
            for value in re.findall(r"\bapply['\"]?\s*[:= ]\s*['\"](\w+)['\"]", text):
                found += 1
                assert checked({"apply": value}, "client", path.name)[1] == ()
    assert found > 3


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_each_folder_has_three_steps_its_caveats_and_a_place_in_the_index(folder: Path):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\d)\. ", text, re.MULTILINE) == ["1", "2", "3"]
    assert "\n## Caveats\n" in text
    assert f"({folder.name}/README.md)" in (EDITORS / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w.-]+\.(?:json|toml|vim|kak|el|lua|sublime-settings))`", text)
    for name in named:
        assert name == "pyproject.toml" or list(folder.rglob(name)), f"{name} is not there"


def test_what_was_not_run_says_so_and_what_was_read():
    """The last column of the index is the tests' word; a folder may not promise more."""
    index = (EDITORS / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[[^]]+\]\((\w+)/README.md\).*\| ([^|]+) \|$", index, re.MULTILINE)
    assert {name for name, _ in rows} == {folder.name for folder in FOLDERS}
    for name, run in rows:
        text = (EDITORS / name / "README.md").read_text(encoding="utf-8")
        assert ("\n* Not tried" in text) == (run == "no"), name
        assert run != "no" or re.search(r"  Read in .+: ", text), name


def test_each_rough_edge_names_a_test_or_says_why_there_is_none():
    index = (EDITORS / "README.md").read_text(encoding="utf-8")
    table = index.split("## Rough edges\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!edge|-)(.+) \| (.+) \|$", table, re.MULTILINE)
    tests = Path(__file__).parent
    known = {
        n
        for path in tests.rglob("test_*.py")
        for n in re.findall(r"def (test_\w+)", path.read_text())
    }
    for edge, held in rows:
        named = set(re.findall(r"`(test_\w+)`", held))
        assert named <= known, named - known
        assert named or held.startswith("none: "), edge
    assert len(rows) == 15


def test_the_table_of_the_documents_is_the_schema():
    text = (EDITORS / "README.md").read_text(encoding="utf-8")
    shown = text.split("settings.schema.json -->\n")[1].split("<!-- end")[0]
    assert shown == table()


def test_every_property_of_the_schema_is_a_field_with_its_default():
    defaults = asdict(settings_from())
    shown = {name: one["default"] for name, one in properties().items()}
    snake = {re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name): shown[name] for name in shown}
    assert defaults == snake

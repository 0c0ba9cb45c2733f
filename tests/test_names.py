"""A word means one thing: no name of a class or a module stands for two."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "sandbox", "atlas_lsp")
FACADE = "atlas_lsp/api.py"
"""The same nouns once more, for other programs."""
NAMED_BY_FOLDER = (
    "atlas_lsp/commands/",
    "pipeline/bench/formats/",
    "pipeline/training/nano/families/",
)
"""Modules here are called like the command, the suite or the family that they are."""
MEANT = {
    "api": "what others may import of this package, in each of the three",
    "hidden": "what only a scorer may import, in each room that holds hidden tests",
}
"""Names that stand for one thing which several packages have."""


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def twice(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in found.items() if len(places) > 1}


def check(found: dict[str, list[str]]) -> None:
    """No name stands for several things."""
    wrong = {name: places for name, places in twice(found).items() if name not in MEANT}
    assert not wrong, "\n".join(f"{name}: {', '.join(at)}" for name, at in sorted(wrong.items()))


def test_no_class_stands_for_two_things():
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        place = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body if place != FACADE else ():
            # A name with an underscore is a module's own business.
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(place)
    assert found
    check(found)


def test_no_module_stands_for_two_things():
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        place = path.relative_to(ROOT).as_posix()
        if not path.stem.startswith("__") and not place.startswith(NAMED_BY_FOLDER):
            found[path.stem].append(place)
    assert found
    check(found)

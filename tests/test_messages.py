"""Each of the likeliest failures says what the documents say that it says."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from atlas_lsp.cli import parser
from atlas_lsp.settings import environment_name, properties
from pipeline.models.api import API_KEY
from tests.messages import FAILURES, MADE, Failure, furnish, happen

ROOT = Path(__file__).parents[1]
SAID = json.loads(MADE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("failures")
    furnish(made)
    return made


def test_there_are_twenty_and_the_documents_have_them_all():
    assert len(FAILURES) >= 20
    assert [one.did for one in FAILURES] == [row["did"] for row in SAID]


@pytest.mark.parametrize(("one", "row"), list(zip(FAILURES, SAID, strict=True)), ids=lambda one: "")
def test_what_is_printed_is_what_is_documented(one: Failure, row: dict[str, str], folder: Path):
    code, said = happen(one, folder)
    assert (code, said) == (one.exit, row["said"]), "python -m tests.messages"
    assert "Traceback" not in said
    if code in (2, 3):
        assert said.splitlines()[-1].startswith("atlas: ")


# --- what any message names --------------------------------


def raised_texts() -> Iterator[tuple[str, str]]:
    """(file, text) of what is raised anywhere, with `{}` for what is put in."""
    for package in ("pipeline", "sandbox", "atlas_lsp"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise | ast.Return | ast.Yield):
                    yield from ((path.name, text) for text in texts_in(node))


def texts_in(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr):
            yield "".join(
                str(getattr(v, "value", "{}")) if isinstance(v, ast.Constant) else "{}"
                for v in part.values
            )
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def commands(
    parser: argparse.ArgumentParser, words: str = "atlas"
) -> Iterator[tuple[str, set[str]]]:
    """(`atlas model list`, its flags) of every command."""
    yield words, {flag for action in parser._actions for flag in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from commands(below, f"{words} {name}")


@cache
def known_commands() -> dict[str, set[str]]:
    return dict(commands(parser()))


def wrong_names(text: str) -> set[str]:
    """Commands, flags, variables and settings that a message names and that are not there."""
    flags, settings = known_commands(), set(properties())
    wrong = {name for name in re.findall(r"\bATLAS_[A-Z_]+\b", text) if name not in variables()}
    wrong |= {
        name
        for name in re.findall(r"\bset `?([a-z]+_[a-z_]+|`\w+)", text)
        if name.strip("`") not in settings
    }
    for said in re.findall(r"`(atlas [^`{}]+)`", text):
        words = said.split()
        known = max((c for c in flags if f"{said} ".startswith(f"{c} ")), key=len)
        wrong |= {w for w in words if w.startswith("--") and w not in flags[known]}
        wrong |= {said} if known == "atlas" and words[1].isalpha() else set()
    return wrong


@cache
def variables() -> set[str]:
    return {*map(environment_name, properties())} | {API_KEY, "ATLAS_CACHE", "ATLAS_CONFIG"}


def test_a_message_names_only_what_is_there():
    texts = list(raised_texts())
    assert any("`atlas " in text for _, text in texts)
    assert any("ATLAS_" in text for _, text in texts)
    wrong = {(file, name) for file, text in texts for name in wrong_names(text)}
    assert not wrong


@pytest.mark.parametrize(
    "text",
    [
        "put it into ATLAS_KEY",
        "nothing there; set api_key",
        "run `atlas mend x`",
        "`atlas solve --fast`",
    ],
)
def test_a_name_that_is_not_there_is_found(text: str):
    assert wrong_names(text)

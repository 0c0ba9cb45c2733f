"""Circles are noticed, code is left alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.models.runaway import RunawayGuard


def tokens_until_circling(text: str) -> int | None:
    guard = RunawayGuard()
    for n, word in enumerate(re.findall(r"\w+|\s+|[^\w\s]+", text), 1):
        if guard.is_circling(hash(word), word):
            return n
    return None


@pytest.mark.parametrize("unit", ["a ", "a b ", "0, ", "x = x + 1\n", "if a:\n    return b\n" * 2])
def test_repetition_is_noticed_within_a_few_rounds(unit: str):
    n = tokens_until_circling("def f():\n" + unit * 200)
    assert n is not None
    assert n < 110


def test_a_long_line_said_again_and_again_is_noticed():
    lines = [f"Let me think about the problem again.\nstep {n * n}\n" for n in range(40)]
    assert tokens_until_circling("".join(lines)) is not None


def test_real_code_is_no_circle():
    for path in sorted((Path(__file__).parents[3] / "pipeline" / "core").glob("*.py")):
        assert tokens_until_circling(path.read_text(encoding="utf-8")) is None, path


def test_short_literals_are_no_circle():
    assert tokens_until_circling("grid = [" + "0, " * 20 + "]\n") is None

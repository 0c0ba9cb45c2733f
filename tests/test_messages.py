"""Each of the likeliest failures says what the documents say that it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.messages import FAILURES, MADE, Failure, furnish, happen

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

"""SECURITY.md names every promise that is tried, and no test that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.selftest import PROMISES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| promise")
]


def test_every_promise_of_the_suite_is_on_the_page():
    written = {(row[0], row[1]) for row in ROWS}
    assert {(one.text, one.against) for one in PROMISES} <= written


def test_every_promise_on_the_page_has_tests_that_exist():
    assert len(ROWS) >= len(PROMISES)
    for text, _against, shown in ROWS:
        names = re.findall(r"`([^`]+)`", shown)
        assert names, text
        for name in names:
            path = ROOT / name if "/" in name else ROOT / "tests" / "sandbox" / name
            assert path.is_file(), f"{text}: {name}"
            assert "def test_" in path.read_text(encoding="utf-8")

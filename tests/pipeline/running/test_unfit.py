"""Why a test of the project says nothing about the code it enters."""

from __future__ import annotations

import pytest

from pipeline.running.counted import unfit
from sandbox.api import TestEnd, TestSeen

LONG = "tests/test_benchmarks.py:24: file /project/tests/test_benchmarks.py, line 24\n" + 200 * " x"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        # pytest names the fixture behind the whole signature of the test.
        (f"{LONG}\nE  fixture 'benchmark' not found", "needs what is not here"),
        (f"{LONG}\nE  ConnectionRefusedError: [Errno 111]", "needs a network"),
        (f"{LONG}\nE  sqlite3.OperationalError: no table", "needs a database"),
        (f"m.py:3: AssertionError: {LONG} ConnectionError", ""),
        (f"{LONG}\nE  ValueError: too few", ""),
    ],
)
def test_the_reason_may_stand_at_the_end_of_a_long_message(message: str, why: str):
    assert unfit(TestSeen(node_id="t.py::t", end=TestEnd.ERROR, message=message)) == why


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("t.py:3: ConnectionRefusedError: [Errno 111]", "needs a network"),
        (f"t.py:3: ValueError: {200 * 'x '} sqlite3.OperationalError", ""),
    ],
)
def test_what_a_test_quotes_after_its_own_failure_is_no_reason(message: str, why: str):
    assert unfit(TestSeen(node_id="t.py::t", end=TestEnd.FAILED, message=message)) == why

"""A pytest plugin for the package's own Python: how each test ended and what it entered.

It is loaded by its path and imports nothing of ours. `ATLAS_PLANTED_OUT` names the file that gets a
line of JSON for each test; with `ATLAS_PLANTED_UNDER` the functions of files below that folder are
noted.
"""

import json
import os
import sys

import pytest

_OUT = open(os.environ["ATLAS_PLANTED_OUT"], "a", buffering=1)  # noqa: PTH123, SIM115
_UNDER = os.environ.get("ATLAS_PLANTED_UNDER", "")
_ends = {}
_entered = {}


def _trace(frame, event, arg):
    name = frame.f_code.co_filename
    if name.startswith(_UNDER):
        _entered[name, frame.f_code.co_firstlineno] = None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    _entered.clear()
    if _UNDER:
        sys.settrace(_trace)
    yield
    sys.settrace(None)
    entered = [[name, line] for name, line in _entered]
    row = {
        "id": item.nodeid,
        "end": _ends.pop(item.nodeid, "error"),
        "entered": entered,
    }
    _OUT.write(json.dumps(row) + "\n")


def pytest_runtest_logreport(report):
    if report.failed:
        _ends[report.nodeid] = "failed" if report.when == "call" else "error"
    elif report.skipped:
        _ends.setdefault(report.nodeid, "skipped")
    elif report.when == "call":
        _ends.setdefault(report.nodeid, "passed")


def pytest_collectreport(report):
    if report.failed:
        row = {"id": report.nodeid, "end": "uncollected", "entered": []}
        _OUT.write(json.dumps(row) + "\n")

"""A child's way from a job's bytes to its results, whatever the form. Standard library only."""

from __future__ import annotations

from typing import Any

from sandbox import child, codec
from sandbox.project_tests import run_project_tests

_FORMS = {**child.FORMS, "tests": run_project_tests}


def run_candidate(body: bytes, result_bytes: int) -> None:
    """Run the job in `body` and write its reports to RESULT_FD; returns when all is written."""
    job: Any = codec.decode(body)
    write = child.writer(result_bytes)
    lines: set[int] | None = set() if job["trace_lines"] else None
    child.begin(job)
    with child.traced(lines):
        _FORMS[job["form"]["kind"]](job, write, lines)

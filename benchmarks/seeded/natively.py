"""A package's tests as its own Python runs them: fenced by a time limit, in a process group of
their own. There is no other isolation: the package is the index's, the edits are small.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.seeded.packages import NotUsable, Package

SUITE_S = 600.0
USAGE = 4
"""pytest's exit code for options that it does not know: a plugin is not there."""
PLUGIN = Path(__file__).with_name("plugin.py")
AtLine = tuple[str, int]
"""A function: its file relative to the project, and the 1-based line of its code."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of some tests."""

    ends: Mapping[str, str]
    """Node id -> passed, failed, skipped, error, uncollected."""
    entered: Mapping[str, frozenset[AtLine]]
    is_whole: bool = True
    """The run was not cut by its time limit."""

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(one for one, end in self.ends.items() if end == "passed")

    @property
    def is_loaded(self) -> bool:
        return self.is_whole and bool(self.ends) and "uncollected" not in self.ends.values()


def run_tests(
    package: Package, node_ids: Sequence[str] = (), *, trace: bool = False, limit_s: float = SUITE_S
) -> Ran:
    """Raises NotUsable where pytest cannot even be started."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.jsonl"
        code = _pytest(package, node_ids, out, trace, limit_s, ())
        if code == USAGE:
            code = _pytest(package, node_ids, out, trace, limit_s, ("-o", "addopts="))
        if code == USAGE:
            raise NotUsable(f"{package.wanted}: pytest does not take its configuration")
        lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    rows = [json.loads(line) for line in lines]
    top = f"{package.project}{os.sep}"
    entered = {
        row["id"]: frozenset((name.removeprefix(top), line) for name, line in row["entered"])
        for row in rows
    }
    ends = {row["id"]: row["end"] for row in rows}
    return Ran(ends=ends, entered=entered, is_whole=code is not None)


def _pytest(
    package: Package,
    node_ids: Sequence[str],
    out: Path,
    trace: bool,
    limit_s: float,
    options: Sequence[str],
) -> int | None:
    """The exit code; None where the time limit ended it."""
    command = [str(package.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "plugin"]
    environ = {
        "PATH": f"{package.python.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PLUGIN.parent),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ATLAS_PLANTED_OUT": str(out),
        **({"ATLAS_PLANTED_UNDER": str(package.project) + os.sep} if trace else {}),
    }
    process = subprocess.Popen(
        [*command, *options, "--continue-on-collection-errors", *node_ids],
        cwd=package.project,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

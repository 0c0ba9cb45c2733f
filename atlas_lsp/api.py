"""The functions of `atlas_lsp` for other programs: typed, blocking, each in a process of its own.

The command line runs beside the caller, so nothing of ours is imported into their process: a
program that has a `pipeline` of its own keeps it, and what breaks here breaks there alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

Status = Literal["verified", "consistent", "unverified", "none"]
START = Path(__file__).with_name("start.py")
_NOTHING_GOOD = 1


class AtlasError(Exception):
    """What `atlas` says in one line; `exit_code` is 2 for a wrong request, 3 for broken set-up."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The function that was chosen, with what it rests on."""

    function: str
    status: Status
    code: str | None
    """The function without its docstring; None when nothing was chosen."""
    diff: str
    evidence: tuple[str, ...]
    passed: int
    total: int
    """Examples of the file."""
    probability: float | None
    is_right_already: bool
    is_written: bool
    ledger: Mapping[str, Any]
    """What it cost."""

    @property
    def is_good(self) -> bool:
        """It can be applied without looking, or nothing had to be done."""
        return self.is_right_already or self.status in ("verified", "consistent")


@dataclass(frozen=True, kw_only=True)
class ProposedTest:
    """One of the tests, and what it is good for."""

    name: str
    source: str
    """As doctest text."""
    kills: tuple[str, ...]
    """The mutants that it is the first to notice."""


@dataclass(frozen=True, kw_only=True)
class TestProposal:
    """New tests of a function, and how many of its mutants were noticed before and are now."""

    __test__ = False

    function: str
    style: Literal["doctest", "pytest"]
    tests: tuple[ProposedTest, ...]
    diff: str
    killed_before: int
    killed_after: int
    n_mutants: int
    is_written: bool


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the examples of one function showed."""

    file: Path
    function: str
    """Empty for a file that is no Python."""
    outcome: Literal["passed", "failed", "cannot-run", "no-tests"]
    detail: str
    passed: int
    total: int


def solve(
    file: str | PathLike[str],
    function: str,
    *,
    model: str | None = None,
    sandbox: Literal["docker", "unsafe-local"] | None = None,
    k: int | None = None,
    seed: int | None = None,
    timeout_s: float | None = None,
    apply: bool = False,
) -> Solution:
    """Write the function so that its examples hold; what is None comes from the settings.

    Raises AtlasError.
    """
    flags = _flags(model=model, sandbox=sandbox, k=k, seed=seed, timeout=timeout_s, apply=apply)
    return _solution(_run(["solve", f"{Path(file)}::{function}", *flags]))


def repair(
    file: str | PathLike[str],
    function: str,
    *,
    model: str | None = None,
    sandbox: Literal["docker", "unsafe-local"] | None = None,
    k: int | None = None,
    seed: int | None = None,
    timeout_s: float | None = None,
    apply: bool = False,
) -> Solution:
    """Mend the function if it fails its examples; as `solve`."""
    flags = _flags(model=model, sandbox=sandbox, k=k, seed=seed, timeout=timeout_s, apply=apply)
    return _solution(_run(["repair", f"{Path(file)}::{function}", *flags]))


def tests(
    file: str | PathLike[str],
    function: str,
    *,
    style: Literal["auto", "doctest", "pytest"] | None = None,
    n_max: int = 8,
    model: str | None = None,
    sandbox: Literal["docker", "unsafe-local"] | None = None,
    seed: int | None = None,
    timeout_s: float | None = None,
    apply: bool = False,
) -> TestProposal:
    """Tests that pass on the function and fail on small wrong versions of it.

    Raises AtlasError.
    """
    flags = _flags(
        model=model, sandbox=sandbox, seed=seed, timeout=timeout_s, style=style, apply=apply
    )
    found = _run(["tests", f"{Path(file)}::{function}", "--max", str(n_max), *flags])
    score = found["mutation_score"]
    return TestProposal(
        function=found["function"],
        style=found["style"],
        tests=tuple(
            ProposedTest(name=one["name"], source=one["source"], kills=tuple(one["kills"]))
            for one in found["tests"]
        ),
        diff=found["diff"],
        killed_before=score["before"]["killed"],
        killed_after=score["after"]["killed"],
        n_mutants=score["after"]["total"],
        is_written=found["written"],
    )


def check(
    *paths: str | PathLike[str], sandbox: Literal["docker", "unsafe-local"] | None = None
) -> tuple[Checked, ...]:
    """Run the examples of all functions of files and folders, without a model.

    Raises AtlasError where nothing could run.
    """
    flags = _flags(sandbox=sandbox, apply=False)
    found = _run(["check", *(str(Path(path)) for path in paths), *flags])
    return tuple(
        Checked(
            file=Path(one["file"]),
            function=one["function"],
            outcome=one["outcome"],
            detail=one["detail"],
            passed=one["tests"]["passed"],
            total=one["tests"]["total"],
        )
        for one in found["functions"]
    )


def _flags(*, apply: bool, **values: object) -> list[str]:
    given = [(key, value) for key, value in values.items() if value is not None]
    return [f"--{key}={value}" for key, value in given] + ["--apply"] * apply


def _run(words: Sequence[str]) -> dict[str, Any]:
    """The document of a command. Raises AtlasError."""
    command = [sys.executable, "-P", str(START), *words, "--json"]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise AtlasError(said[-1] if said else "it said nothing", done.returncode) from None
    if "error" in found and done.returncode > _NOTHING_GOOD:
        raise AtlasError(found["error"]["message"], done.returncode)
    return found


def _solution(found: Mapping[str, Any]) -> Solution:
    visible = found["tests"]["visible"]
    return Solution(
        function=found["function"],
        status=found["status"],
        code=found["code"],
        diff=found["diff"],
        evidence=tuple(found["evidence"]),
        passed=visible["passed"],
        total=visible["total"],
        probability=found["probability"],
        is_right_already=found["already_right"],
        is_written=found["written"],
        ledger=found["ledger"],
    )

"""The sandbox as its users see it: tests in, observations out, verdicts computed here on the
trusted side.

The container is given code and inputs, never an expectation.
What this module does not cover: a kernel or container-runtime exploit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

# --- errors: only broken machinery raises -----------------------------------------------------


class SandboxError(Exception):
    """Root of everything this package raises; its text is one line with the mend."""


class SandboxUnavailable(SandboxError):
    """No sandbox of the asked kind can be started here (no engine, no permission, no image)."""


# --- what can be run ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Limits:
    cpu_s: float = 2.0
    """CPU seconds of the whole process tree; this is what time-outs are judged on."""
    wall_s: float | None = None
    """Back-stop for sleepers; None means 4 * cpu_s + 2."""
    memory_mb: int = 192
    output_bytes: int = 1 << 20
    """Cap for stdout and for stderr, each."""
    result_bytes: int = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Call:
    """`entry(*args, **kwargs)`; `entry` is dotted, so `Solution.two_sum` makes an instance
    first.
    """

    entry: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Expression:
    """Python statements and a last expression, evaluated in the candidate's namespace."""

    source: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Several calls in one process, each with its own observation (`Observation.parts`).

    For volume: a part may see what an earlier part left behind.
    After a death the remaining parts are run again in a fresh process.
    """

    parts: tuple[Call | Expression, ...]


@dataclass(frozen=True, kw_only=True)
class DoctestExample:
    source: str
    lineno: int = 0
    """Line of the example in the docstring's file, for messages; 0 when unknown."""


@dataclass(frozen=True, kw_only=True)
class Doctest:
    """The examples of one docstring, run in order in one namespace; `Observation.got` has a text
    for each.
    """

    examples: tuple[DoctestExample, ...]
    setup: str = ""
    """Statements that run first, in the examples' namespace: what the project's runner adds."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """The code as a whole program: real stdin, real stdout, `__name__ == "__main__"`."""

    stdin: bytes = b""
    args: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TestCode:
    """Arbitrary test code, run in a second process that never loaded the candidate.

    `entry` is reachable there as a function (also as `candidate`); each call travels to the
    candidate's process
    through the strict codec. If `check` is set, `check(candidate)` is called at the end.
    """

    __test__ = False

    source: str
    entry: str
    check: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProjectTests:
    """The project's own pytest tests, run beside the candidate in one process, so their passing
    is `Proof.SHARED`; needs a world that has pytest and the test files.
    """

    node_ids: tuple[str, ...]
    """As pytest prints them, relative to the project: `tests/test_cart.py::test_total[0-1]`."""
    seed: int | None = None
    """Order of the tests; None keeps the project's own."""
    each_cpu_s: float = 0.0
    """CPU seconds after which one test is ended as failed; 0 leaves it to the limits."""
    is_traced: bool = False
    """Report which functions of the project each test enters (costs time)."""
    recorded: str = ""
    """Dotted name, in the module, of a function whose calls are reported (costs time)."""
    versions: tuple[str, ...] = ()
    """Texts of the function `exchanged`, dedented: instead of one run, each of them in a fork of
    the process that has collected the tests on the job's code. For volume: `Observation.parts` has
    one for each, `NOT_RUN` where more than the body differs.
    """
    exchanged: str = ""
    """Dotted name, in the module."""
    version_cpu_s: float = 1.0
    """CPU seconds of one version."""


Form = Call | Expression | Batch | Doctest | Program | TestCode | ProjectTests


@dataclass(frozen=True, kw_only=True)
class World:
    """The project around the code: what else can be imported, read and found by its name.

    Paths inside the project are relative and have `/`. Nothing of it is trusted but the packages
    in `site`, which one process of the sandbox imports ahead of all tests.
    """

    module: str
    """Dotted name of the module that `Job.code` is the text of, as an importer writes it."""
    path: str
    """Where that module's file lies; `a/__init__.py` makes it a package."""
    files: Mapping[str, bytes]
    """Sources, data files and configuration that the code can reach, by path; what is under `path`
    is not read.
    """
    roots: tuple[str, ...] = ("",)
    """Folders of the project on sys.path, in order; empty text is the project's top."""
    site: Mapping[str, str] = field(default_factory=dict)
    """Installed packages, modules and .dist-info folders: their path below site-packages, and
    where that is on this machine. They are only read.
    """
    python: str = ""
    """Version that the project runs on, as `3.12`; empty takes any."""
    interpreter: str = ""
    """That Python's executable on this machine; empty where only the version is known."""
    preload: tuple[str, ...] = ()
    """Modules of `site` that the code reaches, for the template to import before it forks."""

    @cached_property
    def site_key(self) -> str:
        """Equal where the same template can serve: packages, Python and what is preloaded."""
        site = (f"{inside}\0{path}" for inside, path in sorted(self.site.items()))
        return _digest([self.python, self.interpreter, *self.preload, "", *site])

    @cached_property
    def key(self) -> str:
        """Hash of all of it, the edited module's text aside."""
        files = (f"{p}\0{hashlib.sha256(b).hexdigest()}" for p, b in self._other_files())
        return _digest([self.module, self.path, *self.roots, "", *files, self.site_key])

    def _other_files(self) -> Iterable[tuple[str, bytes]]:
        return ((p, b) for p, b in sorted(self.files.items()) if p != self.path)


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()[:16]


PROOF_SEED = 1
"""Hash seed of the run that proves what passed with 0."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One thing to run: `code` is loaded as a fresh module, then `form` is run in it.

    With a world the module is the project's own, under its name and in its package.
    """

    code: str
    form: Form
    limits: Limits = field(default_factory=Limits)
    hash_seed: int = 0
    trace_lines: bool = False
    """Report the lines of `code` that were executed (costs time)."""
    world: World | None = None
    fresh: str = ""
    """Jobs with the same word share a worker that has run nothing else; empty takes a used one."""


# --- what was seen -------------------------------------------------------------------------------


class Outcome(StrEnum):
    RETURNED = "returned"
    RAISED = "raised"
    SYNTAX_ERROR = "syntax_error"
    MISSING_MODULE = "missing_module"
    TIMEOUT_CPU = "timeout_cpu"
    TIMEOUT_WALL = "timeout_wall"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASH = "crash"
    NO_RESULT = "no_result"
    BAD_RESULT = "bad_result"
    SANDBOX_ERROR = "sandbox_error"
    NOT_RUN = "not_run"


BROKEN_MACHINERY = frozenset({Outcome.SANDBOX_ERROR, Outcome.NOT_RUN})
"""Outcomes of which the sandbox itself is the cause."""


@dataclass(frozen=True, kw_only=True)
class ExceptionSeen:
    type: str
    message: str
    lineno: int | None = None
    """Line of the candidate's code nearest to the raise, 1-based."""


class TestEnd(StrEnum):
    """How one test of the project ended."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Also a test that was expected to fail and did."""
    ERROR = "error"
    """Its set-up, its tear-down or its file failed, or it does not exist."""
    MISSING_MODULE = "missing_module"
    """The sandbox lacks what it imports; no evidence."""


@dataclass(frozen=True, kw_only=True, order=True)
class Entered:
    """A function of the project that was entered."""

    path: str
    """Relative to the project, with `/`."""
    line: int
    """1-based, of its first decorator, or of `def`."""
    name: str
    """Without what it is nested in."""


@dataclass(frozen=True, kw_only=True)
class TestSeen:
    """One test of the project, as the process that ran it reports."""

    __test__ = False

    node_id: str
    end: TestEnd
    message: str = ""
    """Where it failed: the exception's line and pytest's explanation, bounded."""
    duration_s: float = 0.0
    entered: frozenset[Entered] = frozenset()
    """With ProjectTests.is_traced: by its set-up, by itself and by its tear-down; of a file that
    could not be imported, by importing it.
    """
    stack: frozenset[Entered] = frozenset()
    """With ProjectTests.is_traced: what the exception that failed it passed through."""


@dataclass(frozen=True, kw_only=True)
class CallSeen:
    """What a test asked of a function, and what it got: plain data, or an exception's class."""

    form: Call | Expression
    """The same call once more; an Expression where an argument is no plain data and was pickled."""
    shown: str
    """The call as a person would write it."""
    value: object = None
    raised: str = ""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one job did, as plain data; nothing in it is a verdict."""

    outcome: Outcome
    value: object = None
    """Decoded plain data (None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict)
    or an `Opaque`.
    """
    exception: ExceptionSeen | None = None
    got: tuple[str, ...] = ()
    """Doctest: the text that each example printed, an exception as its traceback header and last
    line.
    """
    parts: tuple[Observation, ...] = ()
    tests: tuple[TestSeen, ...] = ()
    """ProjectTests: one for each test that ended, in the order they ran."""
    calls: tuple[CallSeen, ...] = ()
    """With ProjectTests.recorded: different calls in the order of their ends, of those whose
    arguments can be copied and whose result is plain data.
    """
    last_begun: str = ""
    """ProjectTests that died: the test that was running."""
    stdout: bytes = b""
    stderr: bytes = b""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    max_rss_kb: int = 0
    lines: frozenset[int] | None = None
    detail: str = ""
    """One line for people: the reason of a limit, a crash's signal, why nothing ran."""
    isolation: tuple[str, ...] = ()
    """Guarantees that were in force for this very run."""


@dataclass(frozen=True)
class Opaque:
    """A value that is not plain data, by the name of its type; equal to nothing that is."""

    type: str


# --- what was expected, and the verdict
# ------------------------------------------------------------


class Policy(StrEnum):
    EXACT = "exact"
    """Same types and values; NaN equals NaN, 1 differs from True and from 1.0."""
    PYTHON = "python"
    """As `==` of plain Python values: 1 == 1.0 == True."""
    FLOAT = "float"
    """PYTHON with relative and absolute tolerance 1e-6 on floats."""
    TOKENS = "tokens"
    """Text compared by whitespace-separated tokens, for program output."""


@dataclass(frozen=True, kw_only=True)
class Returns:
    value: object
    policy: Policy = Policy.PYTHON


@dataclass(frozen=True, kw_only=True)
class Raises:
    type: str
    """Name of the exception class, as printed in a traceback's last line."""


@dataclass(frozen=True, kw_only=True)
class Truthy:
    """The value is exactly True; for asserts that could not be split."""


@dataclass(frozen=True, kw_only=True)
class Prints:
    stdout: str
    policy: Policy = Policy.TOKENS


@dataclass(frozen=True, kw_only=True)
class DoctestWants:
    wants: tuple[str, ...]
    """One per example; empty text means that nothing may be printed."""
    options: tuple[int, ...] = ()
    """doctest option flags per example; empty means none anywhere."""


@dataclass(frozen=True, kw_only=True)
class Completes:
    """Runs to its end without raising; proves little."""


Expectation = Returns | Raises | Truthy | Prints | DoctestWants | Completes


@dataclass(frozen=True, kw_only=True)
class Test:
    """A form and what it should show; only the form enters the sandbox."""

    __test__ = False

    test_id: str
    form: Form
    expect: Expectation
    limits: Limits = field(default_factory=Limits)


class VerdictKind(StrEnum):
    PASS = "pass"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    SYNTAX_ERROR = "syntax_error"
    MISSING_MODULE = "missing_module"
    TIMEOUT_CPU = "timeout_cpu"
    TIMEOUT_WALL = "timeout_wall"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASH = "crash"
    NO_RESULT = "no_result"
    BAD_RESULT = "bad_result"
    FLAKY = "flaky"
    INVALID_TEST = "invalid_test"
    SANDBOX_ERROR = "sandbox_error"
    NOT_RUN = "not_run"


_NO_EVIDENCE = (VerdictKind.SANDBOX_ERROR, VerdictKind.NOT_RUN, VerdictKind.MISSING_MODULE)


class Proof(StrEnum):
    """What a pass of this form can prove, strongest first."""

    VALUES = "values"
    """Expected values never entered the sandbox (calls, doctests, program output)."""
    SEPARATE = "separate"
    """The test ran in another process than the candidate."""
    SHARED = "shared"
    """The test shared a process with the candidate; never enough for *verified*."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    test_id: str
    kind: VerdictKind
    proof: Proof
    detail: str
    """One line: `f(3) gave 4, expected 5`; empty for a pass."""
    observation: Observation
    failing_line: int | None = None
    """Doctest: file line of the first failing example."""
    passed_examples: int = 0
    n_examples: int = 1
    """Doctests count examples; all other forms count one."""

    @property
    def passed(self) -> bool:
        return self.kind is VerdictKind.PASS

    @property
    def is_evidence(self) -> bool:
        """Whether it says anything of the code: not what the sandbox broke, nor what it lacks."""
        return self.kind not in _NO_EVIDENCE


class Sandbox(Protocol):
    """Runs untrusted Python. Every implementation passes the contract suite in tests/sandbox."""

    @property
    def kind(self) -> str:
        """`docker` or `unsafe-local`."""
        ...

    @property
    def isolation(self) -> tuple[str, ...]:
        """Guarantees in force, one word each; empty until started."""
        ...

    async def start(self) -> None:
        """Make ready. Raises SandboxUnavailable with the cause and the mend."""
        ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        """Run the jobs and give their observations in order; never raises for what a program does.

        Jobs of different groups are queued fairly.
        When the awaiting task is cancelled, its running tests are killed and other groups go on.
        """
        ...

    async def aclose(self) -> None:
        """Leave no process and no container; may be called twice."""
        ...

"""The nouns of the pipeline: what is to be solved, what was tried, what came out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pipeline.core.calls import VisibleTest, split_calls
from pipeline.core.reach import Tested
from pipeline.syntax.blanked import blanked
from pipeline.syntax.indentation import indented
from sandbox.api import (
    BROKEN_MACHINERY,
    Call,
    Doctest,
    ProjectTests,
    Proof,
    Returns,
    Test,
    Verdict,
    World,
)

if TYPE_CHECKING:
    from pipeline.core.ledger import Ledger
    from pipeline.models.api import HiddenStates


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How the module around a function is loaded, and what its project says of its examples."""

    world: World | None = None
    """None for a text that stands alone."""
    is_whole: bool = False
    """`before` and `after` are all of the module, and not what the function needs."""
    why_cut: str = ""
    """Why the whole module could not be loaded in its world; "" where it was."""
    obstacle: str = ""
    """Why nothing can be judged here, with the mend, in one line; "" where it can."""
    options: int = 0
    """doctest option flags that hold for every example."""
    setup: str = ""
    """Statements that run before the examples of a docstring, in their namespace."""
    fixtures: frozenset[str] = frozenset()
    """Names that the setup's `getfixture` knows."""
    cpu_s: float = 0.0
    """What loading takes, where that is worth mentioning."""
    where: str = ""
    """The module's name, and the environment with whose packages it runs, for people; "" where the
    file stands alone.
    """
    environment: str = ""
    """Where a package that is missing would have to be installed; "" where nothing is known."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to solve, with its visible tests. There is no field for hidden ones, on purpose."""

    task_id: str
    kind: Literal["function", "method", "stdio"]
    statement: str
    """What the model is shown: the dedented function as it stands, or a text."""
    entry_point: str
    """Dotted name inside the program: `f`, `Stack.push`, `outer.inner`; empty for stdio."""
    before: str = ""
    """Module text that must run before the function (imports, names it needs)."""
    after: str = ""
    """Module text that must run after it."""
    indent: str = ""
    """What each line of the function is indented with in `before + code + after`."""
    is_stub: bool = True
    context: str = ""
    """Signatures and imports of the module that the model may use; shown, not asked for."""
    nearby: str = ""
    """Who calls it, what it uses of other modules, for a stub what else the module has: for models
    that can tell it from what is asked of them, which those trained on bare functions cannot.
    """
    visible: tuple[VisibleTest, ...] = ()
    kept_back: str = ""
    """Lines of the docstring with the one example that a model is not shown; "" where it sees all.
    """
    loading: Loading = field(default_factory=Loading)
    tested: Tested | None = None
    """What is known of the project's tests; None where none was looked for, or none is there."""

    def told(self, code: str) -> str:
        """`code` (the statement, or a version of it) as a model is shown it."""
        return code.replace(self.kept_back, "", 1) if self.kept_back else code

    def program(self, code: str) -> str:
        """The runnable module text with `code` (dedented) in the function's place.

        Its docstrings do not say what the examples want: a candidate could read it there.
        """
        if self.kind == "stdio":
            return code
        before, after = self._around
        body = indented(self.without_answers(code), self.indent)
        return f"{before}{body.rstrip()}\n{after}"

    def without_answers(self, code: str) -> str:
        """As it runs. Quick for code with the function's own docstring, as nearly all has it."""
        with_key, without = self._docstring
        code = code.replace(with_key, without, 1) if with_key else code
        return blanked(code, self._shown_lines) if ">>>" in code else code

    @cached_property
    def _docstring(self) -> tuple[str, str]:
        """The lines of the statement that change without answers, and what they become."""
        old = self.statement.split("\n")
        new = blanked(self.statement, self._shown_lines).split("\n")
        differing = [at for at, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        if not differing:
            return "", ""
        part = slice(differing[0], differing[-1] + 1)
        return "\n".join(old[part]), "\n".join(new[part])

    @cached_property
    def _around(self) -> tuple[str, str]:
        """What stands before and after the function, without answers."""
        body = indented(self.statement, self.indent).rstrip()
        whole = f"{self.before}{body}\n{self.after}"
        lines = blanked(whole, self._shown_lines).split("\n")
        n_before, n_after = self.before.count("\n"), self.after.count("\n")
        before = "\n".join([*lines[:n_before], ""]) if n_before else self.before
        after = "\n".join(lines[len(lines) - n_after - 1 :])
        return (before, after) if len(lines) == whole.count("\n") + 1 else (self.before, self.after)

    @cached_property
    def _shown_lines(self) -> tuple[str, ...]:
        """Examples that are no doctest, as they stand in a docstring."""
        others = (v.text for v in self.visible if not isinstance(v.test.form, Doctest))
        return tuple(line for text in others for line in text.split("\n") if "(" in line)

    @property
    def shown(self) -> str:
        """What stands between the fences of a prompt: context of the module, then the function."""
        told = self.told(self.statement)
        return f"{self.context.rstrip()}\n\n\n{told}" if self.context else told

    @property
    def tests(self) -> tuple[Test, ...]:
        return tuple(v.test for v in self.visible)

    @cached_property
    def parts(self) -> tuple[tuple[VisibleTest, ...], ...]:
        """For each visible test the single calls that it makes and says the result of."""
        return tuple(split_calls(self.entry_point, one) or _itself(one) for one in self.visible)

    @cached_property
    def examples(self) -> tuple[Test, ...]:
        """The visible tests one by one: a doctest as its calls where all of it is such."""
        pairs = zip(self.visible, self.parts, strict=True)
        whole = [(one.test, parts) for one, parts in pairs]
        return tuple(
            example
            for test, parts in whole
            for example in ([p.test for p in parts] if len(parts) == n_examples(test) else [test])
        )

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls with literal arguments in the visible tests, in order, each once."""
        forms = [part.test.form for parts in self.parts for part in parts]
        forms += self.tested.calls if self.tested else ()
        return tuple({repr(form): form for form in forms if isinstance(form, Call)}.values())

    @cached_property
    def results(self) -> tuple[tuple[Call, object], ...]:
        """The calls of the visible tests whose result is a literal, each once."""
        found: dict[str, tuple[Call, object]] = {}
        for test in (part.test for parts in self.parts for part in parts):
            if isinstance(test.form, Call) and isinstance(test.expect, Returns):
                found.setdefault(repr(test.form), (test.form, test.expect.value))
        return tuple(found.values())


def _itself(one: VisibleTest) -> tuple[VisibleTest, ...]:
    return (one,) if isinstance(one.test.form, Call) else ()


def n_examples(test: Test) -> int:
    """How many examples a test holds: a docstring has its own number, as have the project's tests;
    all others are one.
    """
    if isinstance(test.form, ProjectTests):
        return len(test.form.node_ids)
    return len(test.form.examples) if isinstance(test.form, Doctest) else 1


def n_passed(verdicts: Iterable[Verdict]) -> int:
    """Examples that passed."""
    return sum(v.passed_examples for v in verdicts)


def n_told(verdicts: Iterable[Verdict]) -> int:
    """Examples that there were."""
    return sum(v.n_examples for v in verdicts)


class Origin(StrEnum):
    """Where candidates come from."""

    CURRENT = "current"
    """The function as it stands."""
    MECHANICAL = "mechanical"
    PROBE = "probe"
    GENERATE = "generate"
    MEND = "mend"
    REPAIR = "repair"
    ANSWER = "answer"
    """One that somebody chose, with the answer as an example more."""
    POOL = "pool"
    """Recorded, from wherever."""


FIRST_ASKED = (Origin.PROBE, Origin.GENERATE)
"""What the model writes before it is shown a failure of its own."""
SMALL_EDITS = (Origin.MECHANICAL, Origin.MEND)
"""Of one program or another; what they made is no independent try."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Code and where it came from."""

    code: str
    """The function, dedented (or the whole program for stdio)."""
    origin: Origin
    """The stage that made it."""
    seed: int = 0
    plan: str | None = None
    perturbation: str | None = None
    parent: int | None = None
    thinking_tokens: int = 0
    answer_tokens: int = 0
    mean_logprob: float | None = None
    """Natural log, mean over answer tokens; None where the backend gives none."""
    min_window_logprob: float | None = None
    states: HiddenStates | None = None
    imports: tuple[str, ...] = ()
    """Import lines that the answer put above the function and that the module lacks."""
    capabilities: tuple[str, ...] = ()
    """What it could do that the function could not before, in words; never taken unseen."""
    doubt: str = ""
    """Why it is not to be called verified although it may pass every visible test; "" for none."""
    is_confirmed: bool = False
    """A small edit of which an independent answer of the model does the same."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A candidate and what the sandbox showed of it."""

    candidate: Candidate
    visible: tuple[Verdict, ...] = ()
    own: tuple[Verdict, ...] = ()
    """Verdicts on self-tests."""
    breaks: str = ""
    """A test of the project that passed before and does not now, and what it says; "" for none."""
    why_no_proof: str = ""
    """Why passing the project's tests proves nothing; "" where it does, and where there is none."""

    @property
    def can_prove(self) -> bool:
        """Whether passing says something that the candidate could not have said itself: of the
        project's tests, which share a process with it, where they bite.
        """
        return all(
            v.proof is not Proof.SHARED or (v.observation.tests and not self.why_no_proof)
            for v in self.visible
        )

    @property
    def unjudged(self) -> Verdict | None:
        """A verdict that the machinery could not give; None where all were given."""
        broken = (v for v in self.visible if v.observation.outcome in BROKEN_MACHINERY)
        return next(broken, None)

    @property
    def n_passed(self) -> int:
        return n_passed(self.visible)

    @property
    def n_visible(self) -> int:
        return n_told(self.visible)

    def is_confirmed_by(self, answer: Judged) -> bool:
        """Whether this is a small edit that the model came to as well, by itself.

        Called for two that do the same. The edits were chosen by the examples among thousands;
        the answer was not, so it is no luck that both pass.
        """
        made = answer.candidate
        is_proof = answer.passes and not made.doubt and made.origin not in SMALL_EDITS
        return self.candidate.origin is Origin.MECHANICAL and self.passes and is_proof

    @property
    def is_harmless(self) -> bool:
        return not self.candidate.capabilities

    @property
    def passes(self) -> bool:
        """Every visible test passed, there was at least one, and nothing else was broken."""
        return bool(self.visible) and not self.breaks and all(v.passed for v in self.visible)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call and the two things that candidates do on it; for a model or a person to answer."""

    call: Call
    source: str
    """The call as a line of Python."""
    outputs: tuple[str, str]
    """As a person would write them: a value, or `raises ValueError`."""
    sides: tuple[tuple[int, ...], tuple[int, ...]]
    """Indices into the survivors of those that gave each output."""

    @property
    def shown(self) -> str:
        return f"{self.source}: {self.outputs[0]}, or {self.outputs[1]}?"


CONSISTENT_AT = 0.95
"""Calibrated probability from which something without visible tests is called consistent."""


class Status(StrEnum):
    VERIFIED = "verified"
    CONSISTENT = "consistent"
    UNVERIFIED = "unverified"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The chosen candidate with its status, its evidence and what it cost."""

    task_id: str
    status: Status
    chosen: Judged | None
    probability: float | None
    """Calibrated P(correct), None where nothing was calibrated for this evidence."""
    evidence: tuple[str, ...]
    """Plain sentences, strongest first."""
    obstacle: str = ""
    """Why nothing could be judged here, in one line; "" where it could."""
    rejected: tuple[Judged, ...] = ()
    stages: tuple[str, ...] = ()
    """Names of the stages that acted, in order."""
    seed: int = 0
    ledger: Ledger | None = field(default=None, compare=False)
    question: Question | None = None
    """Where candidates pass everything and differ, if someone was to be asked."""
    survivors: tuple[Judged, ...] = ()
    """What the sides of the question point into."""
    is_right_already: bool = False
    """The function passes its examples as it stands: nothing was to be done."""

    @property
    def is_good(self) -> bool:
        return self.status in (Status.VERIFIED, Status.CONSISTENT)

"""What the project's tests did on the code as it stands: how each ended, what each entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.api import Call, CallSeen, Entered, TestEnd, TestSeen

BAD_ENDS = (TestEnd.FAILED, TestEnd.ERROR)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One run of the project's tests, traced."""

    tests: tuple[TestSeen, ...] = ()
    """In the order they ran. One without `::` is a whole file that could not be imported."""
    cut: str = ""
    """Why there are not all of them, in one line; "" where there are."""

    def entering(self, path: str, lines: frozenset[int], name: str) -> tuple[TestSeen, ...]:
        """The tests that enter the function of that name which begins at one of these lines."""
        wanted = {Entered(path=path, line=line, name=name) for line in lines}
        return tuple(test for test in self.tests if wanted & test.entered)

    def within(self, path: str) -> tuple[TestSeen, ...]:
        """The tests that enter any function of that file."""
        return tuple(t for t in self.tests if any(one.path == path for one in t.entered))

    def plus(self, other: Reach) -> Reach:
        return Reach(tests=(*self.tests, *other.tests), cut=self.cut or other.cut)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What is known of the tests that judge a function before anything is changed."""

    counted: tuple[str, ...] = ()
    """Node ids that reach the function and are fit to count: they are the visible test."""
    failed: frozenset[str] = frozenset()
    """Of those, what fails on the function as it stands."""
    bites: frozenset[str] = frozenset()
    """Of those, what fails when the function's body only raises."""
    guards: tuple[str, ...] = ()
    """Other tests that enter the module and passed before: what is offered breaks none."""
    others: tuple[str, ...] = ()
    """Test files that reach the module and were not run yet; what passes in them is a guard too."""
    unchanged: str = ""
    """The module's text before anything is changed."""
    notes: tuple[str, ...] = ()
    """What was left out, and why, in sentences."""
    calls: tuple[Call, ...] = ()
    """Calls of the function with plain arguments that stand in those tests, or that they were seen
    to make: inputs that occur.
    """
    recorded: tuple[CallSeen, ...] = ()
    """Calls that those tests made of the function as it stands, with what it gave."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The text of the counted tests by node id, parameters aside, for prompts."""

    def shown(self, most_lines: int) -> str:
        """The text of tests that fail, then of others, the short ones first: whole ones only."""
        bad = {base_id(name) for name in self.failed}
        order = sorted(self.sources.items(), key=lambda item: (item[0] not in bad, len(item[1])))
        taken: list[str] = []
        for _, text in order:
            most_lines -= text.count("\n") + 2
            if most_lines >= 0:
                taken.append(text)
        return "\n\n".join(taken)

    @property
    def why_no_proof(self) -> str:
        """Why passing all of them proves nothing; "" where it does.

        Each test that has to turn must fail for a body that only raises, and one test at least
        must: else they pass whatever the function does.
        """
        blunt = sorted(self.failed - self.bites)
        if blunt:
            return f"{blunt[0]} passes also when the body only raises"
        return "" if self.bites else "its tests pass also when the body only raises"


def base_id(node_id: str) -> str:
    """Without parameters: `tests/test_cart.py::test_total` of `...::test_total[0-1]`."""
    path, sep, rest = node_id.partition("::")
    return f"{path}{sep}{rest.partition('[')[0]}"

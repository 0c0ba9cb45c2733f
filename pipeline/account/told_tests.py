"""The project's tests in the evidence: what was counted, by node id, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.core.task import Judged, Task
from sandbox.api import TestEnd, Verdict

MOST_NAMED = 12
"""Node ids in one line of the evidence."""


def counted(judged: Judged) -> str:
    """`3 of 3 examples and 5 of 5 tests`."""
    tests = [v for v in judged.visible if v.observation.tests]
    examples = [v for v in judged.visible if not v.observation.tests]
    said = ((examples, "examples"), (tests, "tests"))
    return " and ".join(f"{_of(some)} {what}" for some, what in said if some) or "0 of 0 examples"


def _of(verdicts: Sequence[Verdict]) -> str:
    passed = sum(v.passed_examples for v in verdicts)
    return f"{passed} of {sum(v.n_examples for v in verdicts)}"


def about_tests(task: Task, best: Judged) -> Iterator[str]:
    """The tests of the project that `best` passes, by what they said before, and what they prove.

    They share a process with the candidate, so more is asked of them than of examples.
    """
    tested = task.tested
    if tested is None:
        return
    passed = {
        seen.node_id
        for verdict in best.visible
        for seen in verdict.observation.tests
        if seen.end is TestEnd.PASSED
    }
    turned = [name for name in tested.counted if name in passed & tested.failed]
    kept = [name for name in tested.counted if name in passed - tested.failed]
    if turned:
        yield f"failed before and pass now: {_named(turned)}"
    if kept and task.is_stub:
        yield f"pass now: {_named(kept)}"
    elif kept:
        yield f"passed before and still pass: {_named(kept)}"
    if best.passes and tested.bites:
        n_blunt = len(set(tested.counted) - tested.bites)
        but = f", but for {n_blunt} that pass whatever the body does" if n_blunt else ""
        yield f"they fail again when the body only raises{but}"
    if best.passes and (tested.guards or tested.others):
        yield "no other test of the module that passed before fails"
    yield from tested.notes


def about_left_out(task: Task) -> Iterator[str]:
    """What of the project's tests was not used, and why."""
    if task.tested:
        yield from task.tested.notes


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

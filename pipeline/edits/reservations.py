"""Why a patch that passes every visible test may still be wrong: reasons not to call it verified.

Each rule was kept because patches that it holds back were wrong far more often than the others, on
planted bugs and on wrong programs of a model (`benchmarks/repair.py` prints both).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.task import Task
from pipeline.edits.search import Found, Version
from sandbox.api import DoctestWants, Test

ALL_THE_SAME = "all examples want the same, which many wrong functions give too"
DOMINATES = 0.8
"""Share of the belief that one behaviour needs among all that pass."""
INVENTED = frozenset(
    (
        "boolean: add operand",
        "statement: guard",
        "statement: early end",
        "filter",
        "operator: add operand",
        "return: other",
    )
)
"""Kinds of edits that bring in something new, which can single out one example."""


def doubt_of(task: Task, found: Found, version: Version, share: float) -> str:
    """The strongest reason against trusting `version`, in words; "" where there is none."""
    n_fixed = found.n_examples - found.n_base
    if found.is_cut:
        return f"the search for other small edits was cut short after {found.n_tried} of them"
    if n_different_wants(task.examples) < 2:
        return ALL_THE_SAME
    if share < DOMINATES:
        return "other small edits pass as well and behave differently"
    if n_fixed < 2 and any(edit.kind in INVENTED for edit in version.edits):
        return "what it adds rests on a single example"
    if len({edit.new for edit in version.edits}) > n_fixed:
        return "it takes more edits than examples that failed"
    return ""


def n_different_wants(tests: Sequence[Test]) -> int:
    wants: set[str] = set()
    for test in tests:
        expect = test.expect
        wants.update(expect.wants if isinstance(expect, DoctestWants) else (repr(expect),))
    return len(wants)

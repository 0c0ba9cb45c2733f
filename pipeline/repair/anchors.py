"""Test anchors: what a repair must keep passing (AlphaCodium, arXiv 2401.08500, section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.core.board import Board
from pipeline.core.task import Judged, Task
from sandbox.api import Doctest, DoctestWants, ProjectTests, Test, TestEnd, Verdict, VerdictKind
from sandbox.verdicts import judge

FRESH = "fresh start"
"""The framing of a candidate that was made without looking at a failed one."""


def keeps_anchors(task: Task, one: Judged, parent: Judged) -> bool:
    """Every example of a visible test that the parent passes still passes."""
    return held(task, parent) <= held(task, one)


def held(task: Task, judged: Judged) -> frozenset[tuple[int, int]]:
    """(test, example) of what passes."""
    tests = zip(task.tests, judged.visible, strict=True)
    return frozenset(
        (i, k)
        for i, (test, verdict) in enumerate(tests)
        for k, passed in enumerate(_examples(test, verdict))
        if passed
    )


def parent_of(board: Board, one: Judged) -> Judged | None:
    """What a repair was made from; None for other candidates and for a fresh start."""
    if one.candidate.origin != "repair" or one.candidate.perturbation == FRESH:
        return None
    index = one.candidate.parent
    return board.current if index is None else board.judged[index]


def pick_parent(task: Task, board: Board) -> Judged | None:
    """The nearest miss: a failing candidate that passes most examples, the earliest of equals.

    A repair that broke an anchor is none, so that the next round goes back to its parent.
    """
    pool = [*([board.current] if board.current else []), *board.judged]
    failing = [one for one in pool if _may_lead(task, board, one)]
    return max(failing, key=lambda one: one.n_passed, default=None)


def _may_lead(task: Task, board: Board, one: Judged) -> bool:
    if not one.visible or one.passes or one.breaks:
        return False
    parent = parent_of(board, one)
    return parent is None or keeps_anchors(task, one, parent)


def _examples(test: Test, verdict: Verdict) -> Iterator[bool]:
    form, expect = test.form, test.expect
    if isinstance(form, ProjectTests):
        ends = {seen.node_id: seen.end for seen in verdict.observation.tests}
        yield from (ends.get(name) is TestEnd.PASSED for name in form.node_ids)
    elif verdict.passed or verdict.kind is VerdictKind.FLAKY:
        yield from [verdict.passed] * verdict.n_examples
    elif not isinstance(form, Doctest) or not isinstance(expect, DoctestWants):
        yield False
    else:
        seen = verdict.observation
        for k, (example, want) in enumerate(zip(form.examples, expect.wants, strict=False)):
            single = replace(
                test,
                form=replace(form, examples=(example,)),
                expect=replace(expect, wants=(want,), options=expect.options[k : k + 1]),
            )
            part = replace(seen, got=seen.got[k : k + 1], parts=seen.parts[k : k + 1])
            yield k < len(seen.got) and judge(single, part).passed

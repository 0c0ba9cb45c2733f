"""Mechanical repair against the real sandbox: what it mends, when it ends, what it keeps."""

from __future__ import annotations

import ast
import asyncio
import random
import textwrap
import time
from collections.abc import Sequence

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Status, Task
from pipeline.core.wrapped import Wrapped
from pipeline.edits.bug_kinds import WEIGHTS
from pipeline.edits.edits import Edit, apart, apply_all, edits_of
from pipeline.edits.hints import hints_of
from pipeline.edits.mechanical import Patch, SearchProgress, repair_mechanically
from pipeline.edits.ranking import Behaviour, Ranked
from pipeline.edits.reservations import doubt_of, odds, used_parameters
from pipeline.edits.search import Found, Version
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Job, Observation, Sandbox

ODD_STYLE = '''def total( numbers,*,start = 0 ):
    """The sum.

    >>> total([1, 2, 3])
    6
    >>> total([])
    0
    >>> total([5, -2], start=1)
    4
    """
    # Keep  this   comment.
    s=start   # and this
    for n in numbers :
        s -= n        ;   t = s
    return (  s )  # the end
'''
HANGS = '''def halves(n):
    """How often n can be halved.

    >>> halves(8)
    3
    >>> halves(1)
    0
    >>> halves(12)
    2
    """
    count = 0
    while n % 2 == 0:
        n = n * 2
        count += 1
    return count
'''
LOUD = '''def evens(numbers):
    """The even ones.

    >>> evens([1, 2, 3, 4])
    [2, 4]
    >>> evens([])
    []
    """
    for _ in range(10 ** 6):
        print("x" * 10 ** 6)
    return [n for n in numbers if n % 2 == 1]
'''
KILLS = '''import os
import signal


def first(numbers):
    """The first.

    >>> first([4, 2])
    4
    >>> first([7])
    7
    """
    if len(numbers) > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return numbers[0]
'''
PATCHES = '''import builtins


def most(numbers):
    """The largest.

    >>> most([1, 5, 2])
    5
    >>> most([9, 3])
    9
    """
    builtins.eval = builtins.repr = builtins.compile = lambda *args, **kwargs: 5
    builtins.isinstance = lambda *args: True
    return min(numbers)
'''
STUCK = '''def answer(n):
    """Something no small edit gives.

    >>> answer(3)
    'a7f0'
    >>> answer(4)
    'zz91'
    """
    return n
'''


def task_of(source: str) -> Task:
    document = document_from_bytes(source.encode())
    name = next(n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef))
    return task_from_file(document, find_function(document, name))


async def check(
    box: Sandbox,
    source: str,
    deadline_s: float | None = None,
    seen: list[SearchProgress] | None = None,
) -> tuple[Patch, ...]:
    report = seen.append if seen is not None else None
    return await repair_mechanically(
        box, task_of(source), deadline_s=deadline_s, on_progress=report
    )


@pytest.mark.asyncio(loop_scope="session")
async def test_one_edit_mends_and_all_else_stays_as_it_was(box: Sandbox) -> None:
    progress: list[SearchProgress] = []
    patches = await check(box, ODD_STYLE, seen=progress)
    best = patches[0]
    assert best.is_plausible
    assert best.n_passed == 3
    assert best.code.rstrip() == ODD_STYLE.replace("s -= n", "s += n").rstrip()
    assert progress
    assert progress[0].elapsed_s > 0


@pytest.mark.asyncio(loop_scope="session")
async def test_a_function_that_passes_or_has_no_example_is_left_alone(box: Sandbox) -> None:
    assert await check(box, ODD_STYLE.replace("-= n", "+= n")) == ()
    assert await check(box, "def f(n):\n    return n\n") == ()


@pytest.mark.asyncio(loop_scope="session")
async def test_of_edits_that_do_the_same_the_simplest_is_taken(box: Sandbox) -> None:
    source = (
        'def shown(text):\n    """\n    >>> shown("abc")\n    \'abc\'\n    >>> shown("no")\n'
        '    \'no\'\n    >>> shown("")\n    \'\'\n    """\n    return text[::-1]\n'
    )
    assert (await check(box, source))[0].code.endswith("return text\n")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_forgotten_print_is_a_bug(box: Sandbox) -> None:
    loud = ODD_STYLE.replace("-= n ", "+= n ").replace("    return", "    print(s)\n    return")
    assert "print" not in (await check(box, loud))[0].code


@pytest.mark.asyncio(loop_scope="session")
async def test_the_deadline_ends_a_search_that_finds_nothing(box: Sandbox) -> None:
    began = time.monotonic()
    patches = await check(box, STUCK, deadline_s=1.0)
    assert not any(p.is_plausible for p in patches)
    assert time.monotonic() - began < 20


class Busy(Wrapped):
    """As on a machine that has much else to do: the same CPU seconds take longer by the clock."""

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        await asyncio.sleep(0.2)
        return await self._sandbox.run(jobs, group=group)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("source", [ODD_STYLE, HANGS])
async def test_a_busy_machine_finds_the_same(box: Sandbox, source: str) -> None:
    """Budgets are runs and CPU seconds."""
    there, here = await check(Busy(box), source), await check(box, source)
    assert [(p.code, p.is_plausible) for p in there] == [(p.code, p.is_plausible) for p in here]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_function_that_hangs_is_repaired(box: Sandbox) -> None:
    patches = await check(box, HANGS)
    assert patches[0].is_plausible
    assert "n * 2" not in patches[0].code


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("source", [LOUD, KILLS, PATCHES], ids=["loud", "kills", "patches"])
async def test_a_hostile_function_is_repaired_or_given_up_and_harms_nothing(
    box: Sandbox, source: str
) -> None:
    for patch in await check(box, source, deadline_s=2.0):
        task = task_of(source)
        assert patch.is_plausible == (patch.n_passed == 2)
        assert task.statement != patch.code
    (good,) = (await check(box, ODD_STYLE))[:1]
    assert good.is_plausible


@pytest.mark.parametrize("source", [ODD_STYLE, HANGS, KILLS, PATCHES])
def test_every_edit_changes_one_stretch_and_keeps_comments(source: str) -> None:
    text = task_of(source).statement
    edits = edits_of(text)
    assert len(edits) > 50
    assert {edit.kind for edit in edits} <= set(WEIGHTS)
    doc_end = text.index('"""\n', text.index('"""') + 3)
    for edit in edits:
        assert 0 <= edit.start <= edit.end <= len(text)
        made = edit.applied(text)
        assert made != text
        assert made[: edit.start] == text[: edit.start]
        assert made[len(made) - (len(text) - edit.end) :] == text[edit.end :]
        assert edit.end <= text.index('"""') or edit.start >= doc_end
        assert edit.prior > 0


def test_nearly_all_edits_are_valid_python() -> None:
    text = task_of(HANGS).statement
    broken = 0
    edits = edits_of(text)
    for edit in edits:
        try:
            ast.parse(edit.applied(text))
        except SyntaxError:
            broken += 1
    assert broken / len(edits) < 0.02


def test_edits_that_are_apart_can_be_applied_together_in_any_order() -> None:
    text = task_of(ODD_STYLE).statement
    edits = edits_of(text)
    rng = random.Random(0)
    pairs = [rng.sample(edits, 2) for _ in range(200)]
    n_apart = 0
    for one, other in pairs:
        if apart(one, other) and one.start != other.start:
            n_apart += 1
            assert apply_all(text, (one, other)) == apply_all(text, (other, one))
    assert n_apart > 100


def test_what_does_not_parse_has_no_edits() -> None:
    assert edits_of("def f(:\n") == ()


ONE_EXAMPLE = '''def area(width, height):
    """The area.

    >>> area(2, 2)
    4
    """
    return width - height
'''


@pytest.mark.asyncio(loop_scope="session")
async def test_a_patch_that_rests_on_too_little_is_plausible_but_not_verified(box: Sandbox) -> None:
    best = (await check(box, ONE_EXAMPLE))[0]
    assert best.is_plausible
    assert not best.is_verified
    assert best.doubt == "all examples want the same, which many wrong functions give too"
    assert (await check(box, ODD_STYLE))[0].is_verified


@pytest.mark.asyncio(loop_scope="session")
async def test_a_doubted_patch_is_offered_as_unverified_with_its_reason(box: Sandbox) -> None:
    off = dict.fromkeys(("plan_search", "repair", "probe", "judge"), False)
    settings = Settings(k=1, **off)
    model = ScriptedModel(["nothing here"] * 4)
    solution = await solve(
        Context(model=model, sandbox=box, settings=settings), task_of(ONE_EXAMPLE)
    )
    assert solution.status is Status.UNVERIFIED
    assert solution.chosen is not None
    assert solution.chosen.candidate.origin == "mechanical"
    assert any(line.startswith("not called verified: all examples") for line in solution.evidence)


def version(*kinds: str, weight: float = 0.05, code: str = ODD_STYLE) -> Version:
    edits = tuple(
        Edit(start=i, end=i, new=str(i), line=1, what="", kind=kind, prior=1.0)
        for i, kind in enumerate(kinds)
    )
    return Version(code=code, edits=edits, weight=weight)


def found(
    n_base: int = 3, *, n_passing: int = 1, n_tried: int = 1000, is_cut: bool = False
) -> Found:
    plausible = [version("operator")] * n_passing
    return Found(
        n_examples=4, n_base=n_base, n_tried=n_tried, n_all=8000, is_cut=is_cut, plausible=plausible
    )


def patch(*kinds: str, share: float = 1.0, weight: float = 0.05) -> Ranked:
    return Ranked(version=version(*kinds, weight=weight), score=0.0, share=share)


@pytest.mark.parametrize(
    ("found", "patch", "doubt"),
    [
        (found(), patch("operator"), ""),
        (found(), patch("operator", share=0.5), "other small edits"),
        (found(), patch("statement: early end"), "what it adds rests on a single example"),
        (found(2), patch("statement: early end"), ""),
        (found(), patch("operator", "operator"), "it takes more edits than examples that failed"),
        (found(2), patch("operator", "operator"), ""),
        (
            found(n_passing=60),
            patch("operator", weight=1e-4),
            "60 of the 1,000 edits that were tried",
        ),
        (
            found(n_tried=2960, is_cut=True),
            patch("operator"),
            "the search for other small edits was cut",
        ),
    ],
)
def test_doubts_name_what_speaks_against_a_patch(found: Found, patch: Ranked, doubt: str) -> None:
    said = doubt_of(task_of(ODD_STYLE), found, patch)
    assert said.startswith(doubt)
    assert bool(said) == bool(doubt)


@pytest.mark.parametrize(
    ("old", "new", "unread"), [("s=start", "s=0", "start"), ("in numbers", "in [start]", "numbers")]
)
def test_a_patch_that_ignores_what_was_read_is_doubted(old: str, new: str, unread: str) -> None:
    one = version("operator", code=ODD_STYLE.replace(old, new))
    said = doubt_of(task_of(ODD_STYLE), found(), Ranked(version=one, score=0.0, share=1.0))
    assert said == f"with it the parameter {unread} is not used any more"


def test_methods_and_inner_functions_read_their_parameters_too() -> None:
    code = "    def f(self, a, *b, c=1, **d):\n        return lambda: [self, b, d]\n"
    assert used_parameters(textwrap.dedent(code)) == {"self", "b", "d"}


def test_a_cut_search_says_how_much_of_it_was_done() -> None:
    assert "2,960 of 8,000 tried" in doubt_of(
        task_of(ODD_STYLE), found(n_tried=2960, is_cut=True), patch("operator")
    )


def test_the_odds_count_the_tries_the_rivals_and_how_likely_the_edit_was() -> None:
    plain = odds(found(n_passing=3), patch("operator", share=0.9))
    assert odds(found(n_passing=60), patch("operator", share=0.9)) < plain
    assert odds(found(n_passing=3, n_tried=100), patch("operator", share=0.9)) < plain
    assert odds(found(n_passing=3), patch("operator", share=0.6)) < plain
    assert odds(found(n_passing=3), patch("operator", share=0.9, weight=1e-4)) < plain
    assert 0 < odds(found(n_passing=1000), patch("operator", share=0.0, weight=0.0)) < 0.2


def test_agreement_among_neighbouring_edits_is_no_support() -> None:
    def behaviour(n: int) -> Behaviour:
        same = (version("operator"),) * n
        return Behaviour(versions=same, faults=0, odd_kinds=0, agrees=0, commonest=0)

    assert behaviour(50).alone == behaviour(1).alone


EXAMPLES_THAT_LEAVE_MUCH_OPEN = '''def size(n):
    """Small, middle or large.

    >>> size(1)
    'small'
    >>> size(50)
    'large'
    """
    if n > 90:
        return "large"
    if n > 80:
        return "middle"
    return "small"
'''


@pytest.mark.asyncio(loop_scope="session")
async def test_examples_that_many_edits_pass_verify_none_of_them(box: Sandbox) -> None:
    best = (await check(box, EXAMPLES_THAT_LEAVE_MUCH_OPEN))[0]
    assert best.is_plausible
    assert not best.is_verified, best


@pytest.mark.asyncio(loop_scope="session")
async def test_a_search_that_ran_out_of_runs_verifies_nothing(box: Sandbox) -> None:
    task = task_of(ODD_STYLE)
    (best, *_) = await repair_mechanically(box, task, n_runs=40)
    assert best.is_plausible
    assert "cut short: 40 of " in best.doubt or "cut short: 80 of " in best.doubt, best.doubt


def test_what_one_example_wants_is_never_returned_outright() -> None:
    task = task_of(STUCK)
    edits = edits_of(task.statement, hints_of(task, task.statement))
    assert not any("a7f0" in e.new or "zz91" in e.new for e in edits)


def test_an_inserted_base_case_never_gives_what_one_example_wants() -> None:
    source = '''def triple(numbers):
    """Each times three.

    >>> triple([1, 2, 3])
    [3, 6, 9]
    >>> triple([5])
    [15]
    """
    return [n + 3 for n in numbers]
'''
    task = task_of(source)
    news = [e.new for e in edits_of(task.statement, hints_of(task, task.statement))]
    assert not any("[3, 6, 9]" in new or "[15]" in new for new in news)
    assert any("return []" in new for new in news)

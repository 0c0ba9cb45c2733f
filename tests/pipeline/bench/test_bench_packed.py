"""Values too long to travel as they are come back as what they were, or are equal to nothing."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from pipeline.bench import packed
from pipeline.bench.evalplus import EvalPlusGrader
from sandbox.api import Call, Job, Limits, Observation, Outcome, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")
N = packed.LONG


async def came_back(box: Sandbox, source: str) -> Any:
    code = f"def f():\n    return {source}\n{packed.VIEW.format(entry='f')}"
    limits = Limits(result_bytes=1 << 26)
    (seen,) = await box.run([Job(code=code, form=Call(entry=packed.NAME, args=()), limits=limits)])
    assert seen.outcome is Outcome.RETURNED
    return packed.unpacked(seen).value


@pytest.mark.parametrize(
    "source",
    [
        f"[0.5] * {N}",
        f"[0.1, 7, -0.0, float('inf'), 2**52] * {N}",
        f"tuple([1, 2.5] * {N})",
        f"[2**53 + 1, 0.5] * {N}",
        f"[2**2000, 0.5] * {N}",
        f"[True, 0.5] * {N}",
        f"[[1, 0.5]] * {N}",
        f"[0.5] * {N - 1}",
    ],
)
async def test_numbers_come_back_to_the_last_bit(box: Sandbox, source: str):
    value, wanted = await came_back(box, source), eval(source)
    assert value == wanted
    assert type(value) is type(wanted)
    assert [*map(type, value)] == [*map(type, wanted)]
    assert repr(value[:5]) == repr(wanted[:5])


async def test_what_holds_no_float_travels_as_its_hash(box: Sandbox):
    one, other = f"list(range({N}))", f"list(range({N - 1})) + [0]"
    seen = await came_back(box, one)
    assert seen[:2] == (packed.NAME, "list")
    assert len(seen[2]) == 32
    assert await came_back(box, other) != seen
    assert await came_back(box, f"tuple(range({N}))") != seen


@pytest.mark.parametrize(
    "value",
    [
        (packed.NAME, "list", b"", b"1234567"),
        (packed.NAME, "list", b"\x00", array("d", [1.0, 2.0]).tobytes()),
        (packed.NAME, "list", b"\x00", array("d", [float("inf")]).tobytes()),
        (packed.NAME, "list", b"\x00", array("d", [float("nan")]).tobytes()),
        (packed.NAME, "dict", b"", array("d", [1.0]).tobytes()),
        ("another", "list", b"", array("d", [1.0]).tobytes()),
    ],
)
async def test_what_nobody_packed_stays_as_it_is(value: object):
    seen = Observation(outcome=Outcome.RETURNED, value=value)
    assert packed.unpacked(seen) is seen or packed.unpacked(seen).value == value


@pytest.mark.parametrize(
    ("change", "official", "strict"),
    [
        ("out", True, True),
        ("[x * (1 + 1e-9) for x in out]", True, True),
        ("[x * 1.01 for x in out]", False, False),
        ("tuple(out)", False, False),
        ("out[:-1]", False, False),
        ("[float('nan')] + out[1:]", False, False),
    ],
)
async def test_long_lists_of_floats_are_judged_with_the_tolerance(
    box: Sandbox, change: str, official: bool, strict: bool
):
    reference = f"def f(n):\n    return [n / 3 + i / 7 for i in range({N})]\n"
    answer = f"{reference}\n_own = f\ndef f(n):\n    out = _own(n)\n    return {change}\n"
    grader = EvalPlusGrader(entry="f", reference=reference, base=((1,),), plus=((2,),))
    (grade,) = await grader.grade(box, [answer], "long")
    assert (grade.passed, grade.marks["strict"]) == (official, strict)


async def test_not_a_number_equals_itself_strictly_only(box: Sandbox):
    """Upstream compares without `equal_nan`: even the reference fails; strictly it passes."""
    reference = f"def f(n):\n    return [float('nan'), 1.0] * {N}\n"
    grader = EvalPlusGrader(entry="f", reference=reference, base=((1,),), plus=((2,),))
    (grade,) = await grader.grade(box, [reference], "nan")
    assert (grade.passed, grade.marks["strict"]) == (False, True)

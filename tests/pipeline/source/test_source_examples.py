"""Examples in customary forms are read; what is not clearly an example is left out."""

from __future__ import annotations

import pytest

from pipeline.source.examples import (
    MAX_TEXT_CHARS,
    Example,
    claim,
    examples_of,
    literal,
    visible_example,
)
from sandbox.api import Policy, Returns


def check(text: str, *params: str, name: str = "f") -> list[tuple[tuple[object, ...], object]]:
    return [(e.args, e.value) for e in examples_of(text, name, params or ("x",))]


@pytest.mark.parametrize(
    "text",
    [
        "f(1) == 2",
        "f(1) => 2",
        "f(1) ==> 2.",
        "f(1) -> 2",
        "f(1) --> 2",
        "f(1) ➞ 2",
        "f(1) → 2",
        "f(1) = 2",
        "f(1) returns 2",
        "f(1) should return 2",
        "f(1) should be 2.",
        "f(1) gives 2, because it does",
        "f(1)  # 2",
        "f(1)  # -> 2",
        "f(1)\n# -> 2",
        "f(1) # => 2 (really)",
        "f(1): 2",
        "`f(1)` returns `2`.",
        "* f(1) => 2",
        "1. f(1) => 2",
        "for example: f(1) == 2",
        "assert f(1) == 2",
        "For f(1) == 2",
        "e.g. f(1) == 2",
        "f(1) == 1 + 1 = 2",
        "For x = 1, the output should be 2.",
        "if x = 1 the result should be 2",
        "Given x = 1, it should return 2",
        "x = 1 => 2",
        "Input: 1\nOutput: 2",
        "Input: x = 1\nOutput: 2\nExplanation: none",
        "Example 1:\n    Input:\n        1\n    Output:\n        2\n",
        "Examples\n--------\nf(1) == 2\n",
        "Example:\n    f(1) -> 2\n",
    ],
)
def test_the_customary_forms_are_read(text: str) -> None:
    assert check(text) == [((1,), 2)]


@pytest.mark.parametrize(
    "text",
    [
        "f(a) == 2",
        "f(1) == y",
        "f(1) == 2 * 3",
        "f(1) == 5 * 6 = 31",
        "f(1) -> 2, 3",
        "f(1) == [1, 2, ...]",
        "f([1, ...]) == 2",
        'f(1) == ("a")',
        'f(1) == ""a"',
        "f(1) == [1] + [2]",
        "f(1) == 'a' 'b'",
        "f(1) is 4 times bigger",
        "f(1) returns 2 instead of 3",
        "f(1) returns 2, but it should return 3",
        "currently f(1) returns 2",
        "f(1) should not return 2",
        "not f(1) == 2",
        "2 * f(1) == 2",
        "len(f(1)) == 2",
        "if f(1) is 2 then stop",
        "g.f(1) == 2",
        "ff(1) == 2",
        "f(1) != 2",
        "f(1) == 2 if x else 3",
        "f(1) == 2\nf(1) == 3",
        "f(1) = 2\nf(n) = f(n - 1) + 1",
        "f(1, 2, 3) == 2",
        "f(y=1) == 2",
        "For x = 1 and y = 2, the output should be 3",
        "For x = 1 + 2, the output should be 3",
        "Input: a list\nOutput: a number",
        "Input: 1, 2\nOutput: 3",
        "f(1 == 2",
        "f('1) == 2",
        "f(1) == 2_",
        "f(1) == 0x",
        ">>> f(1)\n2",
    ],
)
def test_what_is_not_clear_is_left_out(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("f([1,\n   2], 'a)') == {'k': (1,)}", ("x", "y"), [(([1, 2], "a)"), {"k": (1,)})]),
        ("f(1, 2) == 3, f(2, 2) == 4", ("x", "y"), [((1, 2), 3), ((2, 2), 4)]),
        ("f(1) => true\nf(2) => null", ("x",), [((1,), True), ((2,), None)]),
        ("For x = 'a', y = [1] the output should be -1.5", ("x", "y"), [(("a", [1]), -1.5)]),
        ("Input: y = 2, x = 1\nOutput: 3", ("x", "y"), [((1, 2), 3)]),
        ("Input: grid : [[1]]\n       cap : 2\nOutput: 3", ("grid", "cap"), [(([[1]], 2), 3)]),
        ("Input: 1, 2\nOutput: 3", ("x", "y"), [((1, 2), 3)]),
    ],
)
def test_arguments_and_values_of_all_kinds(
    text: str, params: tuple[str, ...], expected: list[object]
) -> None:
    assert check(text, *params) == expected


def test_origin_and_line_are_kept() -> None:
    (one,) = examples_of("Doc.\n\n    f(1) == 2\n", "f", ["x"])
    assert (one.origin, one.line, one.text) == ("docstring:call", 2, "f(1) == 2")


def test_methods_are_called_on_a_fresh_instance() -> None:
    assert check("Stack().push(1) == 1", "item", name="Stack.push") == [((1,), 1)]
    assert check("stack.push(1) == 1", "item", name="Stack.push") == []


def test_a_claim_is_all_of_its_text() -> None:
    assert claim("f(1) == 2", "f", origin="o") is not None
    assert claim("f(1) == 2 and f(2) == 3", "f", origin="o") is None
    assert claim("x = f(1) == 2", "f", origin="o") is None


@pytest.mark.parametrize(("value", "policy"), [(2, Policy.PYTHON), ([0.5], Policy.FLOAT)])
def test_floats_get_a_tolerance(value: object, policy: Policy) -> None:
    example = Example(args=(1,), value=value, origin="o", line=0, text="t")
    expect = visible_example(example, "f", line=1).test.expect
    assert expect == Returns(value=value, policy=policy)


@pytest.mark.parametrize("text", ["-" * 9000 + "1", "(" * 9000, "[" * 3000, "{1: ...}", "f(1)", ""])
def test_hostile_or_odd_literals_are_none(text: str) -> None:
    assert literal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "f(" * 9000,
        "for x = 1 " * 1900,
        "Input: \n" * 2400,
        ("then for: " * 30 + "x f(1) == 2\n") * 60,
        "f(1)" + " " * 19_000 + "x",
        " \n" * 9000,
        "f(1) == 2, " * 1800,
    ],
)
def test_reading_ends_soon_whatever_the_text(text: str) -> None:
    assert len(text) <= MAX_TEXT_CHARS
    assert check(text) in ([], [((1,), 2)])


def test_a_huge_text_is_not_searched() -> None:
    assert check("f(1) == 2\n" * 10_000) == []

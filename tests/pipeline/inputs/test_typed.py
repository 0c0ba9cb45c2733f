"""Calls from annotations: of the right number and kinds, different, and the same for one seed."""

from __future__ import annotations

import pytest

from pipeline.inputs.typed import edge_calls, guessed_calls, slots_of, typed_calls
from sandbox.api import Call

SOURCE = (
    "class C:\n    def f(self, xs: list[int], n: int = 2, *more):\n        ...\n\ndef g(a, b):\n"
)


def check(calls: tuple[Call, ...], *kinds: type) -> None:
    assert calls
    assert len({repr(call) for call in calls}) == len(calls)
    assert all(tuple(map(type, call.args)) == kinds for call in calls)


@pytest.mark.parametrize(
    ("source", "entry", "kinds"),
    [
        (SOURCE, "C.f", ["list"]),
        ("def f(a: int, b: str):", "f", ["int", "str"]),
        ("async def f(a: bool) -> int:\n    return 1\n", "f", ["bool"]),
        ("def f():\n    ...\n", "f", []),
        ("x = 1\n", "f", []),
        ("def f(:\n", "f", []),
    ],
)
def test_the_slots_are_the_parameters_that_a_caller_fills(
    source: str, entry: str, kinds: list[str]
):
    assert [shapes[0].kind for shapes in slots_of(source, entry)] == kinds


def test_calls_have_the_kinds_of_their_annotations():
    slots = slots_of("def f(a: int, b: str):\n    ...\n", "f")
    calls = typed_calls("f", slots, seed=1, n=20)
    check(calls, int, str)
    assert calls == typed_calls("f", slots, seed=1, n=20)
    assert calls != typed_calls("f", slots, seed=2, n=20)


def test_what_is_not_known_is_guessed_for_few_parameters_only():
    slots = slots_of(SOURCE, "g")
    assert slots == ((), ())
    assert typed_calls("g", slots, seed=0, n=9) == ()
    guessed = guessed_calls("g", slots, seed=0, n=60)
    assert {type(call.args[0]) for call in guessed} == {int, str, list}
    assert guessed_calls("g", [()] * 4, seed=0, n=9) == ()
    assert guessed_calls("g", [], seed=0, n=9) == ()


def test_an_edge_changes_one_argument_and_keeps_the_items_kind():
    known = Call(entry="f", args=([3, 4], 5))
    calls = edge_calls([known], n=50)
    assert known not in calls
    for call in calls:
        assert sum(a != b for a, b in zip(call.args, known.args, strict=True)) == 1
    lists = [call.args[0] for call in calls if call.args[0] != [3, 4]]
    assert [] in lists
    assert [4, 3] in lists
    assert len(edge_calls([known], n=2)) == 2

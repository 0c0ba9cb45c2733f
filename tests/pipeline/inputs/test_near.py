"""Calls with one argument changed."""

from __future__ import annotations

import pytest

from pipeline.inputs.near import near, near_calls
from sandbox.api import Call


@pytest.mark.parametrize(
    ("value", "others"),
    [
        ("2016-02-14", ["2016-02-15", "2017-02-14", "2016-0214"]),
        ("1h30m", ["2h30m", "1h30", "1H30M"]),
        ("a b", ["a  b", "A b", " b"]),
        (7, [8, 6, 0, 70]),
        (True, [False]),
        ([1, 2], [[2], [1], [2, 1], [1, 2, 1], [2, 2]]),
        ((1, 2), [(2, 1), (2, 2)]),
        ({"a": 1}, [{}, {"a": 2}]),
    ],
)
def test_a_value_has_neighbours_of_its_own_kind(value: object, others: list[object]):
    found = list(near(value))
    assert [one for one in others if one not in found] == []
    assert {type(one) for one in found} == {type(value)}


def test_one_argument_is_changed_at_a_time_also_to_that_of_another_call():
    known = [
        Call(entry="f", args=("1", "%d")),
        Call(entry="f", args=("2 3", "%d %d"), kwargs={"strict": True}),
    ]
    made = near_calls(known, seed=0, n=1000)
    assert not {repr(call) for call in known} & {repr(call) for call in made}
    assert Call(entry="f", args=("1", "%d %d")) in made
    assert Call(entry="f", args=("2 3", "%d %d"), kwargs={"strict": False}) in made
    for call in made:
        changes = [
            sum(a != b for a, b in zip(call.args, one.args, strict=True))
            + (call.kwargs != one.kwargs)
            for one in known
        ]
        assert 1 in changes


def test_the_same_calls_give_the_same_neighbours_up_to_the_bound():
    known = [Call(entry="f", args=("1h30m",))]
    assert near_calls(known, seed=3, n=5) == near_calls(known, seed=3, n=5)
    assert len(near_calls(known, seed=3, n=5)) == 5
    assert near_calls([], seed=0, n=5) == ()

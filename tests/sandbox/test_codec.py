"""The codec keeps plain data as it is and never fails on foreign bytes but with CodecError."""

from __future__ import annotations

import collections
import enum
import math
import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import codec
from sandbox.api import Opaque, Policy
from sandbox.verdicts import equal

keys = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.binary(max_size=20)),
        *(st.text(st.characters(exclude_categories=())), st.floats(allow_nan=False)),
    ),
    lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=3)),
    max_leaves=6,
)
values = st.recursive(
    st.one_of(keys, st.floats(), st.complex_numbers()),
    lambda inner: st.one_of(
        *(st.lists(inner), st.tuples(inner, inner), st.sets(keys, max_size=4)),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=20,
)


def check_refused(data: bytes) -> None:
    with pytest.raises(codec.CodecError):
        codec.decode(data, opaque=Opaque)


@given(values)
@settings(max_examples=400)
def test_plain_data_comes_back_with_the_same_types(value):
    back = codec.decode(codec.encode(value))
    assert equal(back, value, Policy.EXACT)


def test_signs_of_zero_and_payloads_of_nan_survive():
    back = codec.decode(codec.encode([-0.0, math.nan, 10**5000, "\ud800", b"\x00\xff"]))
    assert math.copysign(1, back[0]) == -1
    assert math.isnan(back[1])
    assert back[2:] == [10**5000, "\ud800", b"\x00\xff"]


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class EqualList(list):  # type: ignore[type-arg]
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class EqualInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize("value", [AlwaysEqual(), EqualList([1]), EqualInt(1), object(), print])
def test_an_object_with_its_own_equality_travels_as_its_name(value):
    back = codec.decode(codec.encode([value]), opaque=Opaque)
    assert back == [Opaque(type(value).__name__)]


Point = collections.namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (collections.defaultdict(int, a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.OrderedDict(b=1), {"b": 1}),
        (Point(1, 2), (1, 2)),
        (Colour.RED, 3),
        (bytearray(b"x"), b"x"),
    ],
)
def test_a_subclass_that_keeps_its_base_equality_travels_as_the_base(value, plain):
    back = codec.decode(codec.encode(value))
    assert equal(back, plain, Policy.EXACT)


def test_a_value_that_contains_itself_is_too_deep():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(codec.TooDeep):
        codec.encode(loop)


def test_a_large_value_stops_at_the_limit():
    with pytest.raises(codec.TooLarge):
        codec.encode(["x" * 100] * 100, max_bytes=5000)


def test_chosen_keys_with_one_hash_are_refused_before_they_cost_time():
    colliding = {n * ((1 << 61) - 1) for n in range(2000)}
    parts = [codec.encode(n) for n in colliding]
    check_refused(b"S" + struct.pack("!I", len(parts)) + b"".join(parts))


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"x",
            b"i\x00\x00\x00\x09\x01",
            b"l\xff\xff\xff\xff",
            b"NN",
            b"s\x00\x00\x00\x01\xff",
        ),
        *(b"S\x00\x00\x00\x02NN", b"S\x00\x00\x00\x01l\x00\x00\x00\x00", b"d\x00\x00\x00\x01N"),
        b"l\x00\x00\x00\x01" * 300 + b"N",
    ],
)
def test_broken_bytes_are_refused(data):
    check_refused(data)


def check_survives(data: bytes) -> None:
    try:
        codec.decode(data, opaque=Opaque)
    except codec.CodecError:
        return


@given(st.binary(max_size=300))
@settings(max_examples=2000)
def test_random_bytes_give_a_value_or_a_codec_error(data):
    check_survives(data)


TAGS = [bytes([c]) for c in b"NTFfcisboltSZd"]
SEEDS = [
    codec.encode(value)
    for value in (
        {1: (2.5, {3}), "a": [None, True, b"x"]},
        [[[[frozenset({1, (2, "b")})]]], -0.0, 10**40, 1 + 2j],
        {"outcome": "returned", "value": {(1, 2): {"k": [1, 2, 3]}}},
    )
]


def mutated(random: Random) -> bytes:
    """Bytes near to a value: a real one with a few bytes changed, or tags and lengths in a row."""
    if random.random() < 0.3:
        pieces = [random.choice(TAGS) + struct.pack("!I", random.randrange(7)) for _ in range(20)]
        return b"".join(pieces)[: random.randrange(100)]
    data = bytearray(random.choice(SEEDS))
    for _ in range(random.randrange(1, 4)):
        data[random.randrange(len(data))] = random.choice((random.randrange(256), *b"lSZdiso\0"))
    return bytes(data[: random.randrange(1, len(data) + 40)])


@pytest.mark.slow
@given(st.integers(0))
@settings(max_examples=200, deadline=None)
def test_a_hundred_thousand_mutated_values_give_a_value_or_a_codec_error(seed):
    random = Random(seed)
    for _ in range(500):
        check_survives(mutated(random))

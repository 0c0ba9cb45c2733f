"""Values are made in the shape that an annotation or an example asks for; edges come first."""

from __future__ import annotations

import ast
from random import Random

import pytest

from pipeline.inputs.shapes import (
    INT,
    LIST_OF_INT,
    NONE,
    STR,
    Fresh,
    KnownValues,
    Shape,
    annotated,
    merged,
    shape_of,
)

KINDS = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "bytes": bytes,
    "None": type(None),
    "list[str]": list,
    "set[int]": set,
    "frozenset[str]": frozenset,
    "tuple[int, str]": tuple,
    "tuple[int, ...]": tuple,
    "dict[str, list[int]]": dict,
    "dict": dict,
    "Sequence": list,
    "AbstractSet": set,
    "FrozenSet": frozenset,
    "tuple": tuple,
    "set[list[int]]": set,
}
POOL = KnownValues(ints=(7,), floats=(0.25,), strings=("needle",))


def annotation(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def check_values(shape: Shape, kind: type, pool: KnownValues) -> None:
    for seed in range(60):
        fresh = Fresh(rng=Random(seed), pool=pool)
        assert type(fresh.value(shape)) is kind
        assert all(type(one) is kind for one in fresh.edges(shape))


@pytest.mark.parametrize("note", KINDS)
@pytest.mark.parametrize("pool", [KnownValues(), POOL], ids=["nothing known", "known"])
def test_a_value_has_the_kind_of_its_annotation(note: str, pool: KnownValues):
    shapes = annotated(annotation(note))
    assert shapes
    for shape in shapes:
        check_values(shape, KINDS[note], pool)


@pytest.mark.parametrize(
    ("note", "kinds"),
    [
        ("int | None", {"int", "None"}),
        ("Optional[str]", {"str", "None"}),
        ("Union[int, str]", {"int", "str"}),
        ("'list[int]'", {"list"}),
        ("typing.Mapping[str, int]", {"dict"}),
        ("list[Unknown]", {"list"}),
        ("Unknown", set()),
        ("Unknown[int]", set()),
        ("'not ('", set()),
    ],
)
def test_an_annotation_allows_what_it_says(note: str, kinds: set[str]):
    assert {shape.kind for shape in annotated(annotation(note))} == kinds
    assert annotated(None) == ()


def test_a_literal_gives_its_own_values():
    (shape,) = annotated(annotation("Literal['a', 'b']"))
    fresh = Fresh(rng=Random(1))
    assert {fresh.value(shape) for _ in range(40)} == {"a", "b"} == set(fresh.edges(shape))


@pytest.mark.parametrize(
    "value",
    [True, 3, 2.5, "x", b"x", [1, "a"], {1}, frozenset({1}), (1, "a"), {"a": [1]}, None, [], {}],
)
def test_what_is_made_like_an_example_is_of_its_kind(value: object):
    shape = shape_of(value)
    assert type(Fresh(rng=Random(2)).value(shape)) is type(value)


def test_a_record_has_the_keys_that_are_known():
    shape = Shape("record", (INT, STR), ("id", "name"))
    found = Fresh(rng=Random(3)).value(shape)
    assert isinstance(found, dict)
    assert {key: type(one) for key, one in found.items()} == {"id": int, "name": str}


def test_an_empty_list_says_nothing_beside_a_full_one():
    words = Shape("list", (STR,))
    assert merged([LIST_OF_INT, words]) == (words,)
    mixed = Shape("list", (INT, STR))
    assert merged([LIST_OF_INT, mixed]) == (LIST_OF_INT, mixed)
    assert merged([NONE, NONE]) == (NONE,)


def test_the_edges_of_numbers_hold_what_is_known():
    fresh = Fresh(rng=Random(4), pool=POOL)
    assert 7 in fresh.edges(INT)
    assert {0.25, 7.0} <= set(fresh.edges(Shape("float")))
    assert "needle" in fresh.edges(STR)

"""Output is compared as doctest does, and as its plugins do where their flags say so."""

from __future__ import annotations

import doctest

import pytest

from sandbox.checker import flag_of, flags_of, output_matches


def check(want: str, got: str, *names: str) -> bool:
    return output_matches(f"{want}\n", f"{got}\n", flags_of(*names))


@pytest.mark.parametrize(
    ("want", "got", "same"),
    [
        ("3.14", "3.14159", True),
        ("3.16", "3.14159", False),
        ("[1.0, 2.00]", "[0.99, 2.001]", True),
        ("1e3", "1000.4", True),
        ("3", "3.0001", False),
        ("3", "3", True),
        ("x 1.5", "y 1.5", False),
        ("1.0 2.0", "1.0", False),
    ],
)
def test_number_compares_to_the_digits_that_are_given(want: str, got: str, same: bool) -> None:
    assert check(want, got, "NUMBER") is same


def test_float_cmp_compares_with_a_tolerance_and_knows_nan() -> None:
    assert check("[0.1, nan]", "[0.10000000001, nan]", "FLOAT_CMP")
    assert check("1", "1.0", "FLOAT_CMP")
    assert not check("0.1", "0.11", "FLOAT_CMP")


def test_prefixes_of_strings_may_differ_where_that_is_allowed() -> None:
    assert check("u'a'", "'a'", "ALLOW_UNICODE")
    assert check("'a'", "b'a'", "ALLOW_BYTES")
    assert not check("u'a'", "'a'")
    assert not check("'a'", "b'a'", "ALLOW_UNICODE")


def test_output_that_does_not_matter() -> None:
    assert check("a", "b", "IGNORE_OUTPUT")
    assert check("a", "b", "IGNORE_WANT")


def test_flags_have_one_bit_each_and_the_standard_ones_keep_theirs() -> None:
    names = ("NUMBER", "ALLOW_UNICODE", "FLOAT_CMP", "ELLIPSIS", "SKIP")
    assert len({flag_of(name) for name in names}) == len(names)
    assert flag_of("ELLIPSIS") == doctest.ELLIPSIS
    assert flag_of("NO_SUCH_FLAG") is None
    assert flags_of("ELLIPSIS", "ELLIPSIS", "NO_SUCH_FLAG") == doctest.ELLIPSIS

import pytest
from tally.figures import clamp, mean, spread


@pytest.mark.parametrize(("x", "expected"), [(-3, 0), (4, 4), (12, 10)])
def test_clamp(x, expected):
    assert clamp(x, 0, 10) == expected


def test_clamp_keeps_an_end():
    assert clamp(7, 0, 7) == 7


def test_mean():
    assert mean([1, 2, 6]) == 3


def test_mean_of_nothing():
    with pytest.raises(ValueError, match="no figures"):
        mean([])


def test_spread():
    assert spread([4, 1, 9]) == 8


def test_spread_of_one():
    """It is the test that is wrong."""
    assert spread([5]) == 5

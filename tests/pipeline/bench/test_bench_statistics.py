"""Known values and properties of the statistics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.statistics import (
    aurc,
    bootstrap,
    brier,
    calibration_bins,
    clopper_pearson,
    ece,
    mcnemar,
    paired,
    risk_coverage,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe's table I (Statistics in Medicine 17, 1998), method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(successes: int, n: int, low: float, high: float):
    interval = wilson(successes, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe's table I, method 5.
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_is_as_published(successes: int, n: int, low: float, high: float):
    interval = clopper_pearson(successes, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_hold_the_rate_and_the_exact_one_is_no_narrower_at_the_ends(pair):
    successes, n = pair
    for interval in (wilson(successes, n), clopper_pearson(successes, n)):
        assert 0 <= interval.low <= successes / n <= interval.high <= 1


def test_nothing_is_known_of_no_task():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    assert (clopper_pearson(0, 0).low, clopper_pearson(0, 0).high) == (0, 1)


def test_mcnemar_is_the_sign_test_of_the_discordant_pairs():
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 5) == 1
    assert mcnemar(1, 9) == pytest.approx(2 * 11 / 1024)
    assert mcnemar(9, 1) == mcnemar(1, 9)
    assert mcnemar(0, 20) == pytest.approx(2 / 2**20)


def test_a_paired_comparison_counts_whole_tasks():
    found = paired([1, 1, 0, 0, 0.5], [1, 0, 1, 1, 1])
    assert (found.only_first, found.only_second, found.n) == (1, 3, 5)
    assert found.difference == pytest.approx(0.3)
    assert found.interval.low <= found.difference <= found.interval.high


def test_the_bootstrap_interval_of_a_mean_is_about_two_standard_errors():
    values = [0.0] * 50 + [1.0] * 50
    interval = bootstrap(values, seed=1)
    assert interval == bootstrap(values, seed=1)
    assert interval.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.012)
    assert interval.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.012)


def test_perfect_calibration_has_no_error_and_false_certainty_all_of_it():
    assert ece([0.25] * 4 + [0.75] * 4, [True, False, False, False] + [True] * 3 + [False]) == 0
    assert ece([1.0] * 3, [False] * 3) == 1
    assert brier([1.0, 0.0], [True, False]) == 0
    assert [one.n for one in calibration_bins([0.1, 0.11, 0.9], [True] * 3)] == [2, 1]


def test_risk_grows_with_coverage_when_confidence_ranks_well():
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, False])
    assert curve == ((0.25, 0), (0.5, 0), (0.75, pytest.approx(1 / 3)), (1, 0.5))
    assert aurc(curve) == pytest.approx((1 / 3 + 1 / 2) / 4)


def test_ties_in_confidence_are_answered_together():
    assert risk_coverage([0.5] * 4, [True, False, True, False]) == ((1, 0.5),)

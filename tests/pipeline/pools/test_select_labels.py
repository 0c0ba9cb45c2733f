"""The scorer of the selection benchmark: what repeats is not counted as new evidence."""

from __future__ import annotations

from random import Random

from benchmarks.select_labels import calibration_of


def calibrated(n_tasks: int, n_draws: int) -> dict[str, float]:
    """A perfectly calibrated chooser that takes the same candidate of a task in every draw."""
    rng = Random(3)
    said = [rng.uniform(0.05, 0.95) for _ in range(n_tasks)]
    right = [rng.random() < p for p in said]
    keys = [(str(task), 0) for task in range(n_tasks)]
    return calibration_of(keys * n_draws, said * n_draws, right * n_draws)


def test_repeated_draws_make_calibration_no_surer():
    once, often = calibrated(160, 1), calibrated(160, 20)
    assert abs(once["ece"] - often["ece"]) < 1e-9
    assert abs(once["ece_by_chance"] - often["ece_by_chance"]) < 1e-9


def test_more_tasks_do():
    assert calibrated(3000, 1)["ece_by_chance"] < calibrated(160, 1)["ece_by_chance"] / 2


def test_what_is_always_too_sure_stands_out():
    said, keys = [0.95] * 160, [(str(task), 0) for task in range(160)]
    found = calibration_of(keys, said, [task % 2 == 0 for task in range(160)])
    assert found["ece"] > 5 * found["ece_by_chance"]

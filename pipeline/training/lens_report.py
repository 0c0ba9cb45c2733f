"""What a lens is worth, for people: in words and as tables."""

from __future__ import annotations

from pipeline.lens.record import Lens, LensError
from pipeline.lens.score import Abstained, apply, installed_lens
from pipeline.models.api import ModelInfo
from pipeline.training.measure import ScoreComparison, calibration_error, compare, free_scores, lead
from pipeline.training.state_pool import StatePool


def lens_of(pool: StatePool) -> Lens:
    """The installed lens of the pool's model. Raises LensError."""
    about = pool.about
    model = ModelInfo(
        name=about["model_name"], backend="pool", sha256=about["model_sha256"], dim=pool.dim
    )
    found = installed_lens(model)
    if isinstance(found, Abstained):
        raise LensError(found.reason)
    return found


def comparisons(pool: StatePool, lens: Lens) -> tuple[ScoreComparison, ...]:
    """The lens and the free measures on all candidates, and on those that pass visible tests.

    Raises LensError for a pool of another model.
    """
    if (lens.model_sha256, lens.dim) != (pool.about["model_sha256"], pool.dim):
        raise LensError(f"the pool is of another model than the lens ({lens.model_name})")
    scores = {"lens": -apply(lens.energy, pool.x), **free_scores(pool)}
    seen = pool.visible
    kept = {name: score[seen] for name, score in scores.items()}
    return (
        compare(pool, scores, "all candidates (as without visible tests)"),
        compare(pool.rows(seen), kept, "candidates that pass the visible tests"),
    )


def ahead_of(pool: StatePool, lens: Lens) -> str:
    """One sentence: the lens against the strongest free measure within tasks."""
    best, ahead, interval = lead(pool, -apply(lens.energy, pool.x), free_scores(pool))
    return (
        f"AUC within tasks, lens minus {best} (the best free measure): {ahead:+.3f}"
        f" [{interval.low:+.3f}, {interval.high:+.3f}]"
    )


def ece_of(pool: StatePool, lens: Lens) -> float:
    """Calibration error of the lens's own probability on the pool."""
    import numpy as np

    head = lens.energy
    odds = head.slope * apply(head, pool.x) + head.offset
    return calibration_error(1 / (1 + np.exp(-odds)), pool.passed)


def lines_of(lens: Lens) -> list[str]:
    """Plain lines about a lens, every figure from tasks that it had not seen."""
    facts = lens.facts
    (low, high), (less, more) = facts["ahead_interval"], facts["added_interval"]
    lines = [
        f"lens for {lens.model_name} (sha256 {lens.model_sha256[:12]}), dimension {lens.dim}",
        f"trained on {facts['candidates']} candidates of {facts['tasks']} tasks,"
        f" {facts['right']} right",
    ]
    for row in facts["scores"]:
        within = row["auc_within"]
        shown = f"{within:.3f}" if within is not None else "–"
        lines.append(
            f"  {row['name']:24} AUC {row['auc']:.3f}, within tasks {shown},"
            f" selects {100 * row['selected']:.1f} % ({100 * row['gain']:+.1f} over random)"
        )
    verdict = "earns its place" if lens.earns_its_place else "does not earn its place"
    return [
        *lines,
        f"ahead of {facts['best_free']}: {facts['ahead']:+.3f} [{low:+.3f}, {high:+.3f}]"
        f" AUC within tasks: {verdict}",
        f"added to all free measures together: {facts['added']:+.3f} [{less:+.3f}, {more:+.3f}]"
        " AUC within tasks",
        f"ECE {facts['ece']:.3f}; difficulty from the prompt alone: AUC"
        f" {_number(facts['difficulty_auc'])}, prompt length"
        f" {_number(facts['difficulty_auc_of_prompt_length'])}",
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

"""The log-odds sum: what it learns, what it says of its own certainty, and what may not move it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from pipeline.running.matrix import Matrix
from pipeline.select.evidence import KINDS, PLAIN, TERMS, Draw, draw, used_terms
from pipeline.select.posterior import (
    LENS_CLIP,
    Labelled,
    Posterior,
    fit,
    fit_across,
    from_json,
    nearest,
    shipped,
    to_json,
)

RIGHT, WRONG = "= 1", "= 2"


def matrix(rows: list[tuple[str, int, int]], task: str = "t") -> Matrix:
    """One input and one visible and one generated test; (behaviour, visible, generated) a row."""
    return Matrix(
        task_id=task,
        row_of=tuple(range(len(rows))),
        inputs=("f(0)", "f(1)"),
        sources=("visible", "near-visible"),
        behaviours=tuple((b, b) for b, _v, _g in rows),
        visible=tuple((v,) for _b, v, _g in rows),
        generated=tuple((g,) for _b, _v, g in rows),
        groups=(0,),
        test_inputs=(0,),
        counts=(1,),
    )


def noisy_tasks(n: int, *, k: int = 5) -> list[Labelled]:
    """Right candidates pass the visible test and the generated one more often than wrong ones."""
    rng, made = Random(7), []
    for at in range(n):
        rights = [rng.random() < 0.4 for _ in range(k)]
        rows = [
            (
                RIGHT if right else f"= {rng.randint(2, 9)}",
                int(right or rng.random() < 0.3),
                int(rng.random() < (0.8 if right else 0.4)),
            )
            for right in rights
        ]
        seen = draw(matrix(rows, f"t{at}"), range(k), KINDS)
        made.append(
            Labelled(
                task=f"t{at}",
                draw=seen,
                right=tuple(float(rights[group.members[0]]) for group in seen.groups),
            )
        )
    return made


@pytest.fixture(scope="module")
def fitted() -> Posterior:
    return fit(noisy_tasks(300), kinds=KINDS, k=5)


def winner(model: Posterior, seen: Draw) -> int:
    return int(model.of(seen)[:-1].argmax())


def test_chances_sum_to_one_and_none_is_among_them(fitted: Posterior):
    seen = draw(matrix([(RIGHT, 1, 1), (WRONG, 0, 0)]), (0, 1), KINDS)
    chances = fitted.of(seen)
    assert len(chances) == len(seen.groups) + 1
    assert chances.sum() == pytest.approx(1)
    assert (chances > 0).all()


def test_what_fails_every_visible_test_makes_none_likelier(fitted: Posterior):
    passing = fitted.of(draw(matrix([(RIGHT, 1, 1), (WRONG, 0, 0)]), (0, 1), KINDS))
    failing = fitted.of(draw(matrix([(RIGHT, 0, 1), (WRONG, 0, 0)]), (0, 1), KINDS))
    assert failing[-1] > passing[-1]


def test_visible_tests_beat_a_majority(fitted: Posterior):
    rows = [(WRONG, 0, 1), (WRONG, 0, 1), (WRONG, 0, 1), (RIGHT, 1, 0)]
    seen = draw(matrix(rows), range(4), KINDS)
    assert seen.groups[winner(fitted, seen)].members == (3,)


def test_fresh_tasks_are_calibrated_and_better_than_the_first(fitted: Posterior):
    fresh = noisy_tasks(700)[300:]
    said, right = [], []
    for one in fresh:
        best = winner(fitted, one.draw)
        said.append(fitted.calibrated(float(fitted.of(one.draw)[best])))
        right.append(one.right[best])
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.05)
    assert np.mean(right) > np.mean([one.right[0] for one in fresh]) + 0.2


def test_the_lens_is_clipped(fitted: Posterior):
    seen = draw(matrix([(RIGHT, 1, 1), (WRONG, 1, 0)]), (0, 1), KINDS)
    wild, clipped = fitted.of(seen, lens=(0, 50)), fitted.of(seen, lens=(0, LENS_CLIP))
    assert wild == pytest.approx(clipped)
    assert wild[1] > fitted.of(seen)[1]


def test_evidence_that_is_off_moves_nothing(fitted: Posterior):
    kinds = ("agreement",)
    one = draw(matrix([(RIGHT, 1, 1), (WRONG, 0, 0)]), (0, 1), kinds)
    other = draw(matrix([(RIGHT, 0, 0), (WRONG, 1, 1)]), (0, 1), kinds)
    assert [g.terms.tolist() for g in one.groups] == [g.terms.tolist() for g in other.groups]
    given = {TERMS[i] for g in one.groups for i in np.flatnonzero(g.terms)}
    assert given <= set(used_terms(kinds))


def test_inputs_near_visible_ones_count_only_with_them():
    both = matrix([(RIGHT, 1, 1), (WRONG, 1, 1)])
    rows = replace(
        both, sources=("near-visible", "typed"), behaviours=((RIGHT, RIGHT), (WRONG, RIGHT))
    )
    assert len(draw(rows, (0, 1), ("visible", "agreement")).groups) == 2
    assert len(draw(rows, (0, 1), ("agreement",)).groups) == 1


def test_without_any_input_nobody_is_alike():
    rows = replace(matrix([(RIGHT, 1, 1)] * 2), inputs=(), sources=(), behaviours=((), ()))
    assert len(draw(rows, (0, 1), ("agreement",)).groups) == 2


def test_weights_come_back_from_json_and_others_are_refused(fitted: Posterior):
    data = to_json([fitted], "made here")
    (back,) = from_json(data)
    seen = draw(matrix([(RIGHT, 1, 1), (WRONG, 0, 0)]), (0, 1), KINDS)
    assert back.of(seen) == pytest.approx(fitted.of(seen), abs=1e-3)
    with pytest.raises(ValueError, match="another version"):
        from_json({**data, "terms": ["something else"]})


def test_nothing_to_fit_is_said():
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([], kinds=KINDS, k=3)


@pytest.mark.parametrize("k", [1, 2, 3, 10, 64, 200])
def test_shipped_weights_serve_every_evidence_and_size(k: int):
    rows = [(WRONG, 0, 0)] * (k - 1) + [(RIGHT, 1, 1)]
    seen = draw(matrix(rows), range(k), KINDS)
    for kinds in (KINDS, ("visible", "agreement"), ("generated",), ("agreement",)):
        assert nearest(shipped(), kinds, k) is not None
    model = nearest(shipped(), KINDS, k)
    assert model
    assert seen.groups[winner(model, seen)].members == (k - 1,)


def test_plain_methods_differ_where_they_should():
    rows = [(WRONG, 0, 1), (WRONG, 0, 1), (RIGHT, 1, 0)]
    chosen = {name: choose(matrix(rows), (0, 1, 2)) for name, choose in PLAIN.items()}
    assert chosen["first"] == 0
    assert chosen["simple"] == 2
    assert chosen["codet"] in (0, 1)
    assert chosen["counting"] == 0


def test_aces_follows_the_tests_that_agree_with_the_others():
    """Three tests rank the first candidate highest; two, which agree with none, want the last."""
    passed = ((1, 1, 1, 0, 0), (1, 1, 0, 0, 0), (1, 0, 0, 1, 0), (0, 0, 0, 1, 1))
    base = matrix([(f"= {i}", 1, 1) for i in range(4)])
    rows = replace(
        base, generated=passed, groups=(0,) * 5, test_inputs=(0,) * 5, counts=(1, 1, 1, 2, 2)
    )
    assert PLAIN["counting"](rows, range(4)) == 3
    assert PLAIN["aces"](rows, range(4)) == 0


def test_aces_without_tests_or_with_useless_ones_takes_the_first():
    base = matrix([(RIGHT, 1, 1)] * 3)
    assert PLAIN["aces"](base, range(3)) == 0
    assert PLAIN["aces"](replace(base, groups=()), (1, 2)) == 1


def test_across_models_the_least_sure_calibration_is_kept():
    """Of a model whose candidates are wrong where they look right nobody is sure afterwards."""
    good, bad = (
        noisy_tasks(60),
        [replace(one, right=(0.0,) * len(one.right)) for one in noisy_tasks(60)],
    )
    alike = fit_across([good, good], kinds=KINDS, k=5)
    mixed = fit_across([good, bad], kinds=KINDS, k=5)
    assert mixed.calibrated(0.9) < 0.5 < alike.calibrated(0.9)


def test_one_model_is_not_enough_to_leave_one_out():
    with pytest.raises(ValueError, match="two or more"):
        fit_across([noisy_tasks(10)], kinds=KINDS, k=5)

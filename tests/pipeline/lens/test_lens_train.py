"""Training finds what is there, says so when nothing is, and never mixes tasks."""

from __future__ import annotations

import numpy as np
import pytest
from lens_made import MODEL, pool

from pipeline.lens.record import Lens, LensError
from pipeline.lens.score import Abstained, apply, lens_log_odds
from pipeline.training.lens_report import ahead_of, comparisons, ece_of, lines_of
from pipeline.training.measure import auc, compare, lead
from pipeline.training.state_pool import StatePool, load_pool, require_labels, save_pool


@pytest.fixture(scope="module")
def trained() -> Lens:
    pytest.importorskip("torch", reason="training needs torch; pip install 'atlas-lsp[train]'")
    from pipeline.training.lens_training import train

    return train(pool(0, signal=0.7))


def test_a_signal_is_found_on_other_tasks(trained: Lens):
    fresh = pool(1, signal=0.7)
    whole, _ = comparisons(fresh, trained)
    mine = whole.of("lens")
    assert mine.auc_within is not None
    assert mine.auc_within > 0.8
    assert mine.gain_interval.low > 0
    assert mine.selected > whole.of("mean logprob").selected
    assert ece_of(fresh, trained) < 0.1
    assert trained.earns_its_place
    assert trained.facts["added"] > 0.1
    assert "lens minus" in ahead_of(fresh, trained)


def test_its_log_odds_are_a_term_of_a_sum(trained: Lens):
    from pipeline.core.task import Candidate
    from pipeline.models.api import HiddenStates

    fresh = pool(2, signal=0.7, n_tasks=20)
    parts = [np.split(row, 3) for row in fresh.x]
    made = [
        Candidate(
            code="",
            origin="probe",
            states=HiddenStates(prompt_last=p, mean_code=c, last=last),
        )
        for p, c, last in parts
    ]
    found = lens_log_odds(made, MODEL, lens=trained)
    assert not isinstance(found, Abstained)
    assert np.mean(np.array(found)[fresh.passed]) > np.mean(np.array(found)[~fresh.passed])


def test_noise_earns_no_place():
    pytest.importorskip("torch", reason="training needs torch; pip install 'atlas-lsp[train]'")
    from pipeline.training.lens_training import train

    found = train(pool(3, signal=0.0))
    assert not found.earns_its_place
    assert "does not earn its place" in "\n".join(lines_of(found))
    assert isinstance(lens_log_odds([], MODEL, lens=found), Abstained)


def test_numpy_and_torch_agree(trained: Lens):
    torch = pytest.importorskip("torch")
    head, x = trained.energy, pool(4, signal=0.7, n_tasks=5).x
    z = torch.from_numpy((x - head.mean) / head.std)
    inner = z @ torch.from_numpy(head.w1).T + torch.from_numpy(head.b1)
    expected = torch.nn.functional.silu(inner) @ torch.from_numpy(head.w2) + head.b2
    assert np.allclose(apply(head, x), expected.numpy(), atol=1e-4)


def test_the_same_seed_gives_the_same_lens(trained: Lens):
    from pipeline.training.lens_training import train

    again = train(pool(0, signal=0.7))
    assert np.array_equal(again.energy.w1, trained.energy.w1)


def test_tasks_of_a_family_are_never_split():
    pytest.importorskip("torch", reason="training needs torch; pip install 'atlas-lsp[train]'")
    from pipeline.training.lens_training import FOLDS, _folds

    made = pool(0, signal=0.0)
    folds = _folds(made, seed=0)
    by_key: dict[str, set[int]] = {}
    for fold, task in zip(folds, made.task, strict=True):
        by_key.setdefault(made.keys[task], set()).add(int(fold))
    assert {len(folds) for folds in by_key.values()} == {1}
    assert len(set(folds)) == FOLDS


def test_too_few_labels_are_refused_with_their_counts():
    few = pool(0, signal=0.0, n_tasks=8)
    with pytest.raises(LensError, match=r"has 8 tasks, \d+ right and \d+ wrong candidates"):
        require_labels(few, tasks=40, failures=40)


def test_a_pool_of_another_model_is_refused(trained: Lens):
    made = pool(0, signal=0.0, n_tasks=8)
    other = StatePool(
        **{name: getattr(made, name) for name in made.__dataclass_fields__ if name != "about"},
        about={"model_sha256": "cd" * 32, "model_name": "other"},
    )
    with pytest.raises(LensError, match="is of another model"):
        comparisons(other, trained)


def test_a_pool_comes_back_as_it_was(tmp_path):
    made = pool(0, signal=0.0, n_tasks=8)
    save_pool(made, tmp_path / "pool.safetensors")
    again = load_pool(tmp_path / "pool.safetensors")
    assert again.keys == made.keys
    assert np.array_equal(again.x, made.x)
    assert np.array_equal(again.passed, made.passed)


def test_auc_counts_ties_half():
    right = np.array([True, False, True, False])
    assert auc(np.array([2.0, 1.0, 2.0, 1.0]), right) == 1.0
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), right) == 0.5
    assert auc(np.array([1.0, 2.0, 1.0, 3.0]), right) == 0.0
    assert auc(np.array([1.0, 2.0]), np.array([True, True])) is None


def test_selecting_by_labels_is_the_oracle_and_by_a_constant_is_random():
    made = pool(5, signal=0.0)
    found = compare(
        made, {"labels": made.passed.astype(float), "constant": np.zeros(len(made.x))}, "made"
    )
    assert found.of("labels").selected == found.oracle
    assert found.of("constant").selected == pytest.approx(found.random)
    best, ahead, interval = lead(
        made, made.passed.astype(float), {"constant": np.zeros(len(made.x))}
    )
    assert (best, ahead) == ("constant", 0.5)
    assert interval.low == 0.5

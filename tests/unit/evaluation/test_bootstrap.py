"""Intervals: the values scikit-learn gives, the width theory gives, the same every time."""

import numpy as np
import pytest
from sklearn import metrics

from unmask.errors import EvaluationError
from unmask.evaluation import bootstrap
from unmask.evaluation.bootstrap import draw_weights, intervals


def case(num_images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, num_images)
    return labels, np.clip(0.5 + 0.15 * (2 * labels - 1) + generator.normal(0, 0.2, num_images), 0.001, 0.999)


OF_LOW_FALSE_POSITIVES = [f"recall_at_fpr_{share}_percent_score" for share in ("0_1", "0_5", "1")]


def recalls_at(labels: np.ndarray, scores: np.ndarray, shares: list[float]) -> list[float]:
    """Tries every score as the threshold."""
    found = []
    for share in shares:
        allowed = [score for score in scores if (scores[labels == 0] >= score).mean() <= share]
        found.append(max([(scores[labels == 1] >= score).mean() for score in allowed], default=0.0))
    return found


def calibration_error(labels: np.ndarray, scores: np.ndarray) -> float:
    """Goes from bin to bin."""
    bins = [(labels[chosen], scores[chosen]) for low in range(10) if (chosen := np.floor(scores * 10) == low).any()]
    return sum(len(one) / len(labels) * abs(one.mean() - other.mean()) for one, other in bins)


def test_values_are_those_of_scikit_learn_or_worked_out_image_by_image():
    labels, scores = case(500, seed=1)
    found = intervals(labels, scores, threshold=0.4, samples=2, confidence=0.95, seed=1)
    decisions = scores >= 0.4
    expected = {
        "roc_auc_score": metrics.roc_auc_score(labels, scores),
        "average_precision_score": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier_error": metrics.brier_score_loss(labels, scores),
        **dict(zip(OF_LOW_FALSE_POSITIVES, recalls_at(labels, scores, [0.001, 0.005, 0.01]), strict=True)),
        "expected_calibration_error": calibration_error(labels, scores),
        "accuracy_score": metrics.accuracy_score(labels, decisions),
        "precision_score": metrics.precision_score(labels, decisions),
        "recall_score": metrics.recall_score(labels, decisions),
        "f1_score": metrics.f1_score(labels, decisions),
    }
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(expected, abs=1e-12)


def test_bounds_are_those_of_resampling_the_images_themselves():
    # The reference copies images; the code under test weighs them. Both draw with the same generator.
    labels, scores = case(60, seed=2)
    order = np.argsort(scores, kind="stable")
    labels, scores = labels[order], scores[order]
    generator = np.random.default_rng(3)
    drawn = [generator.integers(0, 60, 60) for _ in range(100)]
    values = [metrics.roc_auc_score(labels[rows], scores[rows]) for rows in drawn]
    found = intervals(labels, scores, threshold=0.5, samples=100, confidence=0.9, seed=3)["roc_auc_score"]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])), abs=1e-12)


def test_width_of_accuracy_is_the_binomial_one():
    labels, scores = case(400, seed=4)
    found = intervals(labels, scores, threshold=0.5, samples=300, confidence=0.95, seed=5)["accuracy_score"]
    # Of a share p of n images: 2 * 1.96 * sqrt(p (1 - p) / n).
    width = 2 * 1.96 * np.sqrt(found.value * (1 - found.value) / 400)
    assert found.high - found.low == pytest.approx(width, rel=0.15)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    # The truth: a fake's score beats a real's with probability Phi(0.3 / (0.2 * sqrt(2))) = 0.8556, were they not
    # clipped; 80% intervals of 25 data sets should hold it 20 times, give or take three deviations of 2.
    held = 0
    for seed in range(25):
        labels, scores = case(80, seed=100 + seed)
        found = intervals(labels, scores, threshold=0.5, samples=40, confidence=0.8, seed=seed)["roc_auc_score"]
        held += found.low <= 0.8556 <= found.high
    assert 14 <= held <= 25


def test_same_seed_gives_the_same_bounds_and_another_seed_others():
    labels, scores = case(50, seed=6)
    first, again, other = (
        intervals(labels, scores, threshold=0.5, samples=20, confidence=0.9, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_order_of_images_does_not_matter():
    labels, scores = case(50, seed=7)
    order = np.random.default_rng(8).permutation(50)
    straight = intervals(labels, scores, threshold=0.5, samples=20, confidence=0.9, seed=1)
    mixed = intervals(labels[order], scores[order], threshold=0.5, samples=20, confidence=0.9, seed=1)
    assert mixed == straight


def test_resample_without_one_label_is_drawn_again():
    # One fake among 8: a resample lacks it with probability (7/8)^8 = 0.34, so 200 draws would show it.
    labels = np.array([1] + [0] * 7)
    generator = np.random.default_rng(9)
    for _ in range(200):
        weights = draw_weights(generator, labels, clusters=np.arange(8))
        assert weights.sum() == 8
        assert 0 < weights[0] < 8


def test_one_label_alone_is_refused():
    with pytest.raises(EvaluationError, match="only images of one kind"):
        intervals(np.ones(4, np.int64), np.full(4, 0.5), threshold=0.5, samples=10, confidence=0.9, seed=1)


def test_images_of_one_video_are_drawn_together() -> None:
    weights = draw_weights(np.random.default_rng(1), np.array([0, 0, 1, 1, 0]), clusters=np.array([0, 0, 1, 1, 2]))
    assert weights[0] == weights[1]
    assert weights[2] == weights[3]


def test_ten_frames_a_video_leave_intervals_as_wide_as_one() -> None:
    labels, scores = case(60, seed=10)
    bounds = []
    for times, clusters in ((1, None), (10, np.repeat(np.arange(60), 10)), (10, None)):
        found = intervals(
            np.repeat(labels, times),
            np.repeat(scores, times),
            threshold=0.5,
            samples=300,
            confidence=0.9,
            seed=1,
            clusters=clusters,
        )["roc_auc_score"]
        bounds.append(found.high - found.low)
    assert bounds[1] == pytest.approx(bounds[0], rel=0.15)
    assert bounds[2] < 0.5 * bounds[0]


def test_more_processes_change_no_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.arange(60) % 2
    scores = np.random.default_rng(3).random(60)
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(bootstrap, "worthwhile_workers", lambda *_, workers=workers, **__: workers)
        found.append(intervals(labels, scores, threshold=0.5, samples=80, confidence=0.9, seed=1))
    assert found[0] == found[1]

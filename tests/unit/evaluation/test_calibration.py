"""Scores that only rank, brought to probabilities."""

import numpy as np
import pytest
from scipy.special import expit

from unmask.evaluation.calibration import Calibration
from unmask.evaluation.calibration_fit import fit_platt, fit_temperature
from unmask.evaluation.metrics.calibration_error import expected_calibration_error


def test_line_through_logits_is_found_again() -> None:
    # Labels are drawn with P(fake) = sigmoid(4 x - 1), while the model says sigmoid(x).
    generator = np.random.default_rng(7)
    logits = generator.normal(size=200_000)
    labels = (generator.random(logits.size) < expit(4 * logits - 1)).astype(np.int64)
    line = fit_platt(labels, expit(logits))
    assert (line.slope, line.intercept) == (pytest.approx(4, abs=0.05), pytest.approx(-1, abs=0.03))
    calibrated = line.apply(expit(logits))
    assert calibrated.mean() == pytest.approx(labels.mean(), abs=1e-3)


def test_images_told_apart_without_a_fault_keep_a_finite_line() -> None:
    line = fit_platt(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    assert np.isfinite([line.slope, line.intercept]).all()
    # Platt's targets for two of each: 3/4 and 1/4.
    assert line.apply(np.array([0.1, 0.9])) == pytest.approx([0.25, 0.75], abs=0.1)


def test_scores_that_rank_the_wrong_way_are_not_turned_round() -> None:
    assert fit_platt(np.array([1, 1, 0, 0]), np.array([0.1, 0.2, 0.8, 0.9])) == Calibration()


def test_identity_gives_the_very_scores_and_says_so() -> None:
    scores = np.array([0.0, 0.3, 1.0])
    assert Calibration().apply(scores) is scores
    assert Calibration().method == "none"
    assert Calibration(2.0, 0.0).method == "temperature"
    assert Calibration(2.0, 1.0).method == "platt"


def test_order_stays_and_certain_scores_stay_finite() -> None:
    found = Calibration(0.5, 3.0).apply(np.array([0.0, 0.2, 0.9, 1.0]))
    assert np.all(np.diff(found) > 0)
    assert np.all((found >= 0) & (found <= 1))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_found_again(temperature: float) -> None:
    # Labels are drawn with P(fake) = sigmoid(x / temperature), while the model says sigmoid(x).
    generator = np.random.default_rng(8)
    logits = generator.normal(scale=3, size=200_000)
    labels = (generator.random(logits.size) < expit(logits / temperature)).astype(np.int64)
    found = fit_temperature(labels, expit(logits))
    assert 1 / found.slope == pytest.approx(temperature, rel=0.02)
    assert found.intercept == 0


def test_too_sure_scores_are_brought_nearer_to_the_truth_on_other_images() -> None:
    generator = np.random.default_rng(9)
    logits = generator.normal(scale=2, size=(2, 4000))
    labels = (generator.random(logits.shape) < expit(logits)).astype(np.int64)
    line = fit_temperature(labels[0], expit(4 * logits[0]))
    before, after = (
        expected_calibration_error(labels[1], scores)
        for scores in (expit(4 * logits[1]), line.apply(expit(4 * logits[1])))
    )
    assert before > 0.1
    assert after < 0.03
    assert line.method == "temperature"


def test_a_temperature_keeps_a_half_and_the_order() -> None:
    found = fit_temperature(np.array([0, 1, 0, 1]), np.array([0.2, 0.6, 0.7, 0.9])).apply(np.array([0.1, 0.5, 0.8]))
    assert found[1] == 0.5
    assert np.all(np.diff(found) > 0)


@pytest.mark.parametrize("scores", [[0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], [0.5, 0.5, 0.5, 0.5]])
def test_a_temperature_is_finite_whatever_the_scores(scores: list[float]) -> None:
    found = fit_temperature(np.array([0, 0, 1, 1]), np.array(scores))
    assert 0.019 < found.slope < 20.1

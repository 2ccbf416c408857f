"""What every metric promises, whatever it measures: a new one is tested by being listed in its table."""

from typing import get_args

import numpy as np
import pytest

from unmask.config import MetricName
from unmask.evaluation.metrics import DECISION_METRICS, METRIC_NAMES, PROBABILITY_METRICS, is_higher_better, measure

LABELS = np.array([0, 1] * 20)
UNBOUNDED = {"log_loss"}
ALL_METRICS = {**PROBABILITY_METRICS, **DECISION_METRICS}

PERFECT = np.where(LABELS == 1, 0.99, 0.01)
REVERSED = 1 - PERFECT
every_metric = pytest.mark.parametrize("name", METRIC_NAMES)


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return np.append(generator.integers(0, 2, 50), [0, 1]), generator.random(52)


def judged(name: str, scores: np.ndarray) -> np.ndarray:
    return scores if name in PROBABILITY_METRICS else (scores >= 0.5).astype(np.int64)


@every_metric
def test_name_says_the_direction(name):
    assert name.endswith(("_score", "_error", "_loss"))
    assert is_higher_better(name) == name.endswith("_score")
    assert ALL_METRICS[name].__name__ == name


@every_metric
@pytest.mark.parametrize("seed", range(5))
def test_value_is_a_float_within_bounds(name, seed):
    labels, scores = random_case(seed)
    value = ALL_METRICS[name](labels, judged(name, scores))
    assert type(value) is float
    assert 0 <= value <= (np.inf if name in UNBOUNDED else 1)


@every_metric
def test_perfect_is_better_than_reversed(name):
    perfect = ALL_METRICS[name](LABELS, judged(name, PERFECT))
    reverse = ALL_METRICS[name](LABELS, judged(name, REVERSED))
    assert (perfect > reverse) == is_higher_better(name)
    assert perfect != reverse


@every_metric
def test_order_of_images_does_not_matter(name):
    labels, scores = random_case(1)
    order = np.random.default_rng(2).permutation(labels.size)
    value = ALL_METRICS[name](labels, judged(name, scores))
    assert ALL_METRICS[name](labels[order], judged(name, scores)[order]) == pytest.approx(value, abs=1e-12)


@every_metric
def test_weight_is_how_often_an_image_counts(name):
    labels, scores = random_case(3)
    times = np.random.default_rng(4).integers(0, 4, labels.size)
    weighted = ALL_METRICS[name](labels, judged(name, scores), weights=times.astype(np.float64))
    repeated = ALL_METRICS[name](np.repeat(labels, times), np.repeat(judged(name, scores), times))
    assert weighted == pytest.approx(repeated, abs=1e-12)


@every_metric
def test_one_sided_verdicts_give_a_number_and_no_warning(name):
    for score in (0.0, 0.5, 1.0):
        assert np.isfinite(ALL_METRICS[name](LABELS, judged(name, np.full(LABELS.size, score))))


@every_metric
@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
def test_measure_gives_what_the_metric_gives(name, threshold):
    labels, scores = random_case(5)
    decisions = (scores >= threshold).astype(np.int64)
    expected = ALL_METRICS[name](labels, scores if name in PROBABILITY_METRICS else decisions)
    assert measure(labels, scores, threshold=threshold)[name] == pytest.approx(expected, abs=1e-12)


def test_parameters_allow_exactly_the_metrics_of_the_tables() -> None:
    assert sorted(get_args(MetricName)) == sorted(METRIC_NAMES)

"""Paired tests against worked numbers, a second way of computing them, and how often they are wrong."""

import numpy as np
import pytest
from sklearn import metrics

from unmask.evaluation.paired import auc_parts, compare_areas, compare_decisions, standard_error


def case(seed: int, *, num_images: int = 60, shift: float = 0.8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.append(generator.integers(0, 2, num_images - 2), [0, 1])
    common = generator.normal(size=num_images) + shift * labels
    return labels, *(np.round(common + generator.normal(size=num_images), 1) for _ in range(2))  # rounded: ties


def alone(labels: np.ndarray) -> np.ndarray:
    return np.arange(labels.size)


@pytest.mark.parametrize("seed", range(5))
def test_area_is_that_of_scikit_learn_and_parts_sum_to_nothing(seed: int) -> None:
    labels, scores, _ = case(seed)
    area, parts = auc_parts(labels, scores)
    assert area == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert parts.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_error_is_delongs_written_out_pair_by_pair(seed: int) -> None:
    # DeLong et al. 1988, equations 2 to 5, with covariance matrices of the placements.
    labels, first, second = case(seed)
    placements = []
    for scores in (first, second):
        wins = (scores[labels == 1][:, None] > scores[labels == 0]) + 0.5 * (
            scores[labels == 1][:, None] == scores[labels == 0]
        )
        placements.append((wins.mean(axis=1), wins.mean(axis=0)))
    of_fakes = np.cov([one[0] for one in placements])
    of_reals = np.cov([one[1] for one in placements])
    covariance = of_fakes / (labels == 1).sum() + of_reals / (labels == 0).sum()
    expected = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = compare_areas(labels, first, second, clusters=alone(labels), confidence=0.95)
    assert (found.high - found.low) / (2 * 1.959964) == pytest.approx(expected, rel=1e-6)


def test_each_image_twice_is_no_more_certain_than_once() -> None:
    labels, first, second = case(1)
    once = compare_areas(labels, first, second, clusters=alone(labels), confidence=0.95)
    twice = [np.tile(values, 2) for values in (labels, first, second)]
    careless = compare_areas(*twice, clusters=np.arange(2 * labels.size), confidence=0.95)
    honest = compare_areas(*twice, clusters=np.tile(alone(labels), 2), confidence=0.95)
    assert honest.high - honest.low == pytest.approx(once.high - once.low, rel=0.03)
    assert careless.high - careless.low == pytest.approx((once.high - once.low) / np.sqrt(2), rel=0.03)


def test_equally_good_models_are_told_apart_as_often_as_allowed() -> None:
    # 5% of 400 is 20; four standard deviations of it are 17.
    p_values = [
        compare_areas(*case(seed, num_images=120), clusters=np.arange(120), confidence=0.95).p_value
        for seed in range(400)
    ]
    assert 3 <= sum(p_value < 0.05 for p_value in p_values) <= 37


def test_mcnemar_is_the_exact_one() -> None:
    # One model alone right 10 times, the other 2 times: twice the share of at most 2 heads in 12 tosses, 158 / 4096.
    labels = np.zeros(100, dtype=np.int64)
    first, second = labels.copy(), labels.copy()
    second[:10], first[10:12] = 1, 1
    found = compare_decisions(labels, first, second, clusters=alone(labels), confidence=0.95)
    assert found.value == pytest.approx(0.08)
    assert found.p_value == pytest.approx(158 / 4096)
    assert found.low < 0.08 < found.high


def test_decisions_of_one_cluster_count_once() -> None:
    labels = np.zeros(40, dtype=np.int64)
    first, second = labels.copy(), labels.copy()
    second[:20] = 1
    alone_found = compare_decisions(labels, first, second, clusters=alone(labels), confidence=0.95)
    together = compare_decisions(labels, first, second, clusters=np.repeat(np.arange(4), 10), confidence=0.95)
    assert alone_found.p_value < 1e-4
    assert together.p_value > 0.05


def test_the_same_model_does_not_differ_from_itself() -> None:
    labels, scores, _ = case(2)
    for found in (
        compare_areas(labels, scores, scores, clusters=alone(labels), confidence=0.95),
        compare_decisions(labels, labels, labels, clusters=alone(labels), confidence=0.95),
    ):
        assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_error_of_one_class_alone_is_the_plain_one() -> None:
    values = np.random.default_rng(1).normal(size=50)
    parts = (values - values.mean()) / values.size
    found = standard_error(parts, clusters=np.arange(50), labels=np.zeros(50, dtype=np.int64))
    assert found == pytest.approx(values.std(ddof=1) / np.sqrt(50))

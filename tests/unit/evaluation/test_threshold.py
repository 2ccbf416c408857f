"""The rules that choose a threshold."""

import numpy as np
import pytest
from sklearn import metrics

from unmask.errors import ConfigError, EvaluationError
from unmask.evaluation.threshold import THRESHOLD_RULES, choose_threshold


def chosen(labels: list[int], scores: list[float], rule: str) -> float:
    return choose_threshold(np.array(labels), np.array(scores), rule=rule)


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_perfect_scores_on_both_sides_of_half_keep_half(rule):
    assert chosen([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9], rule) == 0.5


@pytest.mark.parametrize("rule", ["accuracy", "balanced"])
def test_low_scores_move_the_threshold_halfway_between_the_labels(rule):
    # Fakes at 0.3 and 0.4, reals at 0.1: halfway between 0.1 and 0.3.
    assert chosen([0, 0, 1, 1], [0.05, 0.1, 0.3, 0.4], rule) == pytest.approx(0.2, abs=1e-6)


def test_half_stays_half():
    assert chosen([0, 1], [0.9, 0.1], "half") == 0.5


def test_accuracy_and_balanced_part_where_one_label_is_rare():
    # Five reals, one fake. Called fake from 0.3: 3 reals right and the fake. From 0.8: all 5 reals, not the fake.
    labels, scores = [0, 0, 0, 0, 0, 1], [0.1, 0.15, 0.2, 0.6, 0.7, 0.4]
    assert chosen(labels, scores, "accuracy") > 0.7
    assert chosen(labels, scores, "balanced") == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize(("scores", "expected"), [([0.2, 0.1], 0.5), ([0.9, 0.8], 0.5)])
def test_of_equally_good_thresholds_the_nearest_to_half_is_taken(scores, expected):
    # Reversed scores: every threshold gets one of two right, or none; 0.5 gets one.
    assert chosen([0, 1], scores, "accuracy") == expected


def test_of_unevenly_placed_equals_the_nearest_to_half_is_taken():
    # Real 0.1, fake 0.2, real 0.4, fake 0.52: three right at 0.15 and anywhere between 0.4 and 0.52, two at 0.3.
    assert chosen([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.52], "accuracy") == 0.5


def test_score_on_the_threshold_counts_as_fake():
    assert chosen([0, 1], [0.45, 0.5], "accuracy") == 0.5
    assert chosen([0, 1], [0.5, 0.6], "accuracy") == pytest.approx(0.55, abs=1e-6)


def test_of_two_as_near_to_half_the_lower_is_taken():
    # One right at 0.3 and at 0.7, by symmetry, and less between: real 0.4 fake, 0.6 real.
    labels, scores = [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.4, 0.6, 0.8, 0.9]
    assert chosen(labels, scores, "accuracy") == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("rule", "merit"), [("accuracy", metrics.accuracy_score), ("balanced", metrics.balanced_accuracy_score)]
)
def test_no_score_as_threshold_does_better(seed, rule, merit):
    generator = np.random.default_rng(seed)
    labels = (generator.random(80) < 0.3).astype(np.int64)
    scores = np.clip(generator.normal(0.4 + 0.1 * labels, 0.1), 0, 1)
    threshold = choose_threshold(labels, scores, rule=rule)
    best = max(merit(labels, scores >= one) for one in [*scores, 1.1])
    assert merit(labels, scores >= threshold) == pytest.approx(best, abs=1e-12)
    assert 0 <= threshold <= 1
    assert threshold == round(threshold, 6)


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_one_label_alone_is_refused(rule):
    with pytest.raises(EvaluationError, match="only images of one kind"):
        chosen([1, 1], [0.2, 0.8], rule)


def test_unknown_rule_is_refused():
    with pytest.raises(ConfigError, match="unknown threshold rule 'best'; there are: accuracy, balanced, half"):
        chosen([0, 1], [0.2, 0.8], "best")


@pytest.mark.parametrize(("rule", "expected"), [("fpr<=0.1", 0.875), ("fpr<=0.25", 0.65), ("fpr<=0.5", 0.55)])
def test_few_enough_reals_are_called_fake(rule: str, expected: float) -> None:
    # Reals at 0.1, 0.5, 0.6, 0.8: from 0.65 on one of four is called fake, from 0.55 on two; above 0.8 none.
    assert chosen([0, 0, 0, 0, 1, 1], [0.1, 0.5, 0.6, 0.8, 0.7, 0.95], rule) == pytest.approx(expected, abs=1e-6)


def test_where_only_a_real_has_the_highest_score_nothing_is_called_fake() -> None:
    assert chosen([0, 1], [1.0, 0.5], "fpr<=0.01") == 1.0

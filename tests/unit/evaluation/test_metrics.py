"""Each metric against numbers worked by hand, on six images."""

import math

import numpy as np
import pytest

from unmask.evaluation.metrics import decide, measure

# Sorted by score: 0.9 fake, 0.8 fake, 0.6 real, 0.4 fake, 0.3 real, 0.1 real.
# At 0.5: 2 fakes caught of 3, 1 false alarm.
LABELS = np.array([1, 1, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])

WORKED = {
    "roc_auc_score": 8 / 9,  # 9 pairs of a fake and a real; only (0.4, 0.6) is the wrong way round
    "average_precision_score": (1 / 1 + 2 / 2 + 3 / 4) / 3,  # the precision at each fake
    "log_loss": -sum(map(math.log, (0.9, 0.8, 0.4, 0.4, 0.7, 0.9))) / 6,
    "brier_error": (0.01 + 0.04 + 0.36 + 0.36 + 0.09 + 0.01) / 6,
    "accuracy_score": 4 / 6,
    "precision_score": 2 / 3,
    "recall_score": 2 / 3,
    "f1_score": 2 / 3,
}


@pytest.mark.parametrize("name", WORKED)
def test_metric_gives_the_number_worked_by_hand(name):
    assert measure(LABELS, SCORES, threshold=0.5)[name] == pytest.approx(WORKED[name], abs=1e-12)


def test_ties_count_half_in_roc_auc():
    # One fake and one real with one score: a half pair.
    assert measure(np.array([0, 1]), np.array([0.5, 0.5]), threshold=0.5)["roc_auc_score"] == 0.5


def test_score_on_the_threshold_is_called_fake():
    assert decide(np.array([0.49, 0.5, 0.51]), 0.5).tolist() == [0, 1, 1]


def test_certain_and_wrong_costs_much_but_not_everything():
    # scikit-learn moves a score of 0 by float64's epsilon: -ln(2.2e-16) = 36.04.
    assert measure(np.array([0, 1]), np.array([0.0, 0.0]), threshold=0.5)["log_loss"] == pytest.approx(18.02, abs=0.01)

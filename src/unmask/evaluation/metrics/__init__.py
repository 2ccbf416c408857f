"""The metrics: one file each, two tables.

A probability metric judges scores, a decision metric what the model says at its threshold. The end of a name tells
the direction: `_score` higher is better, `_error` and `_loss` lower is better.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.metrics.accuracy import accuracy_score
from unmask.evaluation.metrics.average_precision import average_precision_score
from unmask.evaluation.metrics.brier import brier_error
from unmask.evaluation.metrics.calibration_error import expected_calibration_error
from unmask.evaluation.metrics.f1 import f1_score
from unmask.evaluation.metrics.log_loss import log_loss
from unmask.evaluation.metrics.precision import precision_score
from unmask.evaluation.metrics.recall import recall_score
from unmask.evaluation.metrics.recall_at_fpr import (
    recall_at_fpr_0_1_percent_score,
    recall_at_fpr_0_5_percent_score,
    recall_at_fpr_1_percent_score,
)
from unmask.evaluation.metrics.roc_auc import roc_auc_score


class ProbabilityMetric(Protocol):
    """Judges scores, (images,), [0, 1]."""

    def __call__(
        self, labels: NDArray[np.int64], scores: NDArray[np.float64], /, *, weights: NDArray[np.float64] | None = None
    ) -> float:
        """Gives the metric's value; `weights`, (images,), say how often each image counts."""
        ...


class DecisionMetric(Protocol):
    """Judges decisions, (images,), 0 or 1."""

    def __call__(
        self, labels: NDArray[np.int64], decisions: NDArray[np.int64], /, *, weights: NDArray[np.float64] | None = None
    ) -> float:
        """Gives the metric's value; `weights`, (images,), say how often each image counts."""
        ...


PROBABILITY_METRICS: Mapping[str, ProbabilityMetric] = {
    "roc_auc_score": roc_auc_score,
    "average_precision_score": average_precision_score,
    "log_loss": log_loss,
    "brier_error": brier_error,
    "expected_calibration_error": expected_calibration_error,
    "recall_at_fpr_0_1_percent_score": recall_at_fpr_0_1_percent_score,
    "recall_at_fpr_0_5_percent_score": recall_at_fpr_0_5_percent_score,
    "recall_at_fpr_1_percent_score": recall_at_fpr_1_percent_score,
}
DECISION_METRICS: Mapping[str, DecisionMetric] = {
    "accuracy_score": accuracy_score,
    "precision_score": precision_score,
    "recall_score": recall_score,
    "f1_score": f1_score,
}
METRIC_NAMES = (*PROBABILITY_METRICS, *DECISION_METRICS)
NEAR_CHANCE = 0.6  # a ROC AUC, or an accuracy of as many reals as fakes, below this is little better than a coin's


def is_higher_better(name: str) -> bool:
    """Whether a higher value of this metric is better; its name's end says so."""
    return name.endswith("_score")


def decide(scores: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Calls an image fake when its score reaches the threshold.

    Args:
        scores: (images,), P(fake), [0, 1].
        threshold: the least score that is called fake.

    Returns:
        (images,), int64, 0 or 1.
    """
    return (scores >= threshold).astype(np.int64)


def measure(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    *,
    threshold: float,
    weights: NDArray[np.float64] | None = None,
) -> dict[str, float]:
    """Computes every metric of both tables.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].
        threshold: the least score that is called fake.
        weights: (images,), how often each image counts; None = once.

    Returns:
        Metric name to value, in the order of `METRIC_NAMES`.
    """
    values = {name: metric(labels, scores, weights=weights) for name, metric in PROBABILITY_METRICS.items()}
    # Decisions matter only by their four counts, so the metrics see four weighted cases instead of every image.
    cells = 2 * labels + decide(scores, threshold)
    counts = np.bincount(cells, weights=weights, minlength=4).astype(np.float64)
    cell_labels, cell_decisions = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    for name, metric in DECISION_METRICS.items():
        values[name] = metric(cell_labels, cell_decisions, weights=counts)
    return values

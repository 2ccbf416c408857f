"""The cross-entropy of the scores."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from unmask.records import FAKE, REAL


def log_loss(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the mean negative log-likelihood of the labels, in nats.

    A score of exactly 0 or 1 is moved by one epsilon, so that the logarithm is finite.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 or more; ln 2 for a model that always says 0.5.
    """
    return float(metrics.log_loss(labels, scores, sample_weight=weights, labels=[REAL, FAKE]))

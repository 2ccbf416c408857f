"""The Brier score, an error in spite of its name."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from unmask.records import FAKE, REAL


def brier_error(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the mean squared distance between score and label.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1; 0.25 for a model that always says 0.5.
    """
    return float(metrics.brier_score_loss(labels, scores, sample_weight=weights, labels=[REAL, FAKE]))

"""The share of right decisions."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics


def accuracy_score(
    labels: NDArray[np.int64], decisions: NDArray[np.int64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the share of images that are called what they are.

    Args:
        labels: (images,), 0 or 1.
        decisions: (images,), 0 or 1: what the model says at its threshold.
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1.
    """
    return float(metrics.accuracy_score(labels, decisions, sample_weight=weights))

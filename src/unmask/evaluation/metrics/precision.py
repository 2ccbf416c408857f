"""How far a verdict of fake can be believed."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics


def precision_score(
    labels: NDArray[np.int64], decisions: NDArray[np.int64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the share of fakes among the images called fake.

    Args:
        labels: (images,), 0 or 1.
        decisions: (images,), 0 or 1: what the model says at its threshold.
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1; 0 where nothing is called fake.
    """
    return float(metrics.precision_score(labels, decisions, sample_weight=weights, zero_division=0))

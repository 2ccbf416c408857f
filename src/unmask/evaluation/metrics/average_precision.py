"""The area under the precision-recall curve."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics


def average_precision_score(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the precision over all thresholds, weighted by the recall each one gains.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1; the share of fakes is chance.
    """
    return float(metrics.average_precision_score(labels, scores, sample_weight=weights))

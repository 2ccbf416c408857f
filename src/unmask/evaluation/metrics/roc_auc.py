"""The area under the ROC curve."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics


def roc_auc_score(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures how often a fake scores above a real image, ties counting half.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1; 0.5 is chance. It needs both labels.
    """
    return float(metrics.roc_auc_score(labels, scores, sample_weight=weights))

"""How many fakes are caught where hardly any photograph may be called fake."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics


def recall_at_fpr(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    *,
    false_positive_rate: float,
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Measures the greatest share of the fakes caught by a threshold that calls few enough reals fake.

    Fewer than 1 / `false_positive_rate` real images allow none to be called fake, and the figure rests on the single
    highest score of a real: its interval is as wide as it looks.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].
        false_positive_rate: the greatest allowed share of the reals that are called fake.
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1.
    """
    false_positives, recalls, _ = metrics.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    return float(recalls[false_positives <= false_positive_rate].max(initial=0.0))


def recall_at_fpr_0_1_percent_score(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Gives `recall_at_fpr` at one false alarm in 1,000 reals."""
    return recall_at_fpr(labels, scores, false_positive_rate=0.001, weights=weights)


def recall_at_fpr_0_5_percent_score(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Gives `recall_at_fpr` at one false alarm in 200 reals."""
    return recall_at_fpr(labels, scores, false_positive_rate=0.005, weights=weights)


def recall_at_fpr_1_percent_score(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Gives `recall_at_fpr` at one false alarm in 100 reals."""
    return recall_at_fpr(labels, scores, false_positive_rate=0.01, weights=weights)

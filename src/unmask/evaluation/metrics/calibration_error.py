"""How far scores are from being probabilities."""

import numpy as np
from numpy.typing import NDArray

BINS = 10


def expected_calibration_error(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, weights: NDArray[np.float64] | None = None
) -> float:
    """Measures the mean distance between score and share of fakes, over equal parts of [0, 1], each by its images.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 2, for the score itself rather
    than for the surer of both classes. With few images it is above 0 even for scores that are probabilities.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        weights: (images,), how often each image counts; None = once.

    Returns:
        0 to 1.
    """
    counted = np.ones(len(labels)) if weights is None else weights
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    # In a part: images * |mean label - mean score| = |sum of (label - score)|.
    gaps = np.bincount(places, weights=counted * (labels - scores), minlength=BINS)
    return float(np.abs(gaps).sum() / counted.sum())

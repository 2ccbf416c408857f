"""Intervals of shares: how many images of some are judged rightly, or are fakes."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from unmask.evaluation.paired import standard_error

Floats = NDArray[np.float64]


def wilson(shares: Floats, counts: Floats, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Computes Wilson's interval of a share (Wilson 1927), which stays sensible for few images and at 0 and 1.

    Args:
        shares: (bins,), [0, 1].
        counts: (bins,), how many images each share is of; see `effective_count`.
        confidence: of the interval.

    Returns:
        The lower and the upper bounds, each (bins,).
    """
    z = norm.ppf((1 + confidence) / 2)
    middle = (shares + z**2 / (2 * counts)) / (1 + z**2 / counts)
    half = z * np.sqrt(shares * (1 - shares) / counts + z**2 / (4 * counts**2)) / (1 + z**2 / counts)
    return middle - half, middle + half


def effective_count(is_right: NDArray[np.bool_], clusters: NDArray[np.int64]) -> float:
    """Says how many independent images would tell as much of a share as these do, some of which belong together.

    Source: Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data".

    Args:
        is_right: (images,).
        clusters: (images,), numbers; images of one number belong together.

    Returns:
        At most the images; the clusters where all images are alike.
    """
    share, num_clusters = float(is_right.mean()), np.unique(clusters).size
    parts = (is_right - share) / is_right.size
    error = standard_error(parts, clusters=clusters, labels=np.zeros(is_right.size, dtype=np.int64))
    if num_clusters == is_right.size or not error:
        return float(num_clusters)
    return min(float(is_right.size), share * (1 - share) / error**2)

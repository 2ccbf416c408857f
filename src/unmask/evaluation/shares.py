"""Intervals of shares: how many images of some are judged rightly, or are fakes."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from unmask.evaluation.paired import standard_error

Floats = NDArray[np.float64]
NOTHING = 1e-9  # a standard error below this is a sum's last bits


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


def effective_count(is_right: NDArray[np.bool_], clusters: NDArray[np.int64], *, confidence: float) -> float:
    """Says how many independent images would tell as much of a share as these do, some of which belong together.

    Source: Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data".

    Args:
        is_right: (images,).
        clusters: (images,), numbers; images of one number belong together.
        confidence: of the interval that is made of it.

    Returns:
        At most the images; the clusters where they do not differ, which says nothing of how others would.
    """
    share, num_images, num_clusters = float(is_right.mean()), is_right.size, np.unique(clusters).size
    parts = (is_right - share) / num_images
    error = standard_error(parts, clusters=clusters, labels=np.zeros(num_images, dtype=np.int64))
    if num_clusters in (1, num_images) or error < NOTHING:
        return float(num_clusters)
    # An error estimated from few clusters is itself unsure, the more so the farther out the bounds are.
    quantile = (1 + confidence) / 2
    certainty = float(t.ppf(quantile, num_images - 1) / t.ppf(quantile, num_clusters - 1)) ** 2
    return min(float(num_images), certainty * share * (1 - share) / error**2)


def interval_of_share(
    is_right: NDArray[np.bool_], clusters: NDArray[np.int64], *, confidence: float
) -> tuple[float, float, float]:
    """Gives a share with the bounds of its interval, of images some of which belong together.

    Args:
        is_right: (images,).
        clusters: (images,), numbers; images of one number belong together.
        confidence: of the interval.

    Returns:
        The share, its lower and its upper bound.
    """
    share = np.array([is_right.mean()])
    count = effective_count(is_right, clusters, confidence=confidence)
    low, high = wilson(share, np.array([count]), confidence=confidence)
    return float(share[0]), float(low[0]), float(high[0])

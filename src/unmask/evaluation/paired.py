"""Whether two models differ by more than chance, on the same images.

The area under the ROC curve is a mean over images of how each stands among those of the other class (its placement), so
its variance, and that of a difference of two areas, follow from the images' own parts: DeLong et al. 1988, "Comparing
the areas under two or more correlated receiver operating characteristic curves". Parts of images that belong together
(frames of one video, copies) are summed first: Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data".
With every image by itself both are the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unmask.records import FAKE, REAL


@dataclass(frozen=True)
class Difference:
    """How much better the first model is than the second.

    Attributes:
        value: of the first less that of the second.
        low: lower bound of its interval.
        high: upper bound.
        p_value: how often chance alone would make as large a difference between models that are equally good.
    """

    value: float
    low: float
    high: float
    p_value: float


def auc_parts(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Takes the area under the ROC curve apart.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), any scale.

    Returns:
        area: 0 to 1.
        parts: (images,), how much each image moves the area from its expected value; they sum to 0.
    """
    fakes, reals = scores[labels == FAKE], scores[labels == REAL]
    order_reals, order_fakes = np.sort(reals), np.sort(fakes)
    # The share of the other class that each beats, ties counting half.
    beaten = (np.searchsorted(order_reals, fakes, "left") + np.searchsorted(order_reals, fakes, "right")) / 2
    beating = (np.searchsorted(order_fakes, reals, "left") + np.searchsorted(order_fakes, reals, "right")) / 2
    area = float(beaten.mean() / reals.size)
    parts = np.empty(labels.size)
    parts[labels == FAKE] = (beaten / reals.size - area) / fakes.size
    parts[labels == REAL] = (1 - beating / fakes.size - area) / reals.size
    return area, parts


def standard_error(parts: NDArray[np.float64], *, clusters: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Estimates the standard error of a sum of independent clusters' parts.

    Args:
        parts: (images,), which sum to 0 in expectation.
        clusters: (images,), numbers; images of one number belong together.
        labels: (images,), 0 or 1.

    Returns:
        The standard error. Where every image stands by itself each class has its own correction for its mean, as in
        DeLong's; else the clusters have one.
    """
    _, numbers = np.unique(clusters, return_inverse=True)
    num_clusters = int(numbers.max()) + 1
    if num_clusters == labels.size:
        counts = np.bincount(labels, minlength=2)
        corrections = np.where(counts > 1, counts / np.maximum(counts - 1, 1), 1.0)[labels]
        return float(np.sqrt((corrections * parts**2).sum()))
    sums = np.bincount(numbers, weights=parts)
    return float(np.sqrt(num_clusters / max(num_clusters - 1, 1) * (sums**2).sum()))


def compare_areas(
    labels: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    clusters: NDArray[np.int64],
    confidence: float,
) -> Difference:
    """Compares the areas under two models' ROC curves.

    Args:
        labels: (images,), 0 or 1; both must occur.
        first: (images,), the first model's scores.
        second: (images,), the second's, of the same images.
        clusters: (images,), numbers; images of one number belong together.
        confidence: of the interval, such as 0.95.

    Returns:
        The difference, with the normal interval and the two-sided p-value.
    """
    one, other = auc_parts(labels, first), auc_parts(labels, second)
    return normal(
        one[0] - other[0],
        error=standard_error(one[1] - other[1], clusters=clusters, labels=labels),
        confidence=confidence,
    )


def compare_decisions(
    labels: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    *,
    clusters: NDArray[np.int64],
    confidence: float,
) -> Difference:
    """Compares two models' accuracies at their thresholds.

    Args:
        labels: (images,), 0 or 1.
        first: (images,), 0 or 1: the first model's decisions.
        second: (images,), the second's, of the same images.
        clusters: (images,), numbers; images of one number belong together.
        confidence: of the interval, such as 0.95.

    Returns:
        The difference with its normal interval. The p-value is that of McNemar's exact test (1947), which looks only
        at the images on which one model is right and the other wrong; it takes images for independent, so where some
        belong together it is the normal one of the interval.
    """
    gains = (first == labels).astype(np.float64) - (second == labels)
    value = float(gains.mean())
    error = standard_error((gains - value) / gains.size, clusters=clusters, labels=np.zeros_like(labels))
    found = normal(value, error=error, confidence=confidence)
    if np.unique(clusters).size < clusters.size:
        return found
    better, worse = int((gains > 0).sum()), int((gains < 0).sum())
    p_value = float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return Difference(found.value, found.low, found.high, p_value)


def normal(value: float, *, error: float, confidence: float) -> Difference:
    """Makes a difference of a value and its standard error, by the normal distribution."""
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    p_value = float(2 * stats.norm.sf(abs(value) / error)) if error > 0 else float(value == 0)
    return Difference(value=value, low=value - reach, high=value + reach, p_value=p_value)

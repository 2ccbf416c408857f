"""Choosing the score from which an image is called fake, on the validation split and nowhere else."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from unmask.errors import EvaluationError
from unmask.records import FAKE, REAL
from unmask.tables import choose

HALF = 0.5
EPSILON = 1e-12  # of a share that is computed
FALSE_POSITIVES = "fpr<="  # begins a rule, a share ends it
DIGITS = 6  # a threshold is what metrics.json can hold, so whoever reads it there decides the same


def half(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:  # noqa: ARG001 (the table's signature)
    """Gives 0.5, whatever the scores."""
    return HALF


def best_accuracy(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Finds the threshold of the highest accuracy; of equally good ones the nearest to 0.5, then the lower.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].

    Returns:
        The least score to call fake, of six digits.
    """
    thresholds = candidates(scores)
    num_fakes, num_reals = right_decisions(labels, scores, thresholds)
    return nearest_to_half(thresholds, num_fakes + num_reals)


def best_balanced_accuracy(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Finds the threshold of the highest mean of both labels' recalls, where one label is rarer than the other.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].

    Returns:
        The least score to call fake, of six digits; of equally good ones the nearest to 0.5, then the lower.
    """
    thresholds = candidates(scores)
    num_fakes, num_reals = right_decisions(labels, scores, thresholds)
    all_fakes = int(labels.sum())
    # In whole numbers, so that equally good thresholds are equal to the last bit.
    return nearest_to_half(thresholds, num_fakes * (labels.size - all_fakes) + num_reals * all_fakes)


def at_most_false_positives(labels: NDArray[np.int64], scores: NDArray[np.float64], *, share: float) -> float:
    """Finds the lowest threshold, so the most fakes caught, that calls few enough reals fake.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].
        share: the greatest allowed share of the reals that are called fake. Fewer than 1 / `share` reals allow none.

    Returns:
        The least score to call fake, of six digits.
    """
    thresholds = candidates(scores)
    _, num_reals = right_decisions(labels, scores, thresholds)
    false_positives = 1 - num_reals / (labels == REAL).sum()
    return float(thresholds[false_positives <= share + EPSILON].min(initial=1.0))


THRESHOLD_RULES: Mapping[str, Callable[[NDArray[np.int64], NDArray[np.float64]], float]] = {
    "accuracy": best_accuracy,
    "balanced": best_balanced_accuracy,
    "half": half,
}


def choose_threshold(labels: NDArray[np.int64], scores: NDArray[np.float64], *, rule: str) -> float:
    """Chooses the threshold by a named rule.

    Args:
        labels: (images,), 0 or 1, of the validation split; both must occur.
        scores: (images,), P(fake), [0, 1].
        rule: a name of `THRESHOLD_RULES`, or "fpr<=0.01" for `at_most_false_positives`.

    Returns:
        The least score to call fake.

    Raises:
        EvaluationError: one of the labels does not occur.
        ConfigError: there is no such rule.
    """
    if np.unique(labels).size < 2:
        raise EvaluationError("a threshold needs real and fake images; there are only images of one kind")
    if rule.startswith(FALSE_POSITIVES):
        return at_most_false_positives(labels, scores, share=float(rule.removeprefix(FALSE_POSITIVES)))
    return choose(THRESHOLD_RULES, rule, kind="threshold rule")(labels, scores)


def candidates(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lists one threshold between every two neighbouring scores, one below and one above all, and 0.5.

    Halfway between two scores, not on one: a threshold on a score would turn on its last bit.
    """
    edges = np.concatenate(([0.0], np.unique(scores), [1.0]))
    middles = (edges[:-1] + edges[1:]) / 2
    return np.unique(np.append(middles, HALF).round(DIGITS))


def right_decisions(
    labels: NDArray[np.int64], scores: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counts, for every threshold, the fakes called fake and the reals called real: two of (thresholds,), int64."""
    fakes, reals = np.sort(scores[labels == FAKE]), np.sort(scores[labels == REAL])
    num_fakes = fakes.size - np.searchsorted(fakes, thresholds, side="left")
    return num_fakes.astype(np.int64), np.searchsorted(reals, thresholds, side="left").astype(np.int64)


def nearest_to_half(thresholds: NDArray[np.float64], merits: NDArray[np.int64]) -> float:
    """Picks the threshold of the greatest merit; of several the nearest to 0.5, then the lower."""
    best = thresholds[merits == merits.max()]
    return float(best[np.argmin(np.abs(best - HALF).round(DIGITS))])

"""The numbers behind the plots, as tables that `dvc plots` can draw too."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics

from unmask.evaluation.metrics import decide
from unmask.evaluation.report import Evaluation
from unmask.records import LABEL_NAMES

MAX_POINTS = 500  # more cannot be told apart in a plot, and make it slow in a browser


def curves(evaluation: Evaluation, *, bins: int) -> dict[str, pd.DataFrame]:
    """Makes every table for the test split.

    Args:
        evaluation: a model's predictions and threshold.
        bins: how many equal parts of [0, 1] the reliability table has.

    Returns:
        File stem to table: "roc", "precision_recall", "reliability", "confusion".
    """
    labels, scores = evaluation.test_predictions.labels, evaluation.test_predictions.scores
    return {
        "roc": roc(labels, scores),
        "precision_recall": precision_recall(labels, scores),
        "reliability": reliability(labels, scores, bins=bins),
        "confusion": confusion(labels, decide(scores, evaluation.threshold)),
    }


def roc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> pd.DataFrame:
    """Gives the ROC curve from (0, 0) to (1, 1), in at most `MAX_POINTS` points.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].

    Returns:
        The columns false_positive_rate and true_positive_rate.
    """
    false_positive_rate, true_positive_rate, _ = metrics.roc_curve(labels, scores)
    table = pd.DataFrame({"false_positive_rate": false_positive_rate, "true_positive_rate": true_positive_rate})
    return thinned(table)


def precision_recall(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> pd.DataFrame:
    """Gives the precision-recall curve by rising recall, in at most `MAX_POINTS` points.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].

    Returns:
        The columns recall and precision.
    """
    precision, recall, _ = metrics.precision_recall_curve(labels, scores, drop_intermediate=True)
    return thinned(pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]}))


def reliability(labels: NDArray[np.int64], scores: NDArray[np.float64], *, bins: int) -> pd.DataFrame:
    """Compares what the model says with what is so, bin by bin of its scores.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        bins: how many equal parts of [0, 1]; a score on a border belongs to the upper part, 1 to the last.

    Returns:
        A row for each part that has images: low, high, mean_score, fake_share, images, fakes.
    """
    places = np.minimum((scores * bins).astype(np.int64), bins - 1)
    images = np.bincount(places, minlength=bins)
    fakes = np.bincount(places, weights=labels, minlength=bins).astype(np.int64)
    sums = np.bincount(places, weights=scores, minlength=bins)
    used = np.flatnonzero(images)
    table = pd.DataFrame(
        {
            "low": used / bins,
            "high": (used + 1) / bins,
            "mean_score": sums[used] / images[used],
            "fake_share": fakes[used] / images[used],
            "images": images[used],
            "fakes": fakes[used],
        }
    )
    return table.round(6)


def confusion(labels: NDArray[np.int64], decisions: NDArray[np.int64]) -> pd.DataFrame:
    """Names what every image is and what it is called, as DVC's template "confusion" wants it: a row an image."""
    names = np.array([LABEL_NAMES[label] for label in sorted(LABEL_NAMES)])
    return pd.DataFrame({"actual": names[labels], "predicted": names[decisions]})


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """Keeps at most `MAX_POINTS` rows, evenly spread, the first and the last among them; numbers of six digits."""
    if len(table) > MAX_POINTS:
        table = table.iloc[np.linspace(0, len(table) - 1, MAX_POINTS).round().astype(np.int64)]
    return table.round(6).reset_index(drop=True)

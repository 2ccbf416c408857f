"""How far a metric would move if other images had been drawn: percentile bootstrap intervals.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import sklearn
from numpy.typing import NDArray

from unmask.console import progress
from unmask.data.parallel import in_chunks, map_in_order, worthwhile_workers
from unmask.errors import EvaluationError
from unmask.evaluation.metrics import METRIC_NAMES, measure
from unmask.records import FAKE, REAL

SAMPLES_PER_CHUNK = 25
SAMPLES_PER_WORKER = 200  # of few images; they take about as long as a process takes to start


@dataclass(frozen=True)
class Interval:
    """A metric's value on the images at hand, and the bounds of its interval."""

    value: float
    low: float
    high: float


def bounds_text(value: float, low: float, high: float) -> str:
    """Spells a value with the bounds of its interval, of any kind: "0.800 (0.750 to 0.850)"."""
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def intervals(  # noqa: PLR0913 - what, and how
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    *,
    threshold: float,
    samples: int,
    confidence: float,
    seed: int,
    clusters: NDArray[np.int64] | None = None,
) -> dict[str, Interval]:
    """Computes every metric with its interval.

    Images that belong together (frames of one video, copies) are drawn together, as other images would come together.

    A resample is held as a weight for each image, not as a copy of them, so memory does not grow with `samples`.

    Args:
        labels: (images,), 0 or 1; both must occur.
        scores: (images,), P(fake), [0, 1].
        threshold: the least score that is called fake; it stays the same in every resample.
        samples: how many resamples.
        confidence: the intervals' share of the resamples, such as 0.95.
        seed: makes the resamples the same every time.
        clusters: (images,), numbers; images of one number belong together. None = each stands by itself.

    Returns:
        Metric name to interval.

    Raises:
        EvaluationError: one of the labels does not occur.
        WorkerError: a process that shared the work died.
    """
    if np.unique(labels).size < 2:
        raise EvaluationError("an interval needs real and fake images; there are only images of one kind")
    order = np.argsort(scores, kind="stable")  # every metric that sorts is faster on sorted scores
    labels, scores = labels[order], scores[order]
    numbers = np.arange(labels.size) if clusters is None else np.unique(clusters[order], return_inverse=True)[1]
    generator = np.random.default_rng(seed)
    draws = (draw_weights(generator, labels, clusters=numbers) for _ in range(samples))
    measured = map_in_order(
        partial(measure_resamples, labels, scores, threshold),
        in_chunks(draws, SAMPLES_PER_CHUNK),
        workers=worthwhile_workers(0, units=samples, units_each=SAMPLES_PER_WORKER),
    )
    rows = progress(chain.from_iterable(measured), total=samples, description="bootstrap")
    tail = (1 - confidence) / 2
    bounds = np.quantile(np.stack(list(rows)), [tail, 1 - tail], axis=0)
    exact = measure(labels, scores, threshold=threshold)
    return {
        name: Interval(value=exact[name], low=float(low), high=float(high))
        for name, low, high in zip(METRIC_NAMES, *bounds, strict=True)
    }


def measure_resamples(
    labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float, draws: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Computes every metric of some resamples; for another process.

    Args:
        labels: (images,), 0 or 1.
        scores: (images,), P(fake), [0, 1].
        threshold: the least score that is called fake.
        draws: of each resample the images' weights, (images,).

    Returns:
        Of each the metrics, (metrics,), in the order of `METRIC_NAMES`.
    """
    # scikit-learn would check the same labels and scores a dozen times a resample.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return [
            np.array(list(measure(labels, scores, threshold=threshold, weights=weights).values())) for weights in draws
        ]


def draw_weights(
    generator: np.random.Generator, labels: NDArray[np.int64], *, clusters: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Draws as many clusters as there are, with replacement, again while one label is missing.

    Args:
        generator: where the draws come from.
        labels: (images,), 0 or 1; both must occur.
        clusters: (images,), each image's, numbered from 0.

    Returns:
        (images,), float64: how often each image was drawn.
    """
    num_clusters = int(clusters.max()) + 1
    while True:
        drawn = generator.integers(0, num_clusters, num_clusters)
        weights = np.bincount(drawn, minlength=num_clusters)[clusters].astype(np.float64)
        if weights[labels == FAKE].any() and weights[labels == REAL].any():
            return weights

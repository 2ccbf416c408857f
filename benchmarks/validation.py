"""Judging a model on the validation split, as recipes and ways of training are compared."""

from pathlib import Path
from typing import Any

from unmask.config import EvaluateConfig
from unmask.evaluation.bootstrap import Interval, intervals
from unmask.evaluation.predict import predict
from unmask.records import VALIDATION

AREA = "roc_auc_score"
THRESHOLD = 0.5  # the area does not depend on it


def area(network: Any, shards: Path, *, section: EvaluateConfig) -> Interval:
    """Gives the area under the ROC curve with its interval.

    Args:
        network: images (batch, size, size, 3) in [0, 255] to logits (batch, 1).
        shards: the folder of all splits.
        section: says how intervals are made.
    """
    from unmask.data.input.reading import evaluation_batches  # here: it imports TensorFlow

    scored = predict(network, evaluation_batches(shards, VALIDATION, section.batch_size))
    found = intervals(
        scored.labels,
        scored.scores,
        threshold=THRESHOLD,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=section.seed,
    )
    return found[AREA]

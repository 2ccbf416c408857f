"""How a model does on faces from elsewhere: other generators, other cameras, at the threshold it was given at home.

A threshold that fits one source can fail on the next while the ranking still holds: fakes score above reals, but both
above the threshold, or both below. Both are measured, and their distance.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unmask.evaluation.judge import Judge
from unmask.evaluation.metrics import NEAR_CHANCE, decide
from unmask.evaluation.predict import Batches, Model, predict
from unmask.evaluation.report import cluster_numbers
from unmask.evaluation.robustness import DIGITS, judged
from unmask.evaluation.shares import interval_of_share
from unmask.evaluation.threshold import best_balanced_accuracy
from unmask.records import FAKE, LABEL_NAMES, REAL

COLUMNS = ["set", "real", "fake", "rejects", "roc_auc_score", "roc_auc_low", "roc_auc_high", "accuracy_score"]
COLUMNS += ["accuracy_low", "accuracy_high", "balanced_accuracy_score", "best_balanced_accuracy_score"]
COLUMNS += ["mean_score_real", "mean_score_fake", "warning"]
RANKS = 0.7  # an area above this beside it is a wrong threshold


def measure_set(
    model: Model, batches: Batches, *, name: str, judge: Judge, clusters: Mapping[str, str]
) -> dict[str, Any]:
    """Judges a model on one set.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        batches: images (batch, height, width, 3), uint8; labels; members.
        name: the set's.
        judge: how scores become answers: as on the model's own test split.
        clusters: see `report.evaluate`.

    Returns:
        A row of `COLUMNS`, "rejects" left open; of a set of one class accuracy, mean score and a warning alone.
        "best_balanced_accuracy_score" is that of the best threshold for this very set: it is chosen on the images it is
        measured on, and says only how much of the loss the threshold explains.

    Raises:
        EvaluationError: the set has no image, or the model gave no finite logit.
    """
    found = predict(model, batches)
    scores = judge.calibration.apply(found.scores)
    numbers = cluster_numbers(found.members, clusters)
    counts = {kind: int((found.labels == label).sum()) for label, kind in LABEL_NAMES.items()}
    row = {"set": name, **counts, **means(found.labels, scores)}
    if all(counts.values()):
        own = best_balanced_accuracy(found.labels, scores)
        row |= judged(found.labels, scores, judge=judge, clusters=numbers)
        row["balanced_accuracy_score"] = balanced_accuracy(found.labels, scores, threshold=judge.threshold)
        row["best_balanced_accuracy_score"] = balanced_accuracy(found.labels, scores, threshold=own)
    else:
        is_right = decide(scores, judge.threshold) == found.labels
        bounds = interval_of_share(is_right, numbers, confidence=judge.confidence)
        row |= dict(zip(("accuracy_score", "accuracy_low", "accuracy_high"), bounds, strict=True))
    rounded = {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in row.items()}
    return {**dict.fromkeys(COLUMNS), **rounded, "warning": warning(rounded)}


def means(labels: np.ndarray, scores: np.ndarray) -> dict[str, float | None]:
    """Gives each class's mean score; None for a class without images."""
    return {
        f"mean_score_{kind}": float(scores[labels == label].mean()) if (labels == label).any() else None
        for label, kind in LABEL_NAMES.items()
    }


def balanced_accuracy(labels: np.ndarray, scores: np.ndarray, *, threshold: float) -> float:
    """Measures the mean of both classes' recalls: sets from elsewhere are seldom balanced."""
    is_right = decide(scores, threshold) == labels
    return float((is_right[labels == FAKE].mean() + is_right[labels == REAL].mean()) / 2)


def warning(row: Mapping[str, Any]) -> str:
    """Says what nobody may miss about a set; empty where there is nothing."""
    missing = [kind for kind in LABEL_NAMES.values() if not row[kind]]
    if missing:
        return (
            f"{row['set']}: it has no {missing[0]} pictures, so that nothing is known of how fakes rank among reals "
            f"(accuracy of the others {row['accuracy_score']:.2f}): add some from the same place"
        )
    at_threshold, area = row["balanced_accuracy_score"], row["roc_auc_score"]
    if at_threshold >= NEAR_CHANCE:
        return ""
    if area >= RANKS:
        return (
            f"{row['set']}: the threshold fails where the ranking holds (balanced accuracy {at_threshold:.2f}, ROC AUC "
            f"{area:.2f}): choose a threshold on such pictures before you use the model on them"
        )
    return f"{row['set']}: judged little better than by chance (balanced accuracy {at_threshold:.2f}, AUC {area:.2f})"

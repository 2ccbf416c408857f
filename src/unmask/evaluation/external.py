"""How a model does on faces from elsewhere: other generators, other cameras, at the threshold it was given at home.

A threshold that fits one source can fail on the next while the ranking still holds: fakes score above reals, but both
above the threshold, or both below. Both are measured, and their distance.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unmask.evaluation.judge import Judge
from unmask.evaluation.metrics import decide
from unmask.evaluation.predict import Batches, Model, predict
from unmask.evaluation.report import checked, cluster_numbers
from unmask.evaluation.robustness import DIGITS, judged
from unmask.evaluation.threshold import best_balanced_accuracy
from unmask.records import FAKE, REAL

COLUMNS = ["set", "real", "fake", "rejects", "roc_auc_score", "roc_auc_low", "roc_auc_high", "accuracy_score"]
COLUMNS += ["accuracy_low", "accuracy_high", "balanced_accuracy_score", "best_balanced_accuracy_score"]
COLUMNS += ["mean_score_real", "mean_score_fake", "warning"]
NEAR_CHANCE = 0.6  # a balanced accuracy below this is little better than none
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
        A row of `COLUMNS` but for "rejects". "best_balanced_accuracy_score" is that of the best threshold for this very
        set: it is chosen on the images it is measured on, and says only how much of the loss the threshold explains.

    Raises:
        EvaluationError: the set lacks a class, or the model gave no finite logit.
    """
    found = checked(predict(model, batches), split=name)
    scores = judge.calibration.apply(found.scores)
    is_fake = found.labels == FAKE
    values = judged(found.labels, scores, judge=judge, clusters=cluster_numbers(found.members, clusters))
    own = best_balanced_accuracy(found.labels, scores)
    row = {
        "set": name,
        "real": int((~is_fake).sum()),
        "fake": int(is_fake.sum()),
        **values,
        "balanced_accuracy_score": balanced_accuracy(found.labels, scores, threshold=judge.threshold),
        "best_balanced_accuracy_score": balanced_accuracy(found.labels, scores, threshold=own),
        "mean_score_real": float(scores[~is_fake].mean()),
        "mean_score_fake": float(scores[is_fake].mean()),
    }
    rounded = {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in row.items()}
    return {**rounded, "warning": warning(rounded)}


def balanced_accuracy(labels: np.ndarray, scores: np.ndarray, *, threshold: float) -> float:
    """Measures the mean of both classes' recalls: sets from elsewhere are seldom balanced."""
    is_right = decide(scores, threshold) == labels
    return float((is_right[labels == FAKE].mean() + is_right[labels == REAL].mean()) / 2)


def warning(row: Mapping[str, Any]) -> str:
    """Says what nobody may miss about a set; empty where there is nothing."""
    at_threshold, area = row["balanced_accuracy_score"], row["roc_auc_score"]
    if at_threshold >= NEAR_CHANCE:
        return ""
    if area >= RANKS:
        return (
            f"{row['set']}: the threshold fails where the ranking holds (balanced accuracy {at_threshold:.2f}, ROC AUC "
            f"{area:.2f}): choose a threshold on such pictures before you use the model on them"
        )
    return f"{row['set']}: judged little better than by chance (balanced accuracy {at_threshold:.2f}, AUC {area:.2f})"

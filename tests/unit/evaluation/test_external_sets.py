"""Faces from elsewhere: what is measured, and what is warned of."""

from typing import Any

import numpy as np
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.external import COLUMNS, measure_set
from unmask.evaluation.judge import Judge

JUDGE = Judge(calibration=Calibration(), threshold=0.5, confidence=0.95)


class Mean:
    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        return x.mean(axis=(1, 2, 3))[:, None]


def found(logits: list[float], labels: list[int], *, judge: Judge = JUDGE) -> dict[str, Any]:
    images = np.array(logits, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.float32)
    batches = iter([(images, np.array(labels), [f"{number}.jpg" for number in range(len(labels))])])
    return measure_set(Mean(), batches, name="other", judge=judge, clusters={})


def test_a_threshold_that_fails_where_the_ranking_holds_is_warned_of() -> None:
    # Every fake scores above every real, and all of them above the threshold.
    row = found([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    assert (row["roc_auc_score"], row["accuracy_score"], row["balanced_accuracy_score"]) == (1, 0.5, 0.5)
    assert row["best_balanced_accuracy_score"] == 1
    assert row["warning"].startswith("other: the threshold fails where the ranking holds (balanced accuracy 0.50")


def test_a_model_that_does_not_rank_is_warned_of_otherwise() -> None:
    assert found([1, -1, 1, -1], [0, 0, 1, 1])["warning"].startswith("other: judged little better than by chance")


def test_a_set_that_is_judged_well_has_no_warning() -> None:
    row = found([-2, -1, 1, 2, 3], [0, 0, 1, 1, 1])
    assert row["warning"] == ""
    assert (row["real"], row["fake"]) == (2, 3)
    assert set(row) == set(COLUMNS)


def test_scores_are_calibrated_as_at_home() -> None:
    judge = Judge(calibration=Calibration(1.0, -3.0), threshold=0.5, confidence=0.95)
    assert found([1, 2, 4, 5], [0, 0, 1, 1], judge=judge)["accuracy_score"] == 1


def test_balanced_accuracy_counts_both_classes_alike() -> None:
    # Three of three fakes right, one of two reals: (1 + 0.5) / 2.
    row = found([-1, 1, 1, 1, 1], [0, 0, 1, 1, 1])
    assert row["balanced_accuracy_score"] == 0.75
    assert row["accuracy_score"] == 0.8


@pytest.mark.parametrize(("label", "missing"), [(1, "real"), (0, "fake")])
def test_of_a_set_of_one_class_accuracy_is_known_and_the_rest_left_open(label: int, missing: str) -> None:
    row = found([1, 2, -1], [label] * 3)
    assert row["accuracy_score"] == pytest.approx(2 / 3 if label else 1 / 3, abs=1e-6)
    assert 0 < row["accuracy_low"] < row["accuracy_score"] < row["accuracy_high"] < 1
    assert row["roc_auc_score"] is row["balanced_accuracy_score"] is row[f"mean_score_{missing}"] is None
    assert row["warning"].startswith(f"other: it has no {missing} pictures")


def test_a_set_without_a_picture_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no images"):
        measure_set(Mean(), iter([]), name="other", judge=JUDGE, clusters={})


def test_intervals_of_perfect_answers_have_a_width() -> None:
    row = found([-2, -1, -3, 1, 2, 3], [0, 0, 0, 1, 1, 1])
    assert row["accuracy_score"] == row["roc_auc_score"] == 1
    # Wilson's lower bounds of 6 in 6 and of 3 in 3: 6 / (6 + 3.8415) and 3 / (3 + 3.8415).
    assert (row["accuracy_low"], row["roc_auc_low"]) == pytest.approx((0.609666, 0.438503), abs=1e-4)

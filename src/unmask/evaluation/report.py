"""Judging one model: the threshold from validation, then every metric, with its interval, on the test split."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.config import EvaluateConfig
from unmask.errors import EvaluationError
from unmask.evaluation.bootstrap import Interval, intervals
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.calibration_fit import fit_platt, fit_temperature
from unmask.evaluation.judge import Judge
from unmask.evaluation.metrics import decide, measure
from unmask.evaluation.metrics.calibration_error import expected_calibration_error
from unmask.evaluation.predict import Batches, Model, Predictions, predict
from unmask.evaluation.threshold import choose_threshold
from unmask.records import LABEL_NAMES, TEST, VALIDATION

DIGITS = 6


@dataclass(frozen=True)
class Evaluation:
    """All that is known of one model.

    Attributes:
        threshold: the least score that is called fake, chosen on validation.
        threshold_rule: how it was chosen.
        confidence: that of the intervals, such as 0.95.
        validation: metric name to value; optimistic at the threshold, which was chosen on these images.
        test: metric name to value and interval.
        validation_predictions: the scores of the validation split.
        test_predictions: the scores of the test split.
        calibration: what the scores went through, fitted on validation.
        uncalibrated_error: the expected calibration error of the test split's scores before that.
        clusters: (images,), numbers of the test split's images; those of one number belong together.
    """

    threshold: float
    threshold_rule: str
    confidence: float
    validation: dict[str, float]
    test: dict[str, Interval]
    validation_predictions: Predictions
    test_predictions: Predictions
    calibration: Calibration = field(default_factory=Calibration)
    uncalibrated_error: float = 0.0
    clusters: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def judge(self) -> Judge:
        """How further images of the same model are judged."""
        return Judge(self.calibration, self.threshold, self.confidence)

    def right_answers(self) -> dict[str, bool]:
        """Says of each member of the test split whether it was judged rightly."""
        tested = self.test_predictions
        is_right = decide(tested.scores, self.threshold) == tested.labels
        return dict(zip(tested.members, is_right.tolist(), strict=True))

    def summary(self) -> dict[str, Any]:
        """Gives what `metrics.json` holds of it: numbers of six digits, and which images."""
        return {
            "threshold": self.threshold,
            "threshold_rule": self.threshold_rule,
            "calibration": {
                "method": self.calibration.method,
                **asdict(self.calibration),
                "error_before": round(self.uncalibrated_error, DIGITS),
                "error_after": round(self.test["expected_calibration_error"].value, DIGITS),
            },
            "confidence": self.confidence,
            "validation": rounded(self.validation),
            "test": {name: rounded(asdict(interval)) for name, interval in self.test.items()},
            "clusters": int(np.unique(self.clusters).size),
            "records": {
                VALIDATION: count_labels(self.validation_predictions),
                TEST: count_labels(self.test_predictions),
            },
        }


def evaluate(
    model: Model,
    *,
    validation: Batches,
    test: Batches,
    config: EvaluateConfig,
    is_proper: bool = True,
    clusters: Mapping[str, str] | None = None,
) -> Evaluation:
    """Judges a model.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        validation: the validation split's batches: images, labels, members. Read first, for the threshold.
        test: the test split's batches. Nothing is chosen on it.
        config: the section `evaluate`.
        is_proper: whether the loss it was trained with makes its scores probabilities, which a temperature then
            refines; the scores of other losses are given a whole line.
        clusters: member to the name of what it belongs to, such as its video; members that are not named stand by
            themselves.

    Returns:
        Threshold, metrics and predictions.

    Raises:
        EvaluationError: a split is empty or lacks one of the labels, or the model gave no finite logits.
    """
    chosen_on = checked(predict(model, validation), split=VALIDATION)
    fit = fit_temperature if is_proper else fit_platt
    calibration = fit(chosen_on.labels, chosen_on.scores)
    chosen_on = replace(chosen_on, scores=calibration.apply(chosen_on.scores))
    threshold = choose_threshold(chosen_on.labels, chosen_on.scores, rule=config.threshold_rule)
    judged_on = checked(predict(model, test), split=TEST)
    error_before = expected_calibration_error(judged_on.labels, judged_on.scores)
    numbers = cluster_numbers(judged_on.members, clusters or {})
    judged_on = replace(judged_on, scores=calibration.apply(judged_on.scores))
    return Evaluation(
        threshold=threshold,
        threshold_rule=config.threshold_rule,
        confidence=config.confidence,
        validation=measure(chosen_on.labels, chosen_on.scores, threshold=threshold),
        test=intervals(
            judged_on.labels,
            judged_on.scores,
            threshold=threshold,
            samples=config.bootstrap_samples,
            confidence=config.confidence,
            seed=config.seed,
            clusters=numbers,
        ),
        validation_predictions=chosen_on,
        test_predictions=judged_on,
        calibration=calibration,
        uncalibrated_error=error_before,
        clusters=numbers,
    )


def cluster_numbers(members: Sequence[str], clusters: Mapping[str, str]) -> NDArray[np.int64]:
    """Numbers what members belong to, (members,), from 0; one that is not named stands by itself."""
    names = [clusters.get(member, member) for member in members]
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def checked(predictions: Predictions, *, split: str) -> Predictions:
    """Gives the predictions back if they can be judged, and says otherwise what is missing in which split."""
    for label, count in enumerate(np.bincount(predictions.labels, minlength=2)):
        if not count:
            raise EvaluationError(f"the {split} split has no {LABEL_NAMES[label]} image: metrics need both kinds")
    return predictions


def count_labels(predictions: Predictions) -> dict[str, int]:
    """Counts the images of each label: {"real": 600, "fake": 600}."""
    counts = np.bincount(predictions.labels, minlength=2)
    return {name: int(counts[label]) for label, name in LABEL_NAMES.items()}


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Rounds to six digits, so that files do not differ by the last bit of a sum."""
    return {name: round(value, DIGITS) for name, value in values.items()}

"""The sections that say how models are judged and compared: evaluate, evaluate_external, compare."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from unmask.config.values import STRICT, Count, CountOrNone, Share, spelled

MetricName = Literal[
    "roc_auc_score",
    "average_precision_score",
    "log_loss",
    "brier_error",
    "expected_calibration_error",
    "recall_at_fpr_0_1_percent_score",
    "recall_at_fpr_0_5_percent_score",
    "recall_at_fpr_1_percent_score",
    "accuracy_score",
    "precision_score",
    "recall_score",
    "f1_score",
]


@dataclass(frozen=True, config=STRICT)
class EvaluateConfig:
    """How a model is judged. `confidence` is that of all intervals.

    `threshold_rule` is "accuracy", "balanced", "half", or "fpr<=0.01": at most so large a share of reals called fake.
    `robustness_images` of the test split go through the grid of perturbations; 0 leaves it out. A slice of the test
    split is judged where it has `slice_images`.
    """

    seed: CountOrNone
    batch_size: Count
    threshold_rule: Annotated[
        str,
        spelled(
            r"accuracy|balanced|half|fpr<=0\.\d+",
            expected="accuracy, balanced, half, or fpr<= and a share below 1 in digits, such as fpr<=0.01",
        ),
    ]
    robustness_images: CountOrNone
    slice_images: Count
    bootstrap_samples: Annotated[int, Field(ge=100)]
    confidence: Share
    calibration_bins: Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True, config=STRICT)
class EvaluateExternalConfig:
    """Which sets from elsewhere are judged, beside those in `data/external`: paths of zips or folders."""

    sets: list[Annotated[str, Field(min_length=1)]]


@dataclass(frozen=True, config=STRICT)
class CompareConfig:
    """How the champion is chosen, on the validation split."""

    champion_metric: MetricName

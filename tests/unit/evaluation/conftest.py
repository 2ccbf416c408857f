"""An evaluation made without a model."""

from collections.abc import Callable

import numpy as np
import pytest

from unmask.config import EvaluateConfig
from unmask.evaluation.bootstrap import Interval
from unmask.evaluation.metrics import measure
from unmask.evaluation.predict import Predictions
from unmask.evaluation.report import Evaluation


@pytest.fixture
def config() -> EvaluateConfig:
    return EvaluateConfig(
        seed=7,
        batch_size=8,
        threshold_rule="accuracy",
        robustness_images=0,
        slice_images=5,
        bootstrap_samples=100,
        confidence=0.95,
        calibration_bins=10,
    )


@pytest.fixture
def make_evaluation() -> Callable[..., Evaluation]:
    def make(*, labels: list[int], scores: list[float], threshold: float = 0.5) -> Evaluation:
        predictions = Predictions(
            members=[f"{number:04}.jpg" for number in range(len(labels))],
            labels=np.array(labels),
            scores=np.array(scores),
        )
        values = measure(predictions.labels, predictions.scores, threshold=threshold)
        return Evaluation(
            threshold=threshold,
            threshold_rule="half",
            confidence=0.95,
            validation=values,
            test={name: Interval(value=value, low=value, high=value) for name, value in values.items()},
            validation_predictions=predictions,
            test_predictions=predictions,
        )

    return make

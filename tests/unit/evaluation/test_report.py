"""One model's evaluation: what is chosen where, and what is written down."""

import json

import numpy as np
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.metrics import METRIC_NAMES
from unmask.evaluation.report import evaluate


class MeanModel:
    """Says fake where an image is bright: the logit is the mean."""

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        return x.mean(axis=(1, 2, 3))[:, None]


def batch(means: list[float], labels: list[int], *, log: list[str] | None = None, split: str = ""):
    if log is not None:
        log.append(split)
    images = np.array(means, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.float32)
    yield images, np.array(labels), [f"{split}{number}" for number in range(len(means))]


def test_threshold_comes_from_validation_not_from_test(config):
    # On validation everything above sigmoid(1.5) is fake; on test a threshold of 0.5 would be the better one.
    validation = batch([1, 1, 2, 2], [0, 0, 1, 1])
    found = evaluate(MeanModel(), validation=validation, test=batch([-1, -1, 1, 1], [0, 0, 1, 1]), config=config)
    # Halfway between sigmoid(1) = 0.731059 and sigmoid(2) = 0.880797.
    assert found.threshold == pytest.approx(0.805928, abs=1e-6)
    assert found.validation["accuracy_score"] == 1
    assert found.test["recall_score"].value == 0


def test_validation_is_read_before_test(config):
    log: list[str] = []
    validation = batch([-1, 1], [0, 1], log=log, split="validation")
    evaluate(MeanModel(), validation=validation, test=batch([-1, 1], [0, 1], log=log, split="test"), config=config)
    assert log == ["validation", "test"]


def test_summary_is_json_with_every_metric_and_six_digits(config):
    found = evaluate(MeanModel(), validation=batch([-1, 1], [0, 1]), test=batch([-1, 1, 2], [0, 1, 1]), config=config)
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert set(summary["validation"]) == set(summary["test"]) == set(METRIC_NAMES)
    assert summary["records"] == {"validation": {"real": 1, "fake": 1}, "test": {"real": 1, "fake": 2}}
    for name in METRIC_NAMES:
        bounds = summary["test"][name]
        assert bounds["low"] <= bounds["value"] <= bounds["high"]
        assert all(value == round(value, 6) for value in bounds.values())


@pytest.mark.parametrize(("labels", "missing"), [([1, 1], "real"), ([0, 0], "fake")])
def test_split_with_one_label_is_refused_by_name(config, labels, missing):
    with pytest.raises(EvaluationError, match=f"the test split has no {missing} image"):
        evaluate(MeanModel(), validation=batch([-1, 1], [0, 1]), test=batch([-1, 1], labels), config=config)


def test_scores_of_an_improper_loss_are_calibrated_on_validation(config):
    validation, test = ([-1, -0.5, 0.5, 1], [0, 1, 0, 1]), ([-1, 1], [0, 1])

    def found(*, is_proper: bool):
        return evaluate(
            MeanModel(), validation=batch(*validation), test=batch(*test), config=config, is_proper=is_proper
        )

    as_they_are, calibrated = found(is_proper=True), found(is_proper=False)
    assert as_they_are.summary()["calibration"] == {"method": "none", "slope": 1.0, "intercept": 0.0}
    line = calibrated.summary()["calibration"]
    assert line["method"] == "platt"
    expected = 1 / (1 + np.exp(-(line["slope"] * np.array([-1, 1]) + line["intercept"])))
    assert calibrated.test_predictions.scores == pytest.approx(expected)
    assert as_they_are.test_predictions.scores == pytest.approx(1 / (1 + np.exp([1, -1])))

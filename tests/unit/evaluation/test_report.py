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
    # On validation everything above a logit of 1.5 is fake; on test a threshold of 0.5 would be the better one.
    validation = batch([1, 1, 2, 2], [0, 0, 1, 1])
    found = evaluate(MeanModel(), validation=validation, test=batch([-1, -1, 1, 1], [0, 0, 1, 1]), config=config)
    # Halfway between the scores of logits 1 and 2, once they are divided by the temperature.
    halfway = (1 / (1 + np.exp(-found.calibration.slope * np.array([1, 2])))).mean()
    assert found.threshold == pytest.approx(halfway, abs=1e-6)
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


def test_scores_are_calibrated_on_validation_by_a_temperature_or_where_the_loss_asks_by_a_line(config):
    validation, test = ([-1, -0.5, 0.5, 1], [0, 1, 0, 1]), ([-1, 1], [0, 1])

    def found(*, is_proper: bool):
        return evaluate(
            MeanModel(), validation=batch(*validation), test=batch(*test), config=config, is_proper=is_proper
        )

    for is_proper in (True, False):
        judged = found(is_proper=is_proper)
        line = judged.summary()["calibration"]
        expected = 1 / (1 + np.exp(-(line["slope"] * np.array([-1, 1]) + line["intercept"])))
        assert judged.test_predictions.scores == pytest.approx(expected)
        # Symmetric images: Platt's line goes through 0 but for its last digits, and is the temperature's.
        assert line["slope"] != 1
        assert line["intercept"] == pytest.approx(0, abs=0.01)
        # Logits of -1 and 1: one image each, so the error is the mean distance of score and label.
        assert line["error_before"] == pytest.approx(1 / (1 + np.exp(1)), abs=1e-6)
        assert line["error_after"] == pytest.approx(expected[0], abs=1e-6)
    assert found(is_proper=True).summary()["calibration"]["method"] == "temperature"


def test_a_line_of_its_own_intercept_is_fitted_where_the_loss_asks(config):
    validation = ([0.5, 1, 2, 2.5], [0, 1, 0, 1])
    found = evaluate(
        MeanModel(), validation=batch(*validation), test=batch([-1, 1], [0, 1]), config=config, is_proper=False
    )
    assert found.summary()["calibration"]["method"] == "platt"

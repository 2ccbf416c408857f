import json
from pathlib import Path

import keras
import numpy as np
import pytest

from unmask.artifacts import sha256_of_file
from unmask.errors import EvaluationError
from unmask.serving.engines.network import BATCH
from unmask.serving.pipeline_model import load_model

SIZE = 16
JUDGED = {"threshold": 0.6, "confidence": 0.95, "calibration": {"slope": 1.0, "intercept": 0.0}}


@keras.saving.register_keras_serializable("unmask_tests")
class Brightness(keras.layers.Layer):
    """Logit = (mean of all pixels - 100) / 10, so that scores can be worked by hand."""

    def call(self, pictures: keras.KerasTensor) -> keras.KerasTensor:
        return (keras.ops.mean(pictures, axis=(1, 2, 3))[:, None] - 100.0) / 10.0


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    model, report = tmp_path / "models" / "cnn", tmp_path / "reports" / "cnn"
    model.mkdir(parents=True)
    report.mkdir(parents=True)
    pictures = keras.Input((SIZE, SIZE, 3))
    keras.Model(pictures, Brightness()(pictures)).save(model / "model.keras")
    preprocess = {"image_size": SIZE, "fit": "resize", "resample": "box"}
    (model / "training.json").write_text(json.dumps({"preprocess": preprocess}))
    digest = sha256_of_file(model / "model.keras")
    (report / "metrics.json").write_text(json.dumps({**JUDGED, "model_sha256": digest}))
    return model, report


def test_scores_are_the_networks_in_batches_of_any_number(folders: tuple[Path, Path]) -> None:
    greys = [90 + number % 20 for number in range(BATCH + 3)]
    pictures = [np.full((30, 20, 3), grey, np.uint8) for grey in greys]
    scores = [verdict.score for verdict in load_model(*folders).predict(pictures)]
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-(grey - 100) / 10)) for grey in greys], atol=1e-5)


def test_a_damaged_model_says_what_to_run(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (model / "model.keras").write_bytes(b"damaged")
    with pytest.raises(EvaluationError, match=r"cannot load .*model\.keras .*dvc pull"):
        load_model(model, report)


def test_a_missing_model_says_what_to_run(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (model / "model.keras").unlink()
    with pytest.raises(EvaluationError, match=r"cannot load .*dvc pull"):
        load_model(model, report)


def test_a_threshold_of_another_model_is_refused(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (report / "metrics.json").write_text(json.dumps({**JUDGED, "model_sha256": "0" * 64}))
    with pytest.raises(EvaluationError, match="judged another"):
        load_model(model, report)


@pytest.mark.parametrize("content", ["{}", "not json", "[]", '{"threshold": 0.6, "confidence": 0.95}'])
def test_a_damaged_report_says_what_to_run(folders: tuple[Path, Path], content: str) -> None:
    model, report = folders
    (report / "metrics.json").write_text(content)
    with pytest.raises(EvaluationError, match=r"metrics\.json is damaged.*dvc repro"):
        load_model(model, report)


def test_a_model_that_carries_code_is_refused(folders: tuple[Path, Path]) -> None:
    model, report = folders
    pictures = keras.Input((SIZE, SIZE, 3))
    keras.Model(pictures, keras.layers.Lambda(lambda x: x[:, 0, 0, :1])(pictures)).save(model / "model.keras")
    with pytest.raises(EvaluationError, match="cannot load"):
        load_model(model, report)

import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from unmask.artifacts import sha256_of_file
from unmask.data.inspection import inspect_image
from unmask.errors import EvaluationError, ImageError
from unmask.serving.detector import BATCH, Detector, Verdict, champion

SIZE = 16
JUDGED = {"threshold": 0.6, "confidence": 0.95, "calibration": {"slope": 1.0, "intercept": 0.0}}


@keras.saving.register_keras_serializable("unmask_tests")
class Brightness(keras.layers.Layer):
    """Logit = (mean of all pixels - 100) / 10, so that scores can be worked by hand."""

    def call(self, pictures: keras.KerasTensor) -> keras.KerasTensor:
        return (keras.ops.mean(pictures, axis=(1, 2, 3))[:, None] - 100.0) / 10.0


def encoded(grey: int, *, size: tuple[int, int] = (40, 24)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


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


def test_verdicts_follow_the_score_and_the_threshold(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "face.png"
    file.write_bytes(encoded(120))
    verdicts = Detector.load(*folders).predict([encoded(100), file, encoded(104), encoded(105)])
    # Logits 0, 2, 0.4 and 0.5; sigmoid 0.5, 0.880797, 0.598688 and 0.622459; fake from 0.6 on.
    assert [verdict.label for verdict in verdicts] == ["real", "fake", "real", "fake"]
    np.testing.assert_allclose([verdict.score for verdict in verdicts], [0.5, 0.880797, 0.598688, 0.622459], atol=1e-5)
    assert {verdict.threshold for verdict in verdicts} == {0.6}


def test_a_score_on_the_threshold_is_fake(folders: tuple[Path, Path]) -> None:
    detector = Detector.load(*folders)
    assert detector.judge(0.6) == Verdict(label="fake", score=0.6, threshold=0.6)


def test_more_than_one_batch_keeps_the_order(folders: tuple[Path, Path]) -> None:
    detector = Detector.load(*folders)
    greys = [90 + number % 20 for number in range(BATCH + 3)]
    scores = [verdict.score for verdict in detector.predict([encoded(grey) for grey in greys])]
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-(grey - 100) / 10)) for grey in greys], atol=1e-5)
    assert detector.predict([]) == []


def test_a_missing_picture_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"absent\.png: No such file"):
        Detector.load(*folders).predict([tmp_path / "absent.png"])


def test_a_damaged_picture_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(encoded(50)[:60])
    with pytest.raises(ImageError, match=r"cut\.png: "):
        Detector.load(*folders).predict([tmp_path / "cut.png"])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_a_line_of_pixels_is_refused_as_the_index_refuses_it(
    folders: tuple[Path, Path], tmp_path: Path, size: tuple[int, int]
) -> None:
    content = encoded(50, size=size)
    (tmp_path / "line.png").write_bytes(content)
    with pytest.raises(ImageError) as by_index:
        inspect_image(content, max_pixels=10**6)
    with pytest.raises(ImageError, match=rf"line\.png: {by_index.value}"):
        Detector.load(*folders).predict([tmp_path / "line.png"])


def test_a_damaged_model_says_what_to_run(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (model / "model.keras").write_bytes(b"damaged")
    with pytest.raises(EvaluationError, match=r"cannot load .*model\.keras .*dvc pull"):
        Detector.load(model, report)


def test_a_missing_model_says_what_to_run(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (model / "model.keras").unlink()
    with pytest.raises(EvaluationError, match=r"cannot load .*dvc pull"):
        Detector.load(model, report)


def test_a_threshold_of_another_model_is_refused(folders: tuple[Path, Path]) -> None:
    model, report = folders
    (report / "metrics.json").write_text(json.dumps({**JUDGED, "model_sha256": "0" * 64}))
    with pytest.raises(EvaluationError, match="judged another"):
        Detector.load(model, report)


@pytest.mark.parametrize("content", ["{}", "not json", "[]", '{"threshold": 0.6, "confidence": 0.95}'])
def test_a_damaged_report_says_what_to_run(folders: tuple[Path, Path], content: str) -> None:
    model, report = folders
    (report / "metrics.json").write_text(content)
    with pytest.raises(EvaluationError, match=r"metrics\.json is damaged.*dvc repro"):
        Detector.load(model, report)


def test_a_model_that_carries_code_is_refused(folders: tuple[Path, Path]) -> None:
    model, report = folders
    pictures = keras.Input((SIZE, SIZE, 3))
    keras.Model(pictures, keras.layers.Lambda(lambda x: x[:, 0, 0, :1])(pictures)).save(model / "model.keras")
    with pytest.raises(EvaluationError, match="cannot load"):
        Detector.load(model, report)


def test_the_champion_is_the_comparisons(tmp_path: Path) -> None:
    (tmp_path / "champion.json").write_text('{"model": "resnet50", "metric": "roc_auc_score"}')
    assert champion(tmp_path) == "resnet50"


def test_without_a_comparison_the_pipeline_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"champion\.json is missing: run `dvc repro`"):
        champion(tmp_path)

"""Heatmaps by a real Keras model in the real process."""

import io
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from unmask.serving import export
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network
from unmask.serving.service.heatmaps import Heatmaps, coloured
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.refusals import RefusedError
from unmask.serving.service.settings import Limits

SIDE = 16


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose logit is the picture's mean brightness / 100."""
    pictures = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(1, 1, kernel_initializer=keras.initializers.Constant(1 / 300), name="maps")(pictures)
    vector = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    logits = keras.layers.Dense(1, kernel_initializer="ones", name="logits")(vector)
    preprocess = {"image_size": SIDE, "fit": "resize", "resample": "box", "equalise": 0}
    detector = Detector("tiny", Network(keras.Model(pictures, logits)), threshold=0.5, preprocess=preprocess)
    target = tmp_path_factory.mktemp("bundle") / "model.keras"
    export.export(detector, target)
    return target


def heatmaps_of(file: Path | None, **limits: int) -> Heatmaps:
    return Heatmaps(file, limits=replace(Limits(), **limits), metrics=Metrics(model="tiny", model_sha256="ab" * 32))


def lit(column: int) -> np.ndarray:
    """A dark picture with one bright column."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[:, column] = 255
    return pixels


def test_the_heatmap_is_bright_where_the_answer_comes_from(file, finished):
    heatmaps = heatmaps_of(file)
    fake, real = finished(heatmaps.draw([(lit(3), True), (lit(3), False)]))
    heatmaps.close()
    image = np.asarray(Image.open(io.BytesIO(fake)))
    assert image.shape == (SIDE, SIDE, 4)
    assert set(image[..., 3].argmax(axis=1)) == {3}
    assert image[:, 10, 3].max() == 0, "where nothing speaks for it the picture shows"
    assert real == b"", "brightness speaks for fake alone"
    assert b'unmask_heatmaps_total{outcome="drawn"} 1.0' in heatmaps.metrics.text()


def test_a_damaged_network_is_no_heatmap_this_time(tmp_path, finished):
    (tmp_path / "model.keras").write_bytes(b"damaged")
    heatmaps = heatmaps_of(tmp_path / "model.keras")
    with pytest.raises(RefusedError, match="could not be drawn") as refused:
        finished(heatmaps.draw([(lit(3), True)]))
    heatmaps.close()
    assert refused.value.status == 503


def test_where_too_many_wait_the_next_is_refused(file, finished):
    heatmaps = heatmaps_of(file, heatmaps=1)
    heatmaps.taken = 1
    with pytest.raises(RefusedError) as refused:
        finished(heatmaps.draw([(lit(3), True)]))
    assert refused.value.status == 429


def test_a_cold_heatmap_is_empty():
    assert coloured(np.zeros((4, 4), np.float32)) == b""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from small_bundle import SIZE, make_bundle

from unmask import Detector
from unmask.artifacts import read_json, sha256_of_file, write_json
from unmask.errors import EvaluationError
from unmask.figures import png
from unmask.serving.engines.network import Network
from unmask.serving.explaining import draw, load_network, reasons_of
from unmask.serving.export import export
from unmask.serving.faces import Framing
from unmask.serving.verdict import Box


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Logit = 4 (mean of red - 0.25) in parts of the whole: red speaks for fake wherever it lies."""
    images = keras.Input((SIZE, SIZE, 3))
    maps = keras.layers.Conv2D(1, 1, name="convolution")(keras.layers.Rescaling(1 / 255)(images))
    logits = keras.layers.Dense(1, name="logits")(keras.layers.GlobalAveragePooling2D(name="average")(maps))
    model = keras.Model(images, logits)
    model.get_layer("convolution").set_weights([np.array([[[[1.0], [0.0], [0.0]]]]), np.zeros(1)])
    model.get_layer("logits").set_weights([np.array([[4.0]]), np.array([-1.0])])
    return model


@pytest.fixture(scope="module")
def detector(network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    bundle = make_bundle(tmp_path_factory.mktemp("bundles") / "cnn")
    return replace(Detector.load(bundle), engine=Network(network))


def half_red() -> np.ndarray:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[:, : SIZE // 2, 0] = 255
    return picture


def test_the_heatmap_marks_what_speaks_for_the_answer(detector: Detector, network: keras.Model) -> None:
    (reason,) = reasons_of(detector, network, half_red())
    # Red is half of the picture: logit 4 * 0.5 - 1 = 1, P(fake) 0.731.
    assert (reason.verdict.label, round(reason.verdict.score, 3)) == ("fake", 0.731)
    left, right = reason.heatmap[:, : SIZE // 2 - 1].mean(), reason.heatmap[:, SIZE // 2 + 1 :].mean()
    assert left > 0.9
    assert right < 0.1
    assert reason.overlay.shape == (SIZE, SIZE, 3)


def test_every_face_is_explained_and_drawn(
    detector: Detector, network: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = np.zeros((200, 300, 3), np.uint8)
    photograph[50:150, 150:250, 0] = 255
    boxes = [Box(40, 80, 80, 120), Box(185, 85, 215, 115)]
    monkeypatch.setattr("unmask.serving.detector.find_faces", lambda image: boxes)
    framed = replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5))
    reasons = reasons_of(framed, network, photograph)
    assert [reason.verdict.label for reason in reasons] == ["fake", "real"]
    assert png(draw(reasons, name="two.png", model="cnn")).startswith(b"\x89PNG")


def test_a_bundles_network_is_loaded(detector: Detector, network: keras.Model, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "cnn")
    with pytest.raises(EvaluationError, match=r"cnn has no model\.keras: it was exported without"):
        load_network(bundle)
    export(detector, bundle / "model.keras")
    manifest = read_json(bundle / "detector.json")
    write_json(bundle / "detector.json", manifest | {"files": {"model.keras": sha256_of_file(bundle / "model.keras")}})
    loaded = load_network(bundle)
    np.testing.assert_allclose(loaded.predict_on_batch(half_red()[None].astype(np.float32)), [[1.0]], atol=1e-5)
    (bundle / "model.keras").write_bytes(b"another")
    with pytest.raises(EvaluationError, match=r"model\.keras is damaged: its hash"):
        load_network(bundle)

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask.artifacts import sha256_of_file
from unmask.errors import EvaluationError, StorageError
from unmask.evaluation.calibration import Calibration
from unmask.models.average import average
from unmask.serving.checks.encoding import as_png
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network
from unmask.serving.export import Calibrated, export, load_exported
from unmask.serving.pictures import read_picture

SIZE = 16
PREPROCESS = {"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0}
PICTURES = [as_png(np.random.default_rng(n).integers(0, 256, (20, 24, 3), dtype=np.uint8)) for n in range(11)]

EXPORT_AGAIN = """
import sys
from pathlib import Path
from unmask.serving.engines.network import Network
from unmask.serving.export import export, load_exported
export(load_exported(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def member(seed: int) -> keras.Model:
    """A small network with all that a trained one has: convolution, normalisation, logits far from 0."""
    keras.utils.set_random_seed(seed)
    images = keras.Input((SIZE, SIZE, 3), name="images")
    features = keras.layers.Rescaling(1 / 255, name="scaling")(images)
    features = keras.layers.Conv2D(4, 3, activation="relu", name="convolution")(features)
    features = keras.layers.BatchNormalization(name="normalization")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    return keras.Model(images, keras.layers.Dense(1, name="logits")(features), name="cnn")


def detector_of(network: keras.Model) -> Detector:
    return Detector(
        "cnn",
        Network(network),
        threshold=0.437,
        preprocess=PREPROCESS,
        calibration=Calibration(slope=1.7, intercept=-0.3),
        model_sha256="a" * 64,
    )


@pytest.fixture(scope="module", params=["alone", "averaged"])
def detector(request: pytest.FixtureRequest) -> Detector:
    members = [member(1)] if request.param == "alone" else [member(1), member(2)]
    return detector_of(average(members, test_time_flip=request.param == "averaged"))


@pytest.fixture
def exported(detector: Detector, tmp_path: Path) -> Path:
    export(detector, tmp_path / "faces.keras")
    return tmp_path / "faces.keras"


def test_an_exported_detector_gives_the_same_verdicts(detector: Detector, exported: Path) -> None:
    loaded = load_exported(exported)
    for one, other in zip(detector.predict(PICTURES), loaded.predict(PICTURES), strict=True):
        assert (one.label, one.threshold) == (other.label, other.threshold)
        assert other.score == pytest.approx(one.score, abs=1e-6)
    assert len({verdict.label for verdict in loaded.predict(PICTURES)}) == 2


def test_everything_but_the_network_is_as_it_was(detector: Detector, exported: Path) -> None:
    loaded = load_exported(exported)
    assert replace(loaded, engine=None) == replace(detector, engine=None)


def test_the_file_gives_calibrated_scores_by_itself(detector: Detector, exported: Path) -> None:
    whole = keras.saving.load_model(exported, compile=False, safe_mode=True)
    pictures = np.stack([detector.view(read_picture(picture)).pixels for picture in PICTURES]).astype(np.float32)
    scores = whole.predict_on_batch(pictures)
    assert (scores.shape, scores.dtype) == ((len(PICTURES), 1), np.float32)
    np.testing.assert_allclose(scores[:, 0], [one.score for one in detector.predict(PICTURES)], atol=1e-6)


def calibrated(**changes: Any) -> Calibrated:
    usual = {"calibration": {"slope": 2.0, "intercept": -1.0}, "threshold": 0.5, "preprocess": PREPROCESS}
    return Calibrated(**{**usual, "model": "cnn", "model_sha256": "", **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": float("nan")}, "not a finite number"),
        ({"calibration": {"slope": float("inf"), "intercept": 0.0}}, "not a finite number"),
        ({"preprocess": {"image_size": 16, "resample": "box"}}, "has no fit"),
    ],
)
def test_what_makes_no_sense_is_not_taken(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        calibrated(**changes)


def test_the_line_and_the_sigmoid_are_right() -> None:
    layer = calibrated()
    # 2 * 0 - 1 = -1 and 2 * 1.5 - 1 = 2: 1 / (1 + e) = 0.268941 and 1 / (1 + e^-2) = 0.880797.
    np.testing.assert_allclose(layer(np.array([[0.0], [1.5]], np.float32)), [[0.268941], [0.880797]], atol=1e-6)


def test_the_same_detector_gives_the_same_bytes(detector: Detector, exported: Path, tmp_path: Path) -> None:
    export(detector, tmp_path / "again.keras")
    assert sha256_of_file(tmp_path / "again.keras") == sha256_of_file(exported)
    command = [sys.executable, "-c", EXPORT_AGAIN, str(exported), str(tmp_path / "elsewhere.keras")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert sha256_of_file(tmp_path / "elsewhere.keras") == sha256_of_file(exported)


def test_the_hash_tells_detectors_apart(detector: Detector, exported: Path, tmp_path: Path) -> None:
    export(replace(detector, threshold=0.438), tmp_path / "other.keras")
    assert sha256_of_file(tmp_path / "other.keras") != sha256_of_file(exported)


def test_exporting_leaves_the_detector_as_it_was_and_nothing_beside_the_file(tmp_path: Path) -> None:
    detector = detector_of(member(1))
    before = [verdict.score for verdict in detector.predict(PICTURES)]
    export(detector, tmp_path / "folder" / "faces.keras")
    assert [verdict.score for verdict in detector.predict(PICTURES)] == before
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["faces.keras"]


def test_the_name_must_end_as_keras_wants_it(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"cannot export to .*faces\.h5: its name must end in \.keras"):
        export(detector_of(member(1)), tmp_path / "faces.h5")


@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "faces.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvaluationError, match=r"cannot load .*faces\.keras .*: make it anew with `unmask export"):
        load_exported(path)


def test_a_file_cut_short_is_refused(exported: Path) -> None:
    exported.write_bytes(exported.read_bytes()[:-200])
    with pytest.raises(EvaluationError, match="cannot load"):
        load_exported(exported)


def test_a_file_that_carries_code_is_refused(tmp_path: Path) -> None:
    images = keras.Input((SIZE, SIZE, 3))
    network = keras.Model(images, keras.layers.Lambda(lambda x: x[:, 0, 0, :1])(images))
    keras.Model(images, calibrated()(network.output)).save(tmp_path / "faces.keras")
    with pytest.raises(EvaluationError, match="cannot load"):
        load_exported(tmp_path / "faces.keras")


def test_a_model_that_was_not_exported_is_refused(tmp_path: Path) -> None:
    member(1).save(tmp_path / "model.keras")
    with pytest.raises(EvaluationError, match=r"model\.keras is no exported detector"):
        load_exported(tmp_path / "model.keras")


def rewrite(path: Path, old: str, new: str) -> None:
    """Changes the description of a model in its file."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    text = members["config.json"].decode()
    assert old in text
    members["config.json"] = text.replace(old, new).encode()
    json.loads(members["config.json"])
    with zipfile.ZipFile(path, "w") as target:
        for name, content in members.items():
            target.writestr(name, content)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"threshold": 0.437', '"threshold": NaN', "cannot load"),
        ('"threshold": 0.437', '"threshold": "high"', "cannot load"),
        ('"slope": 1.7', '"tilt": 1.7', "cannot load"),
        ('"fit": "resize", ', "", "cannot load"),
        (f'"image_size": {SIZE}', '"image_size": 8', r"takes \(16, 16, 3\), not 8 pixels"),
    ],
)
def test_a_file_whose_calibrated_layer_makes_no_sense_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "faces.keras"
    export(detector_of(member(1)), path)
    rewrite(path, old, new)
    with pytest.raises(EvaluationError, match=message):
        load_exported(path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_place_that_takes_no_files_is_named() -> None:
    with pytest.raises(StorageError, match=r"cannot write /proc/faces\.keras: No such file or directory"):
        export(detector_of(member(1)), Path("/proc/faces.keras"))

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from unmask.artifacts import sha256_of_file
from unmask.data.drawing.specimen import draw_specimen
from unmask.data.inspection import inspect_image
from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.judge import Judge
from unmask.models.average import average
from unmask.records import FAKE, REAL, Source
from unmask.serving.bundle import write as writing
from unmask.serving.bundle.read import load_bundle
from unmask.serving.bundle.write import Judged, Learnt, write
from unmask.serving.engines import PARITY_LIMIT
from unmask.serving.engines.network import Network
from unmask.serving.export import load_exported
from unmask.serving.verdict import Bin

SIZE = 16
MEASURED = ("sha256", "width", "height", "jpeg_quality")
FILES = [
    *("detector.json", "distribution.npz", "model-card.md", "model-int8.onnx"),
    *("model.bin", "model.keras", "model.onnx", "model.xml", "reference.csv"),
]


def member(seed: int, *, precision: str = "float32") -> keras.Model:
    keras.utils.set_random_seed(seed)
    images = keras.Input((SIZE, SIZE, 3), name="images")
    features = keras.layers.Rescaling(1 / 64, name="scaling", dtype=precision)(images)
    features = keras.layers.Conv2D(4, 3, activation="relu", name="convolution", dtype=precision)(features)
    features = keras.layers.BatchNormalization(name="normalization", dtype=precision)(features)
    features = keras.layers.GlobalAveragePooling2D(name="average", dtype=precision)(features)
    features = keras.layers.Dense(6, activation="relu", name="dense", dtype=precision)(features)
    return keras.Model(images, keras.layers.Dense(1, name="logits", dtype="float32")(features), name="cnn")


def judged(network: keras.Model) -> Judged:
    return Judged(
        name="cnn",
        network=network,
        model_sha256="c" * 64,
        preprocess={"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0},
        judge=Judge(Calibration(slope=1.5, intercept=-0.2), threshold=0.4, confidence=0.95),
        bins=[Bin(low=0.0, high=0.5, images=9, fakes=2), Bin(low=0.5, high=1.0, images=8, fakes=7)],
        warnings=["it learnt from drawings"],
        card="# A card",
        source=Source("drawn", "1", "", "none", "faces.zip", 1, "d" * 64),
    )


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    import zipfile

    archive = tmp_path_factory.mktemp("raw") / "faces.zip"
    rows = []
    with zipfile.ZipFile(archive, "w") as target:
        for index in range(40):
            content = draw_specimen(seed=2, label=index % 2, index=index, image_size=96)
            name = f"{'fake' if index % 2 == FAKE else 'real'}/{index:02d}.jpg"
            target.writestr(name, content)
            seen = vars(inspect_image(content, max_pixels=10**6))
            rows.append({"member": name, **{column: seen[column] for column in MEASURED}})
    table = pd.DataFrame(rows)
    return Learnt(archive, table.iloc[:28], table.iloc[28:], limit=100, int8_limit=20)


@pytest.fixture(scope="module", params=["alone", "averaged"])
def bundle(request: pytest.FixtureRequest, learnt: Learnt, tmp_path_factory: pytest.TempPathFactory) -> Path:
    members = [member(1)] if request.param == "alone" else [member(1), member(2)]
    network = average(members, test_time_flip=request.param == "averaged")
    folder = tmp_path_factory.mktemp("bundle")
    difference = write(folder, judged(network), learnt, finds_faces=True)
    assert difference <= PARITY_LIMIT
    return folder


def test_a_bundle_holds_all_that_a_detector_needs(bundle: Path) -> None:
    assert sorted(path.name for path in bundle.iterdir()) == FILES
    manifest = json.loads((bundle / "detector.json").read_text())
    assert manifest["files"] == {name: sha256_of_file(bundle / name) for name in FILES if name != "detector.json"}
    assert (manifest["model_sha256"], manifest["training"]["images"]) == ("c" * 64, 28)
    assert (manifest["warnings"], manifest["data"]["name"]) == (["it learnt from drawings"], "drawn")


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_every_engine_gives_keras_scores(bundle: Path, engine: str) -> None:
    generator = np.random.default_rng(5)
    pictures = [generator.integers(0, 13 * most, (32, 32, 3), dtype=np.uint8) for most in range(1, 20)]
    scores = np.array([v.score for v in load_bundle(bundle, engine=engine).predict(pictures)])
    keras_scores = np.array([v.score for v in load_exported(bundle / "model.keras").predict(pictures)])
    assert np.abs(scores - keras_scores).max() <= PARITY_LIMIT
    assert scores.std() > 1e-3


def test_the_manifest_says_what_8_bits_cost(bundle: Path, learnt: Learnt) -> None:
    contents = list(learnt.contents(learnt.validation, limit=100))
    small, exact = (load_bundle(bundle, engine=engine) for engine in ("int8", "openvino"))
    scores, exact_scores = (np.array([verdict.score for verdict in one.predict(contents)]) for one in (small, exact))
    said = json.loads((bundle / "detector.json").read_text())["int8"]
    differences = np.abs(scores - exact_scores)
    assert said["images"] == len(learnt.validation)
    assert said["largest_difference"] == pytest.approx(differences.max(), abs=2e-6)
    assert said["mean_difference"] == pytest.approx(differences.mean(), abs=2e-6)
    assert 0 < said["largest_difference"] < 0.1


def test_without_pictures_for_it_there_is_no_network_of_8_bits(learnt: Learnt, tmp_path: Path) -> None:
    write(tmp_path, judged(member(1)), replace(learnt, int8_limit=0), finds_faces=False)
    assert not (tmp_path / "model-int8.onnx").exists()
    assert json.loads((tmp_path / "detector.json").read_text())["int8"] is None


def test_the_reference_is_the_validation_pictures(bundle: Path, learnt: Learnt) -> None:
    table = pd.read_csv(bundle / "reference.csv")
    assert list(table) == ["score", "distance", "width", "height", "jpeg_quality", "brightness"]
    assert len(table) == len(learnt.validation)
    assert (table["width"] == 96).all()
    assert sorted(table["jpeg_quality"]) == sorted(learnt.validation["jpeg_quality"])


def test_bounds_leave_out_the_worst_of_the_training_pictures(bundle: Path, learnt: Learnt) -> None:
    baseline = load_bundle(bundle).baseline
    assert (baseline.side_pixels, baseline.jpeg_quality) == (96, learnt.train["jpeg_quality"].min())
    assert baseline.size == (96, 96)


def test_most_pictures_like_those_of_training_are_not_unlike_them(bundle: Path, learnt: Learnt) -> None:
    fresh = [draw_specimen(seed=9, label=REAL, index=index, image_size=96) for index in range(10)]
    cautions = [caution.name for verdict in load_bundle(bundle).predict(fresh) for caution in verdict.cautions]
    assert cautions.count("unlike") <= 3
    violet = np.full((96, 96, 3), (255, 0, 255), np.uint8)
    (verdict,) = load_bundle(bundle).predict([violet])
    assert "unlike" in [caution.name for caution in verdict.cautions]


def test_the_same_model_gives_the_same_bytes_in_another_process(learnt: Learnt, tmp_path: Path) -> None:
    member(1).save(tmp_path / "network.keras")
    code = (
        "import sys, keras; from pathlib import Path\n"
        "from unmask.serving.bundle.convert import write_onnx, write_openvino\n"
        "from unmask.serving.bundle.embedding import with_embedding\n"
        "network = keras.saving.load_model('network.keras')\n"
        "write_onnx(with_embedding(network), Path(sys.argv[1] + '.onnx'))\n"
        "write_openvino(Path(sys.argv[1] + '.onnx'), Path(sys.argv[1] + '.xml'))\n"
    )
    for name in ("one", "other"):
        command = [sys.executable, "-c", code, name]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=180)
    for suffix in ("onnx", "xml", "bin"):
        assert sha256_of_file(tmp_path / f"one.{suffix}") == sha256_of_file(tmp_path / f"other.{suffix}")


def test_a_network_of_16_bits_is_exported_with_32(learnt: Learnt, tmp_path: Path) -> None:
    network = average(
        [member(1, precision="mixed_bfloat16"), member(2, precision="mixed_bfloat16")], test_time_flip=True
    )
    assert write(tmp_path, judged(network), learnt, finds_faces=False) <= PARITY_LIMIT
    detector = load_bundle(tmp_path)
    assert (detector.is_half, detector.framing) == (True, None)


def test_an_engine_that_differs_makes_no_bundle(
    learnt: Learnt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing.openvino, "load", lambda file: Network(member(3)))
    with pytest.raises(EvaluationError, match=r"differs from Keras' by 0\.\d+ in P\(fake\), by more than 0\.0001"):
        write(tmp_path, judged(member(1)), learnt, finds_faces=False)


def test_pictures_that_are_no_jpegs_have_no_bound_of_quality(learnt: Learnt) -> None:
    png = learnt.train.assign(jpeg_quality=pd.array([pd.NA] * len(learnt.train), dtype="Int64"))
    baseline = writing.baseline_of(judged(member(1)), replace(learnt, train=png), None)
    assert baseline.jpeg_quality is None

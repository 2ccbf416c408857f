"""`unmask predict` and `unmask explain`, in this process: heatmaps, and what becomes of errors."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from small_bundle import SIZE, make_bundle
from typer.testing import CliRunner

from unmask import Detector
from unmask.artifacts import read_json, sha256_of_file, write_json
from unmask.cli import app, detectors
from unmask.errors import EvaluationError
from unmask.serving import explaining
from unmask.serving.engines.network import Network
from unmask.serving.export import export
from unmask.serving.inputs import Named

PNG = b"\x89PNG"
Unmask = Callable[..., Result]


@dataclass(frozen=True)
class Checkout:
    """A folder with the bundle `bundles/cnn`, which has a network for heatmaps."""

    root: Path

    @property
    def network_file(self) -> Path:
        return self.root / "bundles" / "cnn" / "model.keras"


def brightness() -> keras.Model:
    """The bundle's logit, (mean of all pixels - 100) / 10, in layers that a heatmap can be made of."""
    images = keras.Input((SIZE, SIZE, 3))
    maps = keras.layers.Conv2D(1, 1, name="convolution")(images)
    logits = keras.layers.Dense(1, name="logits")(keras.layers.GlobalAveragePooling2D(name="average")(maps))
    model = keras.Model(images, logits)
    model.get_layer("convolution").set_weights([np.full((1, 1, 3, 1), 1 / 3), np.zeros(1)])
    model.get_layer("logits").set_weights([np.array([[0.1]]), np.array([-10.0])])
    return model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    bundle = make_bundle(checkout.root / "bundles" / "cnn")
    loaded = Detector.load(bundle)
    exact = Detector("cnn", Network(brightness()), threshold=loaded.threshold, preprocess=loaded.preprocess)
    export(exact, checkout.network_file)
    manifest = read_json(bundle / "detector.json")
    manifest["files"]["model.keras"] = sha256_of_file(checkout.network_file)
    write_json(bundle / "detector.json", manifest)
    for grey in (120, 90):
        Image.new("RGB", (20, 20), (grey, grey, grey)).save(checkout.root / f"{grey}.png")
    return checkout


@pytest.fixture
def checkout(made: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    for found in made.root.iterdir():
        (tmp_path / found.name).symlink_to(found)
    monkeypatch.chdir(tmp_path)
    return Checkout(tmp_path)


@pytest.fixture
def unmask(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Unmask:
    """Runs a command with the bundle; an exception that would end it with a traceback fails the test."""
    monkeypatch.setattr(sys, "argv", ["unmask"])

    def run(command: str, *arguments: str, model: str = "cnn") -> Result:
        return CliRunner().invoke(app, [command, *arguments, "--model", model], catch_exceptions=False)

    return run


def test_explain_draws_why_one_picture_was_judged_so(unmask: Unmask) -> None:
    result = unmask("explain", "120.png", "--output", "why.png")
    # Logit 2.
    assert result.stdout == "120.png: fake, P(fake) 0.881; see why.png\n"
    assert Path("why.png").read_bytes().startswith(PNG)


def test_an_explanation_is_a_png_and_called_so(unmask: Unmask) -> None:
    result = unmask("explain", "120.png", "--output", "why.jpg")
    assert (result.exit_code, "why.jpg must end in .png" in result.output) == (2, True)
    assert not Path("why.jpg").exists()


def test_a_heatmap_is_drawn_of_each_picture_that_can_be_judged(unmask: Unmask) -> None:
    long = f"{'é' * 120}.png"  # 244 bytes, of the 255 that a file system allows
    Path(long).symlink_to("90.png")
    result = unmask("predict", "120.png", "absent.png", long, "--json", "--heatmap", "reasons")
    assert result.exit_code == 2
    fake, absent, real = json.loads(result.stdout)
    # Logits 2 and -1.
    assert (fake["label"], round(fake["score"], 6)) == ("fake", 0.880797)
    assert absent["error"] == "No such file or directory"
    assert (real["image"], real["label"], round(real["score"], 6)) == (long, "real", 0.268941)
    drawn = sorted(Path("reasons").iterdir())
    assert [file.name for file in drawn] == ["0001-120.png", f"0003-{'é' * 75}.png"]
    assert all(file.read_bytes().startswith(PNG) for file in drawn)


@pytest.mark.parametrize("name", ["a$b^{$.png", "\x1b[31m.png", os.fsdecode(b"\xff.png")])
def test_any_name_has_a_heatmap_and_is_shown_harmlessly(unmask: Unmask, name: str) -> None:
    Path(name).symlink_to("90.png")
    result = unmask("predict", name, "--heatmap", "reasons")
    assert result.exit_code == 0
    (drawn,) = [file.name for file in Path("reasons").iterdir()]
    assert (drawn + result.stdout).replace("\n", "").isprintable()


def test_a_heatmap_that_cannot_be_written_is_its_pictures_error_alone(unmask: Unmask) -> None:
    Path("reasons/0001-120.png").mkdir(parents=True)
    result = unmask("predict", "120.png", "90.png", "--json", "--heatmap", "reasons")
    failed, judged = json.loads(result.stdout)
    assert failed["error"].startswith("no heatmap: cannot write reasons/0001-120.png: a folder")
    assert judged["label"] == "real"
    assert result.exit_code == 2


def test_an_exported_file_draws_its_own_heatmaps(unmask: Unmask) -> None:
    result = unmask("predict", "120.png", "--json", "--heatmap", "reasons", model="bundles/cnn/model.keras")
    (verdict,) = json.loads(result.stdout)
    assert (verdict["label"], round(verdict["score"], 5)) == ("fake", 0.8808)
    assert Path("reasons/0001-120.png").exists()


def test_a_network_whose_hash_is_another_is_not_loaded(
    unmask: Unmask, checkout: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bundle = make_bundle(tmp_path_factory.mktemp("damaged") / "cnn", files={})
    manifest = read_json(checkout.root / "bundles" / "cnn" / "detector.json")
    write_json(bundle / "detector.json", manifest)
    (bundle / "model.keras").write_bytes(checkout.network_file.read_bytes() + b"one byte more")
    drawn = unmask("predict", "120.png", "--heatmap", "reasons", model=str(bundle))
    assert (drawn.exit_code, drawn.stdout) == (2, "")
    assert f"{bundle}/model.keras is damaged: its hash" in drawn.stderr
    with pytest.raises(EvaluationError, match=r"model\.keras is damaged: its hash"):
        unmask("explain", "120.png", model=str(bundle))


def test_without_keras_nothing_is_judged_and_the_reason_said(unmask: Unmask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unmask.serving.explaining", None)
    monkeypatch.delattr("unmask.serving.explaining")
    result = unmask("predict", "120.png", "--heatmap", "reasons")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "heatmaps need Keras and TensorFlow" in result.stderr
    assert not Path("reasons").exists()


def test_heatmaps_take_one_picture_at_a_time_and_decode_it_once(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, decoded = [], []
    read = explaining.read_picture

    def counting(source: Any) -> Any:
        decoded.append(source)
        return read(source)

    def pictures() -> Iterator[Named]:
        for name in ("120.png", "90.png", "120.png"):
            taken.append(name)
            yield Named(name, Path(name))

    monkeypatch.setattr("unmask.serving.explaining.read_picture", counting)
    monkeypatch.setattr("unmask.serving.detector.read_picture", counting)
    detector, network = detectors.load_with_network("cnn")
    judged = detectors.judge_and_draw(detector, network, pictures(), folder=Path("reasons"))
    for number, _ in enumerate(judged, start=1):
        assert (len(taken), len(decoded)) == (number, number)
    assert len(taken) == 3


def test_a_defect_of_predict_is_no_verdict(unmask: Unmask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.serving.judgements.judge", lambda *_: [][0])
    result = unmask("predict", "120.png")
    assert result.exit_code == 2  # 1 would say that a fake was found
    assert "IndexError" in result.stderr

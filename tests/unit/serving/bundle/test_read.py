import json
from pathlib import Path
from typing import Any

import pytest
from small_bundle import make_bundle

from unmask.errors import EvaluationError
from unmask.serving.bundle.read import load_bundle
from unmask.serving.faces import Framing


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "cnn")


def test_a_bundle_may_lie_anywhere(bundle: Path, tmp_path: Path) -> None:
    bundle.rename(tmp_path / "elsewhere")
    assert load_bundle(tmp_path / "elsewhere").name == "cnn"


def test_a_framing_is_read(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "portraits", framing={"side": 0.6, "x": 0.5, "y": 0.55})
    assert load_bundle(folder).framing == Framing(side=0.6, x=0.5, y=0.55)


@pytest.mark.parametrize("name", ["model.xml", "model.bin", "distribution.npz"])
@pytest.mark.parametrize("content", [None, b"", b"other"])
def test_a_file_that_is_missing_or_another_is_refused(bundle: Path, name: str, content: bytes | None) -> None:
    (bundle / name).unlink()
    if content is not None:
        (bundle / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=rf"{name} is (missing|damaged): .*dvc repro export"):
        load_bundle(bundle)


def rewrite(bundle: Path, change: Any) -> None:
    file = bundle / "detector.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.pop("threshold"), "threshold: Field required"),
        (lambda content: content.update(threshold="high"), "threshold: Input should be a valid number"),
        (lambda content: content.update(threshold=2.0), "threshold: "),
        (lambda content: content.update(format=1), "format: "),
        (lambda content: content["calibration"].update(slope=-1.0), r"calibration\.slope: "),
        (lambda content: content["input"].update(fit="squeeze"), r"input\.fit: "),
        (lambda content: content.update(surprise=1), "surprise: "),
        (lambda content: content["files"].update({"model.xml": "0"}), r"files\.model\.xml: "),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(bundle: Path, change: Any, message: str) -> None:
    rewrite(bundle, change)
    with pytest.raises(EvaluationError, match=rf"detector\.json is damaged or another version's \({message}"):
        load_bundle(bundle)


def test_a_manifest_that_is_missing_says_what_to_run(bundle: Path) -> None:
    (bundle / "detector.json").unlink()
    with pytest.raises(EvaluationError, match=r"detector\.json is missing: run `dvc repro export`"):
        load_bundle(bundle)


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_a_network_that_is_none_is_refused(bundle: Path, engine: str) -> None:
    # Its hash is the manifest's, so that it is the engine that must complain.
    from unmask.artifacts import sha256_of_file

    name = {"openvino": "model.xml", "onnx": "model.onnx"}[engine]
    (bundle / name).write_bytes(b"no network")
    rewrite(bundle, lambda content: content["files"].update({name: sha256_of_file(bundle / name)}))
    with pytest.raises(EvaluationError, match=rf"cannot load .*{name}: "):
        load_bundle(bundle, engine=engine)

"""Makes bundles of the paper's networks, at their sizes, with random weights: what they say does not matter here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from unmask import artifacts, config
from unmask.console import silent_start
from unmask.serving.bundle.manifest import FORMAT, MANIFEST_FILE
from unmask.serving.bundle.read import DISTRIBUTION_FILE

SIZES = {"cnn": 256, "resnet50": 224}  # pixels a side
INT8_PICTURES = 8


def make_bundle(name: str, folder: Path) -> Any:
    """Builds a network of the paper, and a bundle of it.

    Args:
        name: a key of `SIZES`.
        folder: of the bundle; made.

    Returns:
        The network, in Keras' hands.
    """
    with silent_start():
        from unmask.models import MODELS
        from unmask.serving.bundle.convert import write_onnx, write_openvino
        from unmask.serving.bundle.embedding import with_embedding
        from unmask.serving.bundle.quantise import write_int8
    train = config.load(Path("profiles/paper.yaml")).train
    architectures = {"cnn": train.cnn.architecture, "resnet50": replace(train.resnet50.architecture, weights="none")}
    network = MODELS[name](architectures[name], image_size=SIZES[name])
    folder.mkdir(parents=True)
    write_onnx(with_embedding(network), folder / "model.onnx")
    write_openvino(folder / "model.onnx", folder / "model.xml")
    noise = np.random.default_rng(0).integers(0, 256, (INT8_PICTURES, SIZES[name], SIZES[name], 3), dtype=np.uint8)
    write_int8(folder / "model.onnx", folder / "model-int8.onnx", noise)
    write_manifest(folder, name=name, dimensions=network.layers[-1].input.shape[-1])
    return network


def write_manifest(folder: Path, *, name: str, dimensions: int) -> None:
    """Makes a bundle of a network that was never trained.

    Args:
        folder: with the network.
        name: the model's.
        dimensions: of its embeddings.
    """
    identity = np.eye(dimensions)
    np.savez(folder / DISTRIBUTION_FILE, mean=identity[0] * 0, precision=identity, usual=np.float64(1e9))
    artifacts.write_json(
        folder / MANIFEST_FILE,
        {
            "format": FORMAT,
            "model": name,
            "model_sha256": "0" * 64,
            "labels": ["real", "fake"],
            "input": {"image_size": SIZES[name], "fit": "resize", "resample": "box", "equalise": 0},
            "calibration": {"slope": 1.0, "intercept": 0.0},
            "threshold": 0.5,
            "is_half": False,
            "bins": [],
            "training": {"images": 1, "size": None, "side_pixels": 0, "jpeg_quality": None},
            "framing": None,
            "warnings": [],
            "data": {},
            "files": {path.name: artifacts.sha256_of_file(path) for path in sorted(folder.iterdir())},
        },
    )

"""A bundle whose scores can be worked by hand, made without TensorFlow: logit = (mean of all pixels - 100) / 10."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from unmask import artifacts
from unmask.serving.bundle.convert import write_openvino
from unmask.serving.bundle.manifest import FORMAT, MANIFEST_FILE

SIZE = 16
MODEL_SHA256 = "a" * 64
REFERENCE = "score,distance,width,height,jpeg_quality,brightness\n"
COMMAND = [sys.executable, "-c", "from unmask.cli import main; main()"]
BINS = [
    {"low": 0.0, "high": 0.5, "images": 10, "fakes": 1},
    {"low": 0.5, "high": 0.9, "images": 0, "fakes": 0},
    {"low": 0.9, "high": 1.0, "images": 20, "fakes": 19},
]


def write_brightness(file: Path) -> None:
    """Writes the network: logits (batch, 1), and as embeddings the means of red, green and blue, (batch, 3)."""
    constants = [
        numpy_helper.from_array(np.array(value), name)
        for name, value in {
            "all": np.array([1, 2, 3], np.int64),
            "places": np.array([1, 2], np.int64),
            "middle": np.array(100, np.float32),
            "tenth": np.array(10, np.float32),
            "last": np.array([1], np.int64),
        }.items()
    ]
    nodes = [
        helper.make_node("ReduceMean", ["images", "all"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "middle"], ["above"]),
        helper.make_node("Div", ["above", "tenth"], ["logit"]),
        helper.make_node("Unsqueeze", ["logit", "last"], ["logits"]),
        helper.make_node("ReduceMean", ["images", "places"], ["embeddings"], keepdims=0),
    ]
    values = {"images": ["batch", SIZE, SIZE, 3], "logits": ["batch", 1], "embeddings": ["batch", 3]}
    images, *outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in values.items()]
    graph = helper.make_graph(nodes, "brightness", [images], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def make_bundle(folder: Path, *, reference: str = REFERENCE, **changes: Any) -> Path:
    """Writes a bundle.

    Args:
        folder: to make.
        reference: its table of validation pictures.
        **changes: of the manifest.
    """
    folder.mkdir(parents=True)
    (folder / "reference.csv").write_text(reference)
    write_brightness(folder / "model.onnx")
    write_openvino(folder / "model.onnx", folder / "model.xml")
    np.savez(folder / "distribution.npz", mean=np.full(3, 100.0), precision=np.eye(3) / 400, usual=np.float64(2.0))
    manifest = {
        "format": FORMAT,
        "model": folder.name,
        "model_sha256": MODEL_SHA256,
        "labels": ["real", "fake"],
        "input": {"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0},
        "calibration": {"slope": 1.0, "intercept": 0.0},
        "threshold": 0.6,
        "is_half": False,
        "bins": BINS,
        "training": {"images": 100, "size": None, "side_pixels": 16, "jpeg_quality": 70},
        "framing": None,
        "warnings": ["it learnt from grey squares"],
        "data": {"name": "squares", "version": "", "sha256": "b" * 64},
        "files": {path.name: artifacts.sha256_of_file(path) for path in sorted(folder.iterdir())},
    }
    artifacts.write_json(folder / MANIFEST_FILE, {**manifest, **changes})
    return folder

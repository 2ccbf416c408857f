"""A bundle whose scores can be worked by hand, for ONNX Runtime alone: logit = (mean of all pixels - 100) / 10."""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx import save as save_onnx

from unmask import artifacts
from unmask.serving.bundle.manifest import MANIFEST_FILE

SIZE = 16
THRESHOLD = 0.6
MODEL_SHA256 = "a" * 64
REFERENCE = "score,distance,width,height,jpeg_quality,brightness\n"
COMMAND = [sys.executable, "-c", "from unmask.cli import main; main()"]


def write_network(file: Path) -> None:
    """Writes the network: logits (batch, 1), and as embeddings the means of red, green and blue, (batch, 3)."""
    constants = {
        "all": np.array([1, 2, 3], np.int64),
        "places": np.array([1, 2], np.int64),
        "middle": np.array(100, np.float32),
        "tenth": np.array(10, np.float32),
        "last": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["images", "all"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "middle"], ["above"]),
        helper.make_node("Div", ["above", "tenth"], ["logit"]),
        helper.make_node("Unsqueeze", ["logit", "last"], ["logits"]),
        helper.make_node("ReduceMean", ["images", "places"], ["embeddings"], keepdims=0),
    ]
    shapes = {"images": ["batch", SIZE, SIZE, 3], "logits": ["batch", 1], "embeddings": ["batch", 3]}
    images, *outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "brightness", [images], outputs, weights)
    save_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def make_scored_bundle(folder: Path, *, threshold: float = THRESHOLD, reference: str = REFERENCE) -> Path:
    """Writes the bundle."""
    folder.mkdir(parents=True)
    write_network(folder / "model.onnx")
    np.savez(folder / "surroundings.npz", mean=np.full(3, 100.0), precision=np.eye(3) / 400, usual=np.float64(2.0))
    (folder / "reference.csv").write_text(reference)
    manifest = {
        "format": 1,
        "model": "grey",
        "model_sha256": MODEL_SHA256,
        "labels": ["real", "fake"],
        "input": {"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0},
        "calibration": {"slope": 1.0, "intercept": 0.0},
        "threshold": threshold,
        "is_half": False,
        "bins": [],
        "training": {"images": 100, "side_pixels": 16, "jpeg_quality": 70},
        "framing": None,
        "warnings": [],
        "data": {"name": "squares", "version": "", "sha256": "b" * 64},
        "files": {path.name: artifacts.sha256_of_file(path) for path in sorted(folder.iterdir())},
    }
    artifacts.write_json(folder / MANIFEST_FILE, manifest)
    return folder

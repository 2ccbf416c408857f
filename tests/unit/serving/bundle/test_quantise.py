import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.small_bundle import make_bundle

from unmask.errors import EvaluationError
from unmask.serving.bundle.quantise import cost_of, write_int8
from unmask.serving.bundle.read import load_bundle
from unmask.serving.engines import openvino

SIZE = 16


def write_convolution(file: Path) -> None:
    """logits: the sum over a convolution of random weights; embeddings: its mean over the picture's four channels."""
    generator = np.random.default_rng(3)
    weights = {
        "kernel": generator.normal(size=(4, 3, 3, 3)) * np.array([1, 2, 4, 8])[:, None, None, None],
        "head": generator.normal(size=(4, 1)) / 500,
        "places": np.array([2, 3]),
    }
    nodes = [
        helper.make_node("Transpose", ["images"], ["upright"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["upright", "kernel"], ["features"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["features"], ["positive"]),
        helper.make_node("ReduceMean", ["positive", "places"], ["embeddings"], keepdims=0),
        helper.make_node("MatMul", ["embeddings", "head"], ["logits"]),
    ]
    shapes = {"images": ["batch", SIZE, SIZE, 3], "logits": ["batch", 1], "embeddings": ["batch", 4]}
    images, *outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    constants = [
        numpy_helper.from_array(value.astype(np.float32) if value.dtype == float else value, name)
        for name, value in weights.items()
    ]
    graph = helper.make_graph(nodes, "convolution", [images], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def pictures(count: int, *, seed: int) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8))


@pytest.fixture
def network(tmp_path: Path) -> Path:
    write_convolution(tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def test_eight_bits_come_near_the_logits_of_32(network: Path, tmp_path: Path) -> None:
    write_int8(network, tmp_path / "model-int8.onnx", pictures(20, seed=1))
    new = pictures(20, seed=2)
    exact, small = (
        np.array([answer.logit for answer in openvino.load(file).answers(new)])
        for file in (network, tmp_path / "model-int8.onnx")
    )
    assert 0 < np.abs(small - exact).max() < 0.05 * np.ptp(exact) + 0.02
    weights = {weight.name: weight.data_type for weight in onnx.load(tmp_path / "model-int8.onnx").graph.initializer}
    assert weights["kernel_quantized"] == weights["head_quantized"] == TensorProto.INT8


def test_the_pictures_decide_the_ranges(network: Path, tmp_path: Path) -> None:
    dark = [picture // 8 for picture in pictures(20, seed=1)]
    write_int8(network, tmp_path / "dark.onnx", dark)
    exact, small = (
        np.array([answer.logit for answer in openvino.load(file).answers(pictures(5, seed=2))])
        for file in (network, tmp_path / "dark.onnx")
    )
    assert np.abs(small - exact).max() > 0.2 * np.abs(exact).max()  # what is bright was cut off


def test_the_same_network_and_pictures_give_the_same_bytes_in_another_process(network: Path, tmp_path: Path) -> None:
    code = (
        "import sys, numpy; from pathlib import Path; from unmask.serving.bundle.quantise import write_int8\n"
        f"pictures = numpy.random.default_rng(1).integers(0, 256, (9, {SIZE}, {SIZE}, 3), dtype=numpy.uint8)\n"
        "write_int8(Path('model.onnx'), Path(sys.argv[1]), pictures)\n"
    )
    hashes = set()
    for name in ("one.onnx", "other.onnx"):
        command = [sys.executable, "-c", code, name]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=180)
        assert "pre-processing" not in done.stderr  # ONNX Runtime's hint
        hashes.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_the_cost_counts_labels_that_change() -> None:
    cost = cost_of(np.array([0.1, 0.5, 0.9]), np.array([0.1, 0.48, 0.96]), threshold=0.5)
    assert (cost.images, cost.changed) == (3, 1)
    assert (cost.mean_difference, cost.largest_difference) == (pytest.approx(0.08 / 3, abs=1e-6), pytest.approx(0.06))


def test_a_bundle_without_the_network_of_8_bits_says_so(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"has no model-int8.onnx: it was exported without"):
        load_bundle(make_bundle(tmp_path / "cnn"), engine="int8")
    assert json.loads((tmp_path / "cnn" / "detector.json").read_text()).get("int8") is None

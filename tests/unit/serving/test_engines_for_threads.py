"""Engines that several threads ask at the same time, each in a process of its own: how the first asks matters."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unmask.serving.engines import ENGINES, FILES
from unmask.serving.engines.openvino import import_openvino

SIDE, THREADS, PICTURES = 8, 4, 20
ASK = """
import sys, threading
from pathlib import Path
import numpy as np
from unmask.serving.engines import ENGINES

name, file, side, count, pictures = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
engine = ENGINES[name](file).for_threads(count)
together, wrong = threading.Barrier(count), []

def ask(grey):
    picture = np.full((side, side, 3), grey, np.uint8)
    together.wait()
    for answer in engine.answers([picture] * pictures):
        if abs(answer.logit - 3 * side * side * grey) > 0.5 or answer.embedding.shape != (1,):
            wrong.append(answer.logit)

threads = [threading.Thread(target=ask, args=[grey]) for grey in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(len(wrong))
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that adds all pixels up, in every engine's format; made without Keras."""
    onnx = pytest.importorskip("onnx")
    openvino = import_openvino()
    folder = tmp_path_factory.mktemp("bundle")
    helper, float_ = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "ones"], ["logits"]),
        helper.make_node("Identity", ["logits"], ["embeddings"]),
    ]
    ones = onnx.numpy_helper.from_array(np.ones((3 * SIDE * SIDE, 1), np.float32), "ones")
    images = helper.make_tensor_value_info("images", float_, ["batch", SIDE, SIDE, 3])
    outputs = [helper.make_tensor_value_info(name, float_, ["batch", 1]) for name in ("logits", "embeddings")]
    graph = helper.make_graph(nodes, "sum", [images], outputs, [ones])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    shutil.copy(folder / "model.onnx", folder / "model-int8.onnx")  # the same engine reads it, whatever its bits
    openvino.save_model(openvino.Core().read_model(folder / "model.onnx"), folder / "model.xml", compress_to_fp16=False)
    return folder


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("name", ENGINES)
def test_threads_that_ask_at_once_get_their_own_answers_and_none_hangs(bundle, name, turn):
    file = bundle / FILES[name][0]
    command = [sys.executable, "-c", ASK, name, str(file), *map(str, (SIDE, THREADS, PICTURES))]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_openvino_tells_nobody_that_it_is_used(bundle, tmp_path):
    """Its telemetry would leave a number for this machine in the home folder before it sends anything."""
    file = str(bundle / "model.xml")
    load = f"from pathlib import Path; from unmask.serving.engines import openvino; openvino.load(Path({file!r}))"
    environment = {"PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)}
    # Nothing gets through to anybody: the proxy does not exist.
    environment |= {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    for code, is_silent in ((load, True), ("import openvino", False)):
        subprocess.run([sys.executable, "-c", code], env=environment, timeout=60, check=True)
        assert (list(tmp_path.iterdir()) == []) == is_silent, "the second line shows that the first can fail"

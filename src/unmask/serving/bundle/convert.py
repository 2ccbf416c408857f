"""A Keras network in the formats of engines that judge faster. Importing this module imports Keras' backend."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import onnx

from unmask.serving.engines.openvino import import_openvino

OPSET = 18  # of ONNX: the newest that tf2onnx writes
IMAGES, LOGITS, EMBEDDINGS = "images", "logits", "embeddings"
BATCH = "batch"
FLOAT = onnx.TensorProto.FLOAT


def write_onnx(network: keras.Model, file: Path) -> None:
    """Writes a network in ONNX' format; the same network gives the same bytes.

    Args:
        network: from pictures (batch, size, size, 3) float32 in [0, 255] to logits (batch, 1) and embeddings.
        file: ends in `.onnx`.
    """
    signature = keras.InputSpec(shape=(None, *network.input_shape[1:]), dtype="float32", name=IMAGES)
    with quiet_numpy():
        network.export(file, format="onnx", verbose=False, input_signature=[signature], opset_version=OPSET)
    model = onnx.load(file)
    settle(model)
    onnx.save(model, file)


def settle(model: onnx.ModelProto) -> None:
    """Orders and names everything by its place: tf2onnx follows the order of sets, which differs from run to run."""
    graph = model.graph
    nodes = in_order_of_use(graph)
    weights = {weight.name: weight for weight in graph.initializer}
    names = dict(zip((output.name for output in graph.output), (LOGITS, EMBEDDINGS), strict=True))
    used = dict.fromkeys(name for node in nodes for name in node.input if name in weights)
    names |= {name: f"weight_{number}" for number, name in enumerate(used)}
    for number, node in enumerate(nodes):
        node.name = f"{node.op_type}_{number}"
        for place, name in enumerate(node.output):
            names.setdefault(name, f"{node.name}_{place}")
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    inputs = list(graph.input)
    outputs = [onnx.helper.make_tensor_value_info(names[o.name], FLOAT, shape_of(o)) for o in graph.output]
    for name in used:
        weights[name].name = names[name]
    settled = onnx.helper.make_graph(nodes, "detector", inputs, outputs, [weights[name] for name in used])
    for value in settled.input:
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    graph.CopyFrom(settled)


def in_order_of_use(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Lists a graph's nodes, each after all that it needs, in an order that its structure alone decides."""
    makers = {name: number for number, node in enumerate(graph.node) for name in node.output}
    found: dict[int, onnx.NodeProto] = {}

    def visit(name: str) -> None:
        number = makers.get(name)
        if number is None or number in found:
            return
        for needed in graph.node[number].input:
            visit(needed)
        found.setdefault(number, graph.node[number])

    for output in graph.output:
        visit(output.name)
    return list(found.values())


def shape_of(output: onnx.ValueInfoProto) -> list[str | int]:
    """Gives an output's shape, whose first dimension is the batch."""
    return [BATCH, *(dimension.dim_value for dimension in output.type.tensor_type.shape.dim[1:])]


@contextmanager
def quiet_numpy() -> Iterator[None]:
    """Keeps a warning of Keras' use of tf2onnx to itself: it looks for names that NumPy 2 no longer has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In the future `np.object`", category=FutureWarning)
        yield


def write_openvino(source: Path, file: Path) -> None:
    """Writes a network of ONNX' format in OpenVINO's, in full precision.

    Args:
        source: what `write_onnx` wrote.
        file: ends in `.xml`; the weights come to lie beside it.
    """
    openvino = import_openvino()
    openvino.save_model(openvino.Core().read_model(source), file, compress_to_fp16=False)

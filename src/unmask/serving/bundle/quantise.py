"""A network in integers of 8 bits: a quarter of the size, and faster where the processor can, at a cost in accuracy."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization

from unmask.data.pictures.decoding import Pixels
from unmask.serving.bundle.convert import IMAGES
from unmask.serving.bundle.manifest import Int8

# What is multiplied and summed; the rest, and with it the residuals and co-occurrences before the first of them, stays
# as it is: it costs little time, and loses much by rounding.
QUANTISED = ("Conv", "Gemm", "MatMul")
ELEMENTWISE = ("Add", "Div", "Mul", "Sub")
DIGITS = 6


class Readings(quantization.CalibrationDataReader):
    """Pictures from which the range of every layer's numbers is read."""

    def __init__(self, pictures: Iterable[Pixels]) -> None:
        """Takes pictures, each (size, size, 3), uint8."""
        self.waiting = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Gives the next input, None after the last."""
        picture = next(self.waiting, None)
        return None if picture is None else {IMAGES: picture[None].astype(np.float32)}


def write_int8(source: Path, file: Path, pictures: Iterable[Pixels]) -> None:
    """Writes a network with weights and activations of 8 bits; the same network and pictures give the same bytes.

    Each weight has its channel's scale, each activation the range that it takes on the pictures. Source: Jacob et al.,
    "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR 2018).

    Args:
        source: what `convert.write_onnx` wrote.
        file: ends in `.onnx`.
        pictures: that were brought to the network's size; of the training split, as they decide something.
    """
    with quiet_log():
        quantization.quantize_static(
            with_own_constants(onnx.load(source)),
            file,
            Readings(pictures),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )


def with_own_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Gives each sum and product a constant of its own.

    OpenVINO 2026.4.1 moves transpositions of a quantised network into constants, and forgets who else uses them: it
    then refuses a network that sees a picture and its mirror image.
    """
    constants = {constant.name: constant for constant in model.graph.initializer}
    used: set[str] = set()
    for node in model.graph.node:
        if node.op_type not in ELEMENTWISE:
            continue
        for place, name in enumerate(node.input):
            if name in constants and name in used:
                node.input[place] = f"{name}_of_{node.name}"
                model.graph.initializer.add().CopyFrom(constants[name])
                model.graph.initializer[-1].name = node.input[place]
            used.add(name)
    return model


def cost_of(scores: NDArray[np.float64], exact: NDArray[np.float64], *, threshold: float) -> Int8:
    """Says what 8 bits cost.

    Args:
        scores: P(fake) of pictures, with 8 bits.
        exact: of the same pictures, with 32.
        threshold: scores from here on mean "fake".
    """
    differences = np.abs(scores - exact)
    return Int8(
        images=len(scores),
        changed=int(((scores >= threshold) != (exact >= threshold)).sum()),
        mean_difference=round(float(differences.mean()), DIGITS),
        largest_difference=round(float(differences.max()), DIGITS),
    )


@contextmanager
def quiet_log() -> Iterator[None]:
    """Keeps a hint to itself: to run ONNX Runtime's preparation first, which tf2onnx has already done."""
    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)

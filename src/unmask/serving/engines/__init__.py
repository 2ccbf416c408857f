"""What computes a network's answer: one file an engine, each the same numbers to `PARITY_LIMIT`, "int8" excepted.

An engine is imported where it is loaded, so that none costs the others' start.
"""

from collections.abc import Callable
from pathlib import Path

from unmask.serving.engines import onnx, openvino
from unmask.serving.engines.engine import Engine

PARITY_LIMIT = 1e-4  # of P(fake): an engine that differs from Keras by more is a fault, and no bundle is made
INT8 = "int8"  # the network with weights and activations of 8 bits, in OpenVINO's hands
ENGINES: dict[str, Callable[[Path], Engine]] = {"openvino": openvino.load, "onnx": onnx.load, INT8: openvino.load}
# Of a bundle; the first is the one to load.
FILES = {"openvino": ("model.xml", "model.bin"), "onnx": ("model.onnx",), INT8: ("model-int8.onnx",)}

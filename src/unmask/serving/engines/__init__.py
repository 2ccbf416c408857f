"""What computes a network's answer: one file an engine, each the same numbers to 1e-4 in P(fake).

An engine is imported where it is loaded, so that none costs the others' start.
"""

from collections.abc import Callable
from pathlib import Path

from unmask.serving.engines import onnx, openvino
from unmask.serving.engines.engine import Engine

ENGINES: dict[str, Callable[[Path], Engine]] = {"openvino": openvino.load, "onnx": onnx.load}
FILES = {"openvino": ("model.xml", "model.bin"), "onnx": ("model.onnx",)}  # of a bundle; the first is the one to load

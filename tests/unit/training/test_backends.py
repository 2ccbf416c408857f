"""The models train without TensorFlow, on another backend of Keras."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
STEP = """
import math, sys

class NoTensorflow:  # not None in sys.modules: Keras takes a name there for the library
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ImportError(f"{name} was asked for")

sys.meta_path.insert(0, NoTensorflow())
import benchmarks.train_step
from benchmarks.keras_step import step_of
changes = {"batch_size": 2, "precision": "float32", "jit_compile": True}
step, backend = step_of("MODEL", side_pixels=32, changes=changes)
assert backend == "jax", backend
loss, *_ = step()
assert math.isfinite(loss), loss
"""


def python_with_jax() -> str | None:
    """Names an interpreter that has JAX: this one, or that of the benchmarks' peers."""
    if find_spec("jax"):
        return sys.executable
    has_jax = any(PEERS_PYTHON.parent.parent.glob("lib/python*/site-packages/jax"))
    return str(PEERS_PYTHON) if has_jax else None


@pytest.mark.parametrize("model", ["cnn", "resnet50"])
def test_a_model_takes_a_step_on_jax_without_tensorflow(model: str) -> None:
    python = python_with_jax()
    if python is None:
        pytest.skip("needs JAX: `make bench-peers` installs it")
    surroundings = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [python, "-c", STEP.replace("MODEL", model)]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""Gradients on each backend: worked by hand, and refused where there are none."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from unmask.errors import ConfigError
from unmask.evaluation.explanation.gradients import gradients_of

ROOT = Path(__file__).parents[4]
PEERS = ROOT / ".venv-peers"
ON_JAX = """
import sys

class NoTensorflow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ImportError(f"{name} was asked for")

sys.meta_path.insert(0, NoTensorflow())
import keras, numpy as np
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.gradients import gradients_of

assert keras.backend.backend() == "jax"
values = [keras.ops.convert_to_tensor([1.0, 2.0]), keras.ops.convert_to_tensor([3.0, 5.0])]
first, second = gradients_of(lambda xy: keras.ops.sum(xy[0] ** 2 * xy[1]), values)
np.testing.assert_allclose(np.asarray(first), [6.0, 20.0])
np.testing.assert_allclose(np.asarray(second), [1.0, 4.0])
images = keras.Input((8, 8, 3))
maps = keras.layers.Conv2D(2, 3, padding="same")(images)
model = keras.Model(images, keras.layers.Dense(1)(keras.layers.Flatten()(maps)))
heatmaps = grad_cam(model, np.random.default_rng(0).uniform(0, 255, (3, 8, 8, 3)), directions=np.ones(3))
assert heatmaps.shape == (3, 8, 8) and heatmaps.max() == 1
"""


def squares(tensors: list) -> object:
    return keras.ops.sum(tensors[0] ** 2 * tensors[1])


def test_each_input_has_its_own_gradient() -> None:
    # Of x^2 y: 2xy = (6, 20) and x^2 = (1, 4).
    values = [keras.ops.convert_to_tensor([1.0, 2.0]), keras.ops.convert_to_tensor([3.0, 5.0])]
    first, second = gradients_of(squares, values)
    np.testing.assert_allclose(first, [6.0, 20.0])
    np.testing.assert_allclose(second, [1.0, 4.0])


def test_an_input_that_plays_no_part_has_a_gradient_of_zero() -> None:
    values = [keras.ops.convert_to_tensor([1.0, 2.0]), keras.ops.convert_to_tensor([3.0, 5.0])]
    _, second = gradients_of(lambda tensors: keras.ops.sum(tensors[0]), values)
    np.testing.assert_array_equal(second, [0.0, 0.0])


def test_a_backend_without_gradients_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ConfigError, match="unknown backend of Keras with gradients 'numpy'; there are: jax, tensorf"):
        gradients_of(squares, [])


def test_heatmaps_are_drawn_on_jax_without_tensorflow() -> None:
    has_jax = any(PEERS.glob("lib/python*/site-packages/jax"))
    if not has_jax and not find_spec("jax"):
        pytest.skip("needs JAX: `make bench-peers` installs it")
    python = sys.executable if find_spec("jax") else str(PEERS / "bin" / "python")
    surroundings = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([python, "-c", ON_JAX], env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

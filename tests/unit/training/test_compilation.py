"""Making a model ready: XLA is a parameter."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask import config
from unmask.models import MODELS
from unmask.training.compilation import compile_model

ROOT = Path(__file__).parents[3]
SIZE = 32


def compiled(name: str, *, jit_compile: bool) -> Any:
    section = config.training_section(config.load(ROOT / "profiles" / "sample.yaml"), name)
    recipe = replace(section.recipe, loss="binary_crossentropy", jit_compile=jit_compile)
    model = MODELS[name](section.architecture, image_size=SIZE)
    compile_model(model, recipe, num_steps=1)
    return model


@pytest.mark.parametrize("asked", [False, True])
def test_xla_is_on_where_the_recipe_asks_for_it(asked: bool) -> None:
    assert compiled("cnn", jit_compile=asked).jit_compile is asked


@pytest.mark.parametrize("name", ["cnn", pytest.param("resnet50", marks=pytest.mark.slow)])
def test_a_model_takes_a_step_compiled_by_xla(name: str) -> None:
    model = compiled(name, jit_compile=True)
    before = [np.array(weights) for weights in model.get_weights()]
    images = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    labels = np.array([[0.0], [1.0]], np.float32)
    assert np.isfinite(model.train_on_batch(images, labels)[0])
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert any(changed)


def test_without_a_gpu_no_xla_is_what_keras_itself_chooses() -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("needs a machine without a GPU")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    assert model.jit_compile is False

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from unmask.evaluation.explanation.gradients import gradients_of
from unmask.models import saved
from unmask.models.normalization import BatchNormalization

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
CHANNELS = 5
ROUNDING = {"float32": 1e-5, "mixed_bfloat16": 2e-2, "mixed_float16": 2e-3}


@pytest.fixture(params=PRECISIONS)
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def activations(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 2.0, (6, 8, 8, CHANNELS)).astype(np.float32)


def layers() -> tuple[keras.layers.BatchNormalization, BatchNormalization]:
    """Keras' layer and ours, with the same scales and offsets, which are not those of the start."""
    pair = keras.layers.BatchNormalization(momentum=0.9), BatchNormalization(momentum=0.9)
    generator = np.random.default_rng(1)
    values = [generator.normal(1.0, 0.3, CHANNELS) for _ in range(3)] + [generator.uniform(0.5, 2.0, CHANNELS)]
    for layer in pair:
        layer.build((None, 8, 8, CHANNELS))
        layer.set_weights(values)
    return pair


def as_numbers(tensor: keras.KerasTensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def test_training_normalizes_as_keras_does_and_moves_as_it_does(precision: str) -> None:
    theirs, ours = layers()
    expected, got = theirs(activations(), training=True), ours(activations(), training=True)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(as_numbers(got), as_numbers(expected), atol=ROUNDING[precision])
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5)


def test_gradients_are_keras_own_to_rounding(precision: str) -> None:
    def gradient(layer: keras.Layer) -> np.ndarray:
        def cubes(inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
            return keras.ops.mean(keras.ops.cast(layer(inputs[0], training=True), "float32") ** 3)

        return as_numbers(gradients_of(cubes, [keras.ops.convert_to_tensor(activations())])[0])

    theirs, ours = layers()
    expected = gradient(theirs)
    np.testing.assert_allclose(gradient(ours), expected, atol=ROUNDING[precision] * np.abs(expected).max())


def test_training_is_one_operation_of_the_backend_and_judging_is_keras_own(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = layers()
    calls = []
    composed = keras.layers.BatchNormalization.call
    monkeypatch.setattr(
        keras.layers.BatchNormalization, "call", lambda *args, **options: calls.append(1) or composed(*args, **options)
    )
    ours(activations(), training=True)
    assert not calls
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(as_numbers(ours(activations(1))), as_numbers(theirs(activations(1))))
    assert calls


@pytest.mark.parametrize("shape", [(6, CHANNELS), (6, 8, CHANNELS)])
def test_other_shapes_train_as_keras_does(shape: tuple[int, ...]) -> None:
    inputs = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    results = []
    for kind in (keras.layers.BatchNormalization, BatchNormalization):
        layer = kind()
        results.append((as_numbers(layer(inputs, training=True)), *layer.get_weights()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_frozen_statistics_stay(precision: str) -> None:
    _, ours = layers()
    ours.trainable = False
    before = ours.get_weights()
    ours(activations(), training=True)
    for weight, other in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    images = keras.Input((8, 8, CHANNELS))
    model = keras.Model(images, BatchNormalization(momentum=0.8)(images))
    model(activations(), training=True)
    saved.save(tmp_path / "model.keras", model)
    loaded = saved.load(tmp_path / "model.keras")
    assert loaded.layers[-1].momentum == 0.8
    np.testing.assert_array_equal(as_numbers(loaded(activations(1))), as_numbers(model(activations(1))))

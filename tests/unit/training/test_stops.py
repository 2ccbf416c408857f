"""Trainings that cannot go on: each ends with a message that says what to change."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from unmask import config, losses
from unmask.data import shards
from unmask.errors import TrainingError
from unmask.training import fit
from unmask.training.stops import StopAtDivergence

ROOT = Path(__file__).parents[3]
ADVICE = r"set optimizer\.clip_norm to 1\.0, or lower optimizer\.learning_rate"


@pytest.fixture
def section() -> Any:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    recipe = replace(whole.recipe, epochs=3, batch_size=8, loss="binary_crossentropy")
    return replace(whole, architecture=replace(whole.architecture, filters=[4], dense_units=4), recipe=recipe)


def train(section: Any, splits: tuple[shards.ShardIndex, shards.ShardIndex], *extra: Any) -> fit.Trained:
    return fit.train("cnn", section, training=splits[0], validation=splits[1], callbacks=list(extra))


def with_rate(section: Any, rate: float, **optimizer: Any) -> Any:
    changed = replace(section.recipe.optimizer, learning_rate=rate, **optimizer)
    return replace(section, recipe=replace(section.recipe, optimizer=changed))


def watch_losses(*means: float) -> None:
    """Shows the callback the running means that Keras would give in one epoch."""
    stop = StopAtDivergence()
    stop.on_epoch_begin(0)
    for batch, mean in enumerate(means):
        stop.on_train_batch_end(batch, {"loss": mean})


@pytest.mark.parametrize("mean", [float("nan"), float("inf")])
def test_loss_that_is_no_number_stops_with_advice(mean: float) -> None:
    with pytest.raises(TrainingError, match=r"the loss became (nan|inf) at batch 1: lower optimizer\.learning_rate"):
        watch_losses(0.7, mean)


def test_a_loss_that_jumps_by_orders_of_magnitude_stops_with_advice(section: Any, splits: Any) -> None:
    with pytest.raises(TrainingError, match=rf"the gradient exploded: the loss rose from 0\.\d+ to .*: {ADVICE}"):
        train(with_rate(section, 100.0), splits)


def test_the_batch_that_exploded_is_found_though_keras_gives_the_mean_of_the_epoch() -> None:
    # 1 in the first 99 batches and 1,090 in the last: a mean of (99 + 1090) / 100 = 11.89.
    with pytest.raises(TrainingError, match=r"the loss rose from 1 to 1\.09e\+03 at batch 99"):
        watch_losses(*[1.0] * 99, 11.89)


@pytest.mark.parametrize("first", [0.001, 5.0])
def test_a_batch_that_is_wholly_and_surely_wrong_is_no_explosion(first: float) -> None:
    watch_losses(first, (first + 69.0) / 2)  # 69 is the cross-entropy of P = 1e-30


@pytest.mark.slow
@pytest.mark.parametrize("loss", losses.names())
def test_a_rate_ten_times_that_of_the_recipe_is_no_explosion(loss: str, section: Any, splits: Any) -> None:
    section = replace(section, recipe=replace(section.recipe, loss=loss))
    assert len(train(with_rate(section, 10 * section.recipe.optimizer.learning_rate), splits).history) == 3


def test_a_weight_that_is_no_number_after_an_epoch_stops_with_advice(section: Any, splits: Any) -> None:
    class Break(keras.callbacks.Callback):
        """Stands for a last step whose gradient was infinite."""

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == 3:  # the last of 30 images in batches of 8
                weight = self.model.trainable_weights[0]
                weight.assign(np.full(weight.shape, np.inf))

    with pytest.raises(TrainingError, match=rf"after epoch 1 the weights .*kernel are no longer numbers: {ADVICE}"):
        train(section, splits, Break())


@pytest.mark.parametrize("error", [tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), MemoryError()])
def test_a_batch_too_large_for_the_memory_stops_with_advice(error: Exception, section: Any, splits: Any) -> None:
    class Allocate(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            raise error

    message = r"out of memory with batches of 8 images: lower recipe\.batch_size or preprocess\.image_size"
    with pytest.raises(TrainingError, match=message):
        train(section, splits, Allocate())

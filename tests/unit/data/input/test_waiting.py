"""How long a consumer waits for a dataset. Sleeping takes at least as long as it says, so that no bound is a guess."""

import time
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from unmask.data.input.waiting import Waiting

BATCHES = 4
SECONDS = 0.1


def slow(seconds: float) -> Any:
    """Gives pairs of batches without end, each of which takes a while; in one step, as tf.data runs others ahead."""

    def work(number: Any) -> Any:
        time.sleep(seconds)
        return number

    def make(number: Any) -> Any:
        with tf.control_dependencies([tf.numpy_function(work, [number], tf.int64)]):
            return tf.zeros((2, 3)), tf.zeros((2, 1))

    return tf.data.Dataset.counter().map(make)


def consume(batches: Any, *, seconds: float) -> float:
    """Takes some batches with a pause after each, and gives the time without the pauses."""
    started = time.monotonic()
    for _ in batches.take(BATCHES):
        time.sleep(seconds)
    return time.monotonic() - started - BATCHES * seconds


def test_a_slow_input_is_waited_for() -> None:
    waiting = Waiting()
    consume(waiting.watch(slow(SECONDS)), seconds=0)
    assert waiting.take() >= BATCHES * SECONDS


def test_a_fast_input_is_not_waited_for_however_slow_its_consumer() -> None:
    waiting = Waiting()
    rest = consume(waiting.watch(tf.data.Dataset.range(100)), seconds=SECONDS)
    assert 0 < waiting.take() <= rest


def test_work_that_was_done_ahead_is_not_waited_for() -> None:
    waiting = Waiting()
    # While the consumer sleeps the next batch is made: only the first is waited for in full.
    rest = consume(waiting.watch(slow(SECONDS).prefetch(BATCHES)), seconds=3 * SECONDS)
    assert SECONDS <= waiting.take() <= rest


def test_taking_begins_anew() -> None:
    waiting = Waiting()
    consume(waiting.watch(tf.data.Dataset.range(100)), seconds=0)
    waiting.take()
    assert waiting.take() == 0


def test_batches_come_as_they_were() -> None:
    pairs = tf.data.Dataset.from_tensor_slices((np.arange(6.0).reshape(3, 2), np.arange(3)))
    watched = Waiting().watch(pairs)
    assert watched.element_spec == pairs.element_spec
    for ours, theirs in zip(watched, pairs, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("is_slow", [True, False])
def test_keras_waits_for_a_slow_input_inside_its_compiled_step(is_slow: bool) -> None:
    pause = SECONDS if is_slow else 0.0
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    waiting, started = Waiting(), time.monotonic()
    model.fit(waiting.watch(slow(pause)), steps_per_epoch=BATCHES, shuffle=False, verbose=0)
    waited = waiting.take()
    assert BATCHES * pause <= waited < time.monotonic() - started

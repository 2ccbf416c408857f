"""How long a dataset's consumer waits for it, measured inside the dataset.

Keras hands the whole iterator to its compiled step, so that no Python stands between the two. A zip asks its parts one
after another: two clocks around the batches read the time just before a batch is asked for and just after it came.
"""

from typing import Any

import tensorflow as tf

Dataset = Any
Tensor = Any


class Waiting:
    """Sums up the seconds that one dataset's consumer waited."""

    def __init__(self) -> None:
        """Begins at 0."""
        with tf.device("CPU:0"):
            self.seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)

    def watch(self, batches: Dataset) -> Dataset:
        """Gives the same batches, measured; the last step before a consumer, as whatever follows would be measured."""
        clock = tf.data.Dataset.counter().map(lambda _: tf.timestamp())
        options = tf.data.Options()
        # Else tf.data puts a prefetch after the last step, which would wait in the consumer's place and ahead of it.
        options.experimental_optimization.inject_prefetch = False
        return tf.data.Dataset.zip(clock, batches, clock).map(self.count).with_options(options)

    def count(self, before: Tensor, batch: Any, after: Tensor) -> Any:
        """Adds one wait and drops the clocks."""
        with tf.control_dependencies([self.seconds.assign_add(after - before)]):
            return tf.nest.map_structure(tf.identity, batch)

    def take(self) -> float:
        """Gives the seconds since the last call."""
        seconds = float(self.seconds.numpy())
        self.seconds.assign_sub(seconds)
        return max(0.0, seconds)  # the clock may be set back

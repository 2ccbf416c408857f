"""From shards to the batches that training and its validation take: decoded, shuffled, varied.

What an epoch sees is a function of the seed and the epoch's number alone.
"""

from typing import Any

import tensorflow as tf

from unmask.config import AugmentationConfig
from unmask.data.augmentation import augment
from unmask.data.reading import decoded, records_of, steps
from unmask.data.shards import ShardIndex

Tensor = Any
Dataset = Any

SHUFFLE_RECORDS = 4096  # encoded images, so about 100 MB at 256 pixels


def training_batches(
    index: ShardIndex, *, batch_size: int, seed: int, augmentation: AugmentationConfig, first_epoch: int = 0
) -> Dataset:
    """Gives epoch after epoch of shuffled, varied batches without end.

    Args:
        index: the split to read.
        batch_size: images a batch; an epoch's last batch may be smaller.
        seed: sets order and variation.
        augmentation: how images are varied.
        first_epoch: the epoch to begin with, when training goes on from a checkpoint.

    Returns:
        A tf.data.Dataset of images (batch, size, size, 3) float32 in [0, 255] and labels (batch, 1) float32. An epoch
        is `steps(index.records, batch_size)` batches.
    """

    def one_epoch(epoch: Tensor) -> Dataset:
        order = tf.random.stateless_uniform((2,), (seed, epoch), maxval=2**31 - 1, dtype=tf.int64)
        records = records_of(index, order=order).shuffle(min(SHUFFLE_RECORDS, index.records), seed=order[1])
        batches = decoded(records, size=index.image_size).batch(batch_size)
        return batches.enumerate().map(
            lambda step, batch: vary(batch, step, order), num_parallel_calls=tf.data.AUTOTUNE
        )

    def vary(batch: dict[str, Tensor], step: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        images = tf.cast(batch["image"], tf.float32)
        varied = augment(images, config=augmentation, seed=tf.stack([order[0], step]))
        return varied, tf.cast(batch["label"], tf.float32)[:, None]

    epochs = tf.data.Dataset.counter(first_epoch)
    return epochs.flat_map(one_epoch).prefetch(tf.data.AUTOTUNE)


def validation_batches(index: ShardIndex, *, batch_size: int) -> Dataset:
    """Gives one pass over a split, in order and unvaried, in the shapes of `training_batches`."""

    def shaped(batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        return tf.cast(batch["image"], tf.float32), tf.cast(batch["label"], tf.float32)[:, None]

    batches = decoded(records_of(index), size=index.image_size).batch(batch_size)
    counted = tf.data.experimental.assert_cardinality(steps(index.records, batch_size))  # Keras warns without it
    return batches.map(shaped).prefetch(tf.data.AUTOTUNE).apply(counted)

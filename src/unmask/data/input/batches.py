"""From shards to the batches that training and its validation take: decoded, shuffled, varied.

What an epoch sees is a function of the seed and the epoch's number alone.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unmask.config import AugmentationConfig
from unmask.data.input.augmentation import augment
from unmask.data.input.reading import decode, records_of, steps
from unmask.data.shards import ShardIndex

Tensor = Any
Dataset = Any

SHUFFLE_RECORDS = 4096  # encoded images, so about 100 MB at 256 pixels
READ_AHEAD_BATCHES = 16  # encoded, so few bytes; they last while the next epoch's shuffling begins


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
        A tf.data.Dataset of images (batch, size, size, 3) uint8 and labels (batch, 1) float32; a model turns whole
        numbers into its own type, which is a quarter of the bytes up to its device. An epoch is
        `steps(index.records, batch_size)` batches.
    """

    def load(records: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = shaped(records, size=index.image_size)
        return augment(images, config=augmentation, seed=seed), labels

    batches = epochs_of(
        lambda order: records_of(index, order=order),
        records=index.records,
        batch_size=batch_size,
        seed=seed,
        first_epoch=first_epoch,
    )
    return batches.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def epochs_of(
    read: Callable[[Tensor], Dataset], *, records: int, batch_size: int, seed: int, first_epoch: int
) -> Dataset:
    """Shuffles and batches epoch after epoch without end.

    Args:
        read: gives a split's records in an order, (2,) int64, drawn for the epoch.
        records: how many there are.
        batch_size: records a batch; an epoch's last batch may be smaller.
        seed: sets the order.
        first_epoch: the epoch to begin with.

    Returns:
        A tf.data.Dataset of batches of records, and for each the seed of its variation, (2,) int64.
    """

    def one_epoch(epoch: Tensor) -> Dataset:
        order = tf.random.stateless_uniform((2,), (seed, epoch), maxval=2**31 - 1, dtype=tf.int64)
        shuffled = read(order).shuffle(min(SHUFFLE_RECORDS, records), seed=order[1])
        return shuffled.batch(batch_size).enumerate().map(lambda step, batch: (batch, tf.stack([order[0], step])))

    # Only reading begins anew with an epoch. Decoding goes on across its end from what was read ahead.
    return tf.data.Dataset.counter(first_epoch).flat_map(one_epoch).prefetch(READ_AHEAD_BATCHES)


def validation_batches(index: ShardIndex, *, batch_size: int) -> Dataset:
    """Gives one pass over a split, in order and unvaried, in the shapes of `training_batches`."""
    batches = records_of(index).batch(batch_size)
    decoded = batches.map(
        lambda records: shaped(records, size=index.image_size), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    counted = tf.data.experimental.assert_cardinality(steps(index.records, batch_size))  # Keras warns without it
    return decoded.prefetch(tf.data.AUTOTUNE).apply(counted)


def shaped(records: Tensor, *, size: int) -> tuple[Tensor, Tensor]:
    """Decodes a batch of records to images and labels as a model's fit takes them."""
    batch = decode(records, size=size)
    return batch["image"], tf.cast(batch["label"], tf.float32)[:, None]

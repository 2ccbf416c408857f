"""From stored features to the batches that a head takes: the images, order and mirroring of `batches`, not computed.

An epoch of features is the epoch of images that the same seed gives, in the same batches, with the same of them
mirrored. The other variations are left out: features of a turned or noisy image are not stored.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from unmask.data.features import SplitFeatures
from unmask.data.input.augmentation import APPEARANCE, GEOMETRY, horizontal_flip
from unmask.data.input.batches import epochs_of
from unmask.data.input.reading import SHARDS_AT_ONCE, steps
from unmask.data.shards import ShardIndex

Tensor = Any
Dataset = Any


def training_feature_batches(
    features: SplitFeatures,
    index: ShardIndex,
    *,
    batch_size: int,
    seed: int,
    flip_probability: float,
    first_epoch: int = 0,
) -> Dataset:
    """Gives epoch after epoch of shuffled features without end.

    Args:
        features: of the split.
        index: the split.
        batch_size: images a batch; an epoch's last batch may be smaller.
        seed: sets order and mirroring.
        flip_probability: with which an image's mirror image is taken instead.
        first_epoch: the epoch to begin with, when training goes on from a checkpoint.

    Returns:
        A tf.data.Dataset of features (batch, dim) and labels (batch, 1) float32.
    """
    take = taking(features)

    def load(positions: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        return take(positions, are_mirrored(positions, probability=flip_probability, seed=seed))

    positions = epochs_of(
        lambda order: positions_of(index, order=order),
        records=index.records,
        batch_size=batch_size,
        seed=seed,
        first_epoch=first_epoch,
    )
    return positions.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def validation_feature_batches(features: SplitFeatures, *, batch_size: int) -> Dataset:
    """Gives one pass over a split, in order and unvaried, in the shapes of `training_feature_batches`."""
    records = len(features.labels)
    take = taking(features)
    batches = tf.data.Dataset.range(records).batch(batch_size).map(lambda rows: take(rows, tf.zeros_like(rows)))
    counted = tf.data.experimental.assert_cardinality(steps(records, batch_size))  # Keras warns without it
    return batches.prefetch(tf.data.AUTOTUNE).apply(counted)


def positions_of(index: ShardIndex, *, order: Tensor) -> Dataset:
    """Gives the records' positions in the order in which `records_of` reads the records themselves."""
    counts = np.array(index.shard_records, dtype=np.int64)
    shards = tf.data.Dataset.from_tensor_slices((np.cumsum(counts) - counts, counts))
    shuffled = shards.shuffle(len(counts), seed=order[0])
    return shuffled.interleave(
        lambda start, count: tf.data.Dataset.range(start, start + count), cycle_length=SHARDS_AT_ONCE
    )


def are_mirrored(positions: Tensor, *, probability: float, seed: Tensor) -> Tensor:
    """Draws, as `augment` does from the same seed, which images of a batch are mirrored: (batch,) int64, 0 or 1."""
    if not probability:
        return tf.zeros_like(positions)
    names = (*GEOMETRY, *APPEARANCE)
    seeds = tf.random.split(seed, len(names))
    matrices = horizontal_flip(positions, probability, seeds[names.index("horizontal_flip")])
    return tf.cast(matrices[:, 0, 0] < 0, tf.int64)


def taking(features: SplitFeatures) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Gives what reads features and labels at positions and views, each (batch,) int64."""
    values, labels = features.values, features.labels

    def read(positions: npt.NDArray[Any], views: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
        return values[positions, views], labels[positions, None].astype(np.float32)

    def take(positions: Tensor, views: Tensor) -> tuple[Tensor, Tensor]:
        taken, classes = tf.numpy_function(read, [positions, views], [values.dtype, tf.float32])
        return tf.ensure_shape(taken, (None, values.shape[-1])), tf.ensure_shape(classes, (None, 1))

    return take

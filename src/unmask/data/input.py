"""From shards to batches with tf.data: decoded, shuffled and varied for training; in order for evaluation.

What an epoch sees is a function of the seed and the epoch's number alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from unmask.config import AugmentationConfig
from unmask.data.augmentation import augment
from unmask.data.shards import ShardIndex, read_index

Tensor = Any
Dataset = Any
Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]

SHUFFLE_RECORDS = 4096  # encoded images, so about 100 MB at 256 pixels
FEATURES = {
    "image": tf.io.FixedLenFeature((), tf.string),
    "label": tf.io.FixedLenFeature((), tf.int64),
    "member": tf.io.FixedLenFeature((), tf.string),
}


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


def evaluation_batches(shards: Path, split: str, batch_size: int) -> Iterator[Batch]:
    """Gives one pass over a split with the members' names.

    Args:
        shards: the folder of all splits, `data/shards`.
        split: "train", "validation" or "test".
        batch_size: images a batch; the last may be smaller.

    Yields:
        images (batch, size, size, 3) uint8; labels (batch,) int64; members, the paths inside the archive.
    """
    index = read_index(shards / split)
    batches = decoded(records_of(index), size=index.image_size).batch(batch_size).prefetch(1)
    for batch in batches.as_numpy_iterator():
        yield batch["image"], batch["label"], [member.decode() for member in batch["member"]]


def steps(records: int, batch_size: int) -> int:
    """Counts the batches of an epoch."""
    return -(-records // batch_size)


def records_of(index: ShardIndex, *, order: Tensor | None = None) -> Dataset:
    """Reads a split's serialised records, shard after shard; with `order`, shards shuffled and read side by side."""
    files = tf.data.Dataset.from_tensor_slices([str(file) for file in index.files])
    if order is None:
        return tf.data.TFRecordDataset(files)
    shuffled = files.shuffle(len(index.files), seed=order[0])
    return shuffled.interleave(tf.data.TFRecordDataset, cycle_length=4)


def decoded(records: Dataset, *, size: int) -> Dataset:
    """Parses records and decodes their images to (size, size, 3) uint8."""

    def decode(record: Tensor) -> dict[str, Tensor]:
        example = tf.io.parse_single_example(record, FEATURES)
        # This op reads PNG too. The accurate DCT is what Pillow uses: the same pixels in training and in serving.
        image = tf.io.decode_jpeg(example["image"], channels=3, dct_method="INTEGER_ACCURATE")
        return {**example, "image": tf.ensure_shape(image, (size, size, 3))}

    return records.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

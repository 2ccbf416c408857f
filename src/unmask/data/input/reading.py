"""From shards to decoded images in order: one pass over a split, as evaluation needs it and training begins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from unmask.data.shards import ShardIndex, read_index
from unmask.errors import ShardError

Tensor = Any
Dataset = Any
Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]

SHARDS_AT_ONCE = 4  # of a shuffled epoch

FEATURES = {
    "image": tf.io.FixedLenFeature((), tf.string),
    "label": tf.io.FixedLenFeature((), tf.int64),
    "member": tf.io.FixedLenFeature((), tf.string),
}


def evaluation_batches(shards: Path, split: str, batch_size: int) -> Iterator[Batch]:
    """Gives one pass over a split with the members' names.

    Args:
        shards: the folder of all splits, `data/shards`.
        split: "train", "validation" or "test".
        batch_size: images a batch; the last may be smaller.

    Yields:
        images (batch, size, size, 3) uint8; labels (batch,) int64; members, the paths inside the archive.

    Raises:
        ShardError: a shard is missing or damaged.
    """
    index = read_index(shards / split)
    batches = records_of(index).batch(batch_size)
    decoded = batches.map(lambda records: decode(records, size=index.image_size), num_parallel_calls=tf.data.AUTOTUNE)
    try:
        for batch in decoded.prefetch(1).as_numpy_iterator():
            yield batch["image"], batch["label"], [member.decode() for member in batch["member"]]
    except tf.errors.OpError as error:
        raise ShardError(f"{index.folder} is damaged ({error.message}): run `dvc repro preprocess`") from error


def steps(records: int, batch_size: int) -> int:
    """Counts the batches of an epoch."""
    return -(-records // batch_size)


def records_of(index: ShardIndex, *, order: Tensor | None = None) -> Dataset:
    """Reads a split's serialised records, shard after shard; with `order`, shards shuffled and read side by side."""
    files = tf.data.Dataset.from_tensor_slices([str(file) for file in index.files])
    if order is None:
        return tf.data.TFRecordDataset(files)
    shuffled = files.shuffle(len(index.files), seed=order[0])
    return shuffled.interleave(tf.data.TFRecordDataset, cycle_length=SHARDS_AT_ONCE)


def decode(records: Tensor, *, size: int) -> dict[str, Tensor]:
    """Parses a batch of records and decodes their images.

    A batch at a time: an image at a time costs a change of threads each, and a copy into the batch.

    Args:
        records: (batch,), serialised.
        size: the images' side in pixels.

    Returns:
        "image" (batch, size, size, 3) uint8, "label" (batch,) int64, "member" (batch,) string.
    """
    batch = tf.io.parse_example(records, FEATURES)

    def pixels(content: Tensor) -> Tensor:
        # This op reads PNG too. The accurate DCT is what Pillow uses: the same pixels in training and in serving.
        image = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(image, (size, size, 3))

    signature = tf.TensorSpec((size, size, 3), tf.uint8)
    return {**batch, "image": tf.map_fn(pixels, batch["image"], fn_output_signature=signature)}

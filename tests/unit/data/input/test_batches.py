"""What training sees: varied by the seed and the epoch's number alone, and as bytes that a model takes for numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from unvaried import UNVARIED

from unmask.data import shards
from unmask.data.input import batches, reading

VARIED = replace(
    UNVARIED, horizontal_flip=0.5, rotation=20.0, zoom=0.2, shift=0.1, brightness=0.1, contrast=0.1, noise=5.0
)
IMAGES, BATCH = 10, 4


@pytest.fixture
def index(tmp_path: Path, make_image: Callable[..., bytes]) -> shards.ShardIndex:
    about = {"preprocess": {"image_size": 48, "fit": "resize", "resample": "box"}}
    examples = [shards.Example(f"face-{i}", i % 2, f"{i:064x}", make_image(i)) for i in range(IMAGES)]
    shards.write(tmp_path / "train", examples, total=IMAGES, shard_megabytes=100.0, about=about)
    return shards.read_index(tmp_path / "train")


def read(index: shards.ShardIndex, *, first_epoch: int, epochs: int, seed: int = 1) -> list[np.ndarray]:
    """Reads whole epochs of varied images, batch by batch."""
    epoch_batches = batches.training_batches(
        index, batch_size=BATCH, seed=seed, augmentation=VARIED, first_epoch=first_epoch
    ).take(epochs * reading.steps(IMAGES, BATCH))
    return [np.asarray(images) for images, _ in epoch_batches]


def test_varied_images_are_the_same_when_training_begins_with_their_epoch(index: shards.ShardIndex) -> None:
    whole, resumed = read(index, first_epoch=0, epochs=3), read(index, first_epoch=2, epochs=1)
    assert [len(batch) for batch in whole] == [4, 4, 2] * 3
    for one, other in zip(whole[6:], resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_epoch_varies_otherwise_than_the_one_before_and_by_another_seed(index: shards.ShardIndex) -> None:
    # The sums of pixels, sorted, do not depend on the order of the images.
    first, second = (np.sort(np.concatenate(read(index, first_epoch=e, epochs=1)).sum((1, 2, 3))) for e in (0, 1))
    other_seed = np.sort(np.concatenate(read(index, first_epoch=0, epochs=1, seed=2)).sum((1, 2, 3)))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other_seed)


def test_model_takes_the_bytes_for_the_same_numbers(index: shards.ShardIndex) -> None:
    images, _ = next(iter(batches.validation_batches(index, batch_size=BATCH)))
    pixels = keras.Input((48, 48, 3))
    model = keras.Model(pixels, keras.layers.Rescaling(1.0)(pixels))
    assert np.asarray(images).dtype == np.uint8
    np.testing.assert_array_equal(model.predict(images, verbose=0), np.asarray(images).astype("float32"))

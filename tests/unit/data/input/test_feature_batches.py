"""An epoch of features is the epoch of images that the same seed gives."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unvaried import UNVARIED

from unmask.data import shards
from unmask.data.features import SplitFeatures
from unmask.data.input import batches, feature_batches, reading

IMAGES, BATCH, SIZE = 26, 4, 48
HASH_STEP = (1 << 256) // IMAGES  # spreads the hashes, so that there are several shards


@pytest.fixture
def index(tmp_path: Path, make_image: Callable[..., bytes]) -> shards.ShardIndex:
    about = {"preprocess": {"image_size": SIZE, "fit": "resize", "resample": "box"}}
    examples = [shards.Example(str(i), i % 2, f"{i * HASH_STEP:064x}", make_image(i)) for i in range(IMAGES)]
    shards.write(tmp_path / "train", examples, total=IMAGES, shard_megabytes=0.004, about=about)
    written = shards.read_index(tmp_path / "train")
    assert len(written.files) > 4
    return written


def corners(images: Any) -> np.ndarray:
    """Gives the first pixel's red, which a mirrored image has another of: a feature (batch, 1) of an image."""
    return np.asarray(images)[:, 0, 0, :1].astype(np.float32)


@pytest.fixture
def features(index: shards.ShardIndex, tmp_path: Path) -> SplitFeatures:
    read = list(reading.evaluation_batches(tmp_path, "train", IMAGES))
    images, labels = read[0][:2]
    values = np.stack([corners(images), corners(images[:, :, ::-1])], axis=1)
    return SplitFeatures(values=values, labels=labels.astype(np.uint8), shards_sha256=index.sha256)


@pytest.mark.parametrize("flip", [0.0, 0.5])
@pytest.mark.parametrize("first_epoch", [0, 2])
def test_features_come_in_the_order_of_the_images_with_the_same_ones_mirrored(
    index: shards.ShardIndex, features: SplitFeatures, flip: float, first_epoch: int
) -> None:
    varied = replace(UNVARIED, horizontal_flip=flip)
    common = {"batch_size": BATCH, "seed": 3, "first_epoch": first_epoch}
    num_batches = 2 * reading.steps(IMAGES, BATCH)
    images = batches.training_batches(index, augmentation=varied, **common).take(num_batches)
    taken = feature_batches.training_feature_batches(features, index, flip_probability=flip, **common)
    for (picture, label), (feature, feature_label) in zip(images, taken.take(num_batches), strict=True):
        np.testing.assert_array_equal(corners(picture), np.asarray(feature))
        np.testing.assert_array_equal(np.asarray(label), np.asarray(feature_label))


def test_validation_passes_once_over_the_first_view_in_order(features: SplitFeatures) -> None:
    taken = list(feature_batches.validation_feature_batches(features, batch_size=BATCH))
    assert [len(batch) for batch, _ in taken] == [4, 4, 4, 4, 4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in taken]), features.values[:, 0])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in taken])[:, 0], features.labels)

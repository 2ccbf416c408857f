"""Shards, their index, and what is read back from them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unmask import artifacts
from unmask.config import AugmentationConfig
from unmask.data import images, input, reading, shards
from unmask.errors import ShardError, StorageError

ABOUT = {"preprocess": {"image_size": 48, "fit": "resize", "resample": "box"}}
UNVARIED = AugmentationConfig(
    horizontal_flip=0.0, rotation=0.0, zoom=0.0, shift=0.0, brightness=0.0, contrast=0.0, noise=0.0
)


@pytest.fixture
def examples(make_image: Callable[..., bytes]) -> list[shards.Example]:
    formats = ["JPEG", "PNG"]
    return [
        shards.Example(f"face-{number}", number % 2, make_image(number, format=formats[number % 2]))
        for number in range(20)
    ]


@pytest.fixture
def folder(tmp_path: Path, examples: list[shards.Example]) -> Path:
    shards.write(tmp_path / "test", examples, total=20, shard_megabytes=0.01, about=ABOUT)
    return tmp_path


def test_index_says_what_the_shards_hold(folder: Path) -> None:
    content = artifacts.read_json(folder / "test" / shards.INDEX)
    assert (content["records"], content["real"], content["fake"]) == (20, 10, 10)
    assert len(content["shards"]) > 1
    for shard in content["shards"]:
        assert artifacts.sha256_of_file(folder / "test" / shard["file"]) == shard["sha256"]


def test_every_member_is_found_at_its_shard_and_position(folder: Path) -> None:
    members = pd.read_csv(folder / "test" / shards.MEMBERS)
    assert members["member"].tolist() == [f"face-{number}" for number in range(20)]
    read = [member for _, _, names in reading.evaluation_batches(folder, "test", 7) for member in names]
    assert read == members["member"].tolist()


def test_same_examples_give_the_same_bytes(folder: Path, tmp_path: Path, examples: list[shards.Example]) -> None:
    shards.write(tmp_path / "again", examples, total=20, shard_megabytes=0.01, about=ABOUT)
    for path in (folder / "test").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_pixels_read_in_training_are_those_that_serving_decodes(folder: Path, examples: list[shards.Example]) -> None:
    # JPEG and PNG alike: TensorFlow's decoder against Pillow's.
    read = np.concatenate([batch for batch, _, _ in reading.evaluation_batches(folder, "test", 6)])
    for pixels, example in zip(read, examples, strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(images.decode(example.image, max_pixels=10**6)))


def test_missing_shard_is_named(folder: Path) -> None:
    (folder / "test" / "00000.tfrecord").unlink()
    with pytest.raises(ShardError, match=r"00000\.tfrecord is missing: run `dvc repro preprocess`"):
        shards.read_index(folder / "test")


def test_missing_index_says_which_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match=r"shards\.json is missing: run `dvc repro preprocess`"):
        shards.read_index(tmp_path)


def epochs(folder: Path, *, first: int, count: int, seed: int = 1) -> list[np.ndarray]:
    """Reads labels-and-pixels of whole training epochs: the mean of every image, in order."""
    index = shards.read_index(folder / "test")
    batches = input.training_batches(index, batch_size=8, seed=seed, augmentation=UNVARIED, first_epoch=first)
    steps = reading.steps(index.records, 8)
    means = [np.asarray(images).mean(axis=(1, 2, 3)) for images, _ in batches.take(count * steps)]
    return [np.concatenate(means[start : start + steps]) for start in range(0, count * steps, steps)]


def test_epoch_holds_every_image_once_in_an_order_of_its_own(folder: Path) -> None:
    first, second = epochs(folder, first=0, count=2)
    np.testing.assert_allclose(np.sort(first), np.sort(second))
    assert not np.allclose(first, second)
    assert len(first) == 20


def test_epoch_is_the_same_when_training_begins_with_it(folder: Path) -> None:
    np.testing.assert_array_equal(epochs(folder, first=0, count=2)[1], epochs(folder, first=1, count=1)[0])


def test_another_seed_gives_another_order(folder: Path) -> None:
    assert not np.allclose(epochs(folder, first=0, count=1)[0], epochs(folder, first=0, count=1, seed=2)[0])


def test_image_of_another_size_than_the_index_says_is_an_error(tmp_path: Path) -> None:
    from unmask.data.preprocess import encode_png

    wrong = encode_png(np.asarray(Image.new("RGB", (32, 32))))
    shards.write(tmp_path / "test", [shards.Example("a", 0, wrong)], total=1, shard_megabytes=1.0, about=ABOUT)
    with pytest.raises(ShardError, match="is damaged"):
        list(reading.evaluation_batches(tmp_path, "test", 1))


def test_damaged_index_is_named(tmp_path: Path) -> None:
    (tmp_path / shards.INDEX).write_text('{"shards": 3')
    with pytest.raises(ShardError, match=r"shards\.json is damaged"):
        shards.read_index(tmp_path)


def test_full_disk_names_the_shard(
    tmp_path: Path, examples: list[shards.Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    class FullDisk:
        def __init__(self, path: str) -> None:
            raise tf.errors.ResourceExhaustedError(None, None, f"{path}; No space left on device")

    monkeypatch.setattr(tf.io, "TFRecordWriter", FullDisk)
    with pytest.raises(StorageError, match=r"cannot write .*00000\.tfrecord: .*No space left on device"):
        shards.write(tmp_path / "test", examples, total=20, shard_megabytes=1.0, about=ABOUT)

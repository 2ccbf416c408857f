"""Shards, their index, and what is read back from them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from unvaried import UNVARIED

from unmask import artifacts
from unmask.data import shards
from unmask.data.input import batches, reading
from unmask.data.pictures.decoding import decode
from unmask.errors import ShardError, StorageError

ABOUT = {"preprocess": {"image_size": 48, "fit": "resize", "resample": "box"}}


@pytest.fixture
def examples(make_image: Callable[..., bytes]) -> list[shards.Example]:
    formats = ["JPEG", "PNG"]
    return [
        shards.Example(
            f"face-{number}", number % 2, hash_at(number / 20), make_image(number, format=formats[number % 2])
        )
        for number in range(20)
    ]


def hash_at(share: float) -> str:
    """Makes a hash that lies at a share of all hashes: 0 first, 1 beyond the last."""
    return f"{int(share * 2**64):016x}" + "0" * 48


def written(folder: Path, examples: list[shards.Example], *, shard_megabytes: float = 0.01) -> dict[str, bytes]:
    """Writes examples, and gives their shards' bytes by name."""
    shards.write(folder, examples, total=len(examples), shard_megabytes=shard_megabytes, about=ABOUT)
    return {path.name: path.read_bytes() for path in folder.glob("*.tfrecord")}


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


def test_another_image_changes_one_shard(tmp_path: Path, examples: list[shards.Example]) -> None:
    before = written(tmp_path / "before", examples)
    more = shards.Example("another", 0, hash_at(0.3), examples[0].image)
    after = written(tmp_path / "after", sorted([*examples, more], key=lambda example: example.sha256))
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1
    assert len(before) >= 2


@pytest.mark.parametrize(("wanted", "bits"), [(0.2, 0), (1.0, 0), (1.5, 1), (27.0, 5), (1e9, 16)])
def test_shards_are_as_many_as_the_power_of_two_nearest_to_what_is_wanted(wanted: float, bits: int) -> None:
    assert shards.shard_bits(wanted) == bits


def test_copies_of_one_picture_lie_in_one_shard(tmp_path: Path, examples: list[shards.Example]) -> None:
    copies = [shards.Example(f"copy-{n}", 0, hash_at(0.5), examples[0].image) for n in range(40)]
    assert len(written(tmp_path / "test", copies)) == 1


def test_images_out_of_order_are_an_error(tmp_path: Path, examples: list[shards.Example]) -> None:
    with pytest.raises(ShardError, match=r"do not come in the order of their sha256"):
        written(tmp_path / "test", [*examples, examples[0]])


def test_every_record_names_the_picture_it_comes_from(folder: Path, examples: list[shards.Example]) -> None:
    members = pd.read_csv(folder / "test" / shards.MEMBERS)
    assert members["sha256"].tolist() == [example.sha256 for example in examples]


def test_pixels_read_in_training_are_those_that_serving_decodes(folder: Path, examples: list[shards.Example]) -> None:
    # JPEG and PNG alike: TensorFlow's decoder against Pillow's.
    read = np.concatenate([batch for batch, _, _ in reading.evaluation_batches(folder, "test", 6)])
    for pixels, example in zip(read, examples, strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(decode(example.image, max_pixels=10**6)))


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
    read = batches.training_batches(index, batch_size=8, seed=seed, augmentation=UNVARIED, first_epoch=first)
    steps = reading.steps(index.records, 8)
    means = [np.asarray(images).mean(axis=(1, 2, 3)) for images, _ in read.take(count * steps)]
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
    shards.write(
        tmp_path / "test", [shards.Example("a", 0, hash_at(0), wrong)], total=1, shard_megabytes=1.0, about=ABOUT
    )
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
    with pytest.raises(StorageError, match=r"no space left to write .*00000\.tfrecord: free some disk space"):
        shards.write(tmp_path / "test", examples, total=20, shard_megabytes=1.0, about=ABOUT)

"""Stored features: what is written is read, and what is missing or damaged is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unmask import artifacts
from unmask.data import features
from unmask.data.features import Batch, read_features, write_features
from unmask.data.shards import ShardIndex
from unmask.errors import FeaturesError, StorageError

RECORDS = {"train": 7, "validation": 3}
DIM = 4
FULL = Path("/dev/full")
NAMES = [features.DESCRIPTION, "train.npy", "train-labels.npy", "validation.npy"]


def index(split: str) -> ShardIndex:
    return ShardIndex(
        folder=Path(split),
        image_size=8,
        preprocess={},
        records=RECORDS[split],
        files=(),
        shard_records=(),
        sha256=f"of {split}",
    )


def batches(values: np.ndarray) -> Iterator[Batch]:
    for start in range(0, len(values), 3):
        part = values[start : start + 3]
        yield part, (np.arange(start, start + len(part)) % 2).astype(np.uint8)


def values_of(split: str, *, views: int = 2, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(1).normal(size=(RECORDS[split], views, DIM)).astype(dtype)


def write(folder: Path, **changes: Any) -> None:
    values = {split: values_of(split) for split in RECORDS} | changes
    splits = {split: (index(split), batches(array)) for split, array in values.items()}
    write_features(folder, splits, about={"backbone_sha256": "abc", "augmentation": "none"})


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_what_is_written_is_read_without_loss_and_not_into_memory(tmp_path: Path, dtype: str) -> None:
    written = {split: values_of(split, dtype=dtype) for split in RECORDS}
    write(tmp_path / "made", **written)
    found = read_features(tmp_path / "made", is_needed=True)
    assert found is not None
    assert found.backbone_sha256 == "abc"
    for split, part in (("train", found.training), ("validation", found.validation)):
        assert isinstance(part.values, np.memmap)
        assert part.values.dtype == dtype
        np.testing.assert_array_equal(part.values, written[split])
        assert part.labels.tolist() == [0, 1, 0, 1, 0, 1, 0][: RECORDS[split]]
        assert part.shards_sha256 == f"of {split}"


def test_other_features_have_another_hash(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "same")
    write(tmp_path / "other", train=values_of("train") + 1)
    one, same, other = (read_features(tmp_path / name, is_needed=True) for name in ("one", "same", "other"))
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.sha256 == same.sha256 != other.sha256


def test_features_that_nothing_needs_are_not_looked_at(tmp_path: Path) -> None:
    assert read_features(tmp_path / "absent", is_needed=False) is None


def test_needed_features_that_were_not_made_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match=r"features\.json is missing: run `dvc repro head_features` or `dvc pull`"):
        read_features(tmp_path / "absent", is_needed=True)
    features.write_none(tmp_path / "none")
    with pytest.raises(FeaturesError, match=r"holds no features, but .* is not 0: run `dvc repro head_features`"):
        read_features(tmp_path / "none", is_needed=True)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_file_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1  # a bit of a feature, or the end of the description
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FeaturesError, match=rf"{name} is damaged: run `dvc repro head_features`"):
        read_features(tmp_path, is_needed=True)


@pytest.mark.parametrize("name", NAMES)
def test_missing_file_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FeaturesError, match=rf"{name} is missing: run `dvc repro head_features`"):
        read_features(tmp_path, is_needed=True)


def test_feature_that_is_no_number_is_refused(tmp_path: Path) -> None:
    values = values_of("train")
    values[5, 1, 2] = np.inf
    with pytest.raises(FeaturesError, match="no finite numbers: use precision float32"):
        write(tmp_path, train=values)


def test_missing_images_are_told(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match="6 images were read where the shards' index says 7"):
        write(tmp_path, train=values_of("train")[:6])


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_full_disk_is_an_error_and_not_the_end_of_the_process(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match="no space left"),
        artifacts.storage_errors(tmp_path),
        FULL.open("wb") as full,
        FULL.open("wb") as other,
    ):
        features.write_arrays(full, other, batches(values_of("train")), records=7)


def test_description_of_another_shape_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    description = artifacts.read_json(tmp_path / features.DESCRIPTION)
    description["splits"]["train"]["files"] = []
    artifacts.write_json(tmp_path / features.DESCRIPTION, description)
    with pytest.raises(FeaturesError, match=r"features\.json is damaged"):
        read_features(tmp_path, is_needed=True)

"""A backbone's features of every image, kept so that no epoch computes them again.

The folder holds an array of features and one of labels a split, in the order of the shards' records, and
`features.json`, which covers both by their hashes and says what they are of. Where no phase of training needs features
it says that and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from unmask import artifacts
from unmask.data.shards import ShardIndex
from unmask.errors import FeaturesError
from unmask.records import TRAIN, VALIDATION

DESCRIPTION = "features.json"
FEATURES, LABELS = "{}.npy", "{}-labels.npy"
AGAIN = "run `dvc repro head_features`"

Array = npt.NDArray[Any]
Batch = tuple[Array, Array]


@dataclass(frozen=True)
class SplitFeatures:
    """One split's features, read from disk where they are used.

    Attributes:
        values: (records, views, dim), float16 or float32; view 0 is the image as it is, view 1 its mirror image.
        labels: (records,), uint8.
        shards_sha256: of the images.
    """

    values: Array
    labels: Array
    shards_sha256: str


@dataclass(frozen=True)
class Features:
    """What a folder of features holds.

    Attributes:
        folder: where they lie.
        sha256: of the description, which covers the arrays.
        backbone_sha256: of what made them.
        training: what the head learns from.
        validation: what it is judged on; one view.
    """

    folder: Path
    sha256: str
    backbone_sha256: str
    training: SplitFeatures
    validation: SplitFeatures


def write_none(folder: Path) -> None:
    """Writes that there are no features, because nothing will read any."""
    artifacts.write_json(folder / DESCRIPTION, {"augmentation": "recipe.head_epochs is 0: no features", "splits": {}})


def write_features(
    folder: Path, splits: Mapping[str, tuple[ShardIndex, Iterable[Batch]]], *, about: Mapping[str, Any]
) -> None:
    """Writes features as they come, so that no split is held in memory.

    Args:
        folder: an empty or absent folder; the caller makes it appear at once.
        splits: "train" and "validation": their images, and of these, in order, batches of features
            (batch, views, dim) and of labels (batch,).
        about: what the description says beside: "backbone_sha256", "augmentation".

    Raises:
        FeaturesError: a feature is no finite number, or there are not as many as images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = {}
    for split, (index, batches) in splits.items():
        names = (FEATURES.format(split), LABELS.format(split))
        with (folder / names[0]).open("wb") as values, (folder / names[1]).open("wb") as labels:
            write_arrays(values, labels, iter(batches), records=index.records)
        described[split] = {
            "records": index.records,
            "shards_sha256": index.sha256,
            "files": {name: artifacts.sha256_of_file(folder / name) for name in names},
        }
    artifacts.write_json(folder / DESCRIPTION, {**about, "splits": described})


def write_arrays(values: BinaryIO, labels: BinaryIO, batches: Iterator[Batch], *, records: int) -> None:
    """Writes two .npy files batch by batch: a memory map would kill the process where the disk is full."""
    first = next(batches)
    for file, array in zip((values, labels), first, strict=True):
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": (records, *array.shape[1:])}
        np.lib.format.write_array_header_1_0(file, header)
    written = 0
    for features, classes in chain([first], batches):
        if not np.isfinite(features).all():
            raise FeaturesError("the backbone gives features that are no finite numbers: use precision float32")
        values.write(features.tobytes())
        labels.write(classes.tobytes())
        written += len(features)
    if written != records:
        raise FeaturesError(f"{written} images were read where the shards' index says {records}: run `dvc repro`")


def read_features(folder: Path, *, is_needed: bool) -> Features | None:
    """Reads a folder's description, and checks its arrays against it.

    Args:
        folder: `data/features/resnet50`, say.
        is_needed: whether something will use them; where not, nothing is read.

    Returns:
        The features; None where they are not needed.

    Raises:
        FeaturesError: they are needed, and missing or damaged.
    """
    if not is_needed:
        return None
    path = folder / DESCRIPTION
    if not path.exists():
        raise FeaturesError(f"{path} is missing: {AGAIN} or `dvc pull`")
    try:
        content = artifacts.read_json(path)
        if not content["splits"]:
            raise FeaturesError(f"{folder} holds no features, but recipe.head_epochs is not 0: {AGAIN}")
        training, validation = (read_split(folder, split, content["splits"][split]) for split in (TRAIN, VALIDATION))
        return Features(
            folder=folder,
            sha256=artifacts.sha256_of_file(path),
            backbone_sha256=content["backbone_sha256"],
            training=training,
            validation=validation,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FeaturesError(f"{path} is damaged: {AGAIN}") from error


def read_split(folder: Path, split: str, described: Mapping[str, Any]) -> SplitFeatures:
    """Checks one split's files, which nothing else would: a flipped bit in an array is a feature like another."""
    for name, sha256 in described["files"].items():
        if not (folder / name).exists():
            raise FeaturesError(f"{folder / name} is missing: {AGAIN} or `dvc pull`")
        if artifacts.sha256_of_file(folder / name) != sha256:
            raise FeaturesError(f"{folder / name} is damaged: {AGAIN}")
    return SplitFeatures(
        values=np.load(folder / FEATURES.format(split), mmap_mode="r"),
        labels=np.load(folder / LABELS.format(split)),
        shards_sha256=described["shards_sha256"],
    )

"""Few, big TFRecord files instead of many small images, and the index that says what is in them.

A split's folder holds `NNNNN.tfrecord` files, `members.csv` (shard, position, member, label) and `shards.json`.
Records lie in the order of their content's hash, which is as good as shuffled and does not depend on file names.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pandas as pd

from unmask import artifacts
from unmask.console import silent_start
from unmask.errors import ShardError, StorageError
from unmask.records import FAKE, REAL

INDEX = "shards.json"
MEMBERS = "members.csv"
MEASURED_RECORDS = 64
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Example:
    """One stored image.

    Attributes:
        member: its path inside the archive.
        label: 0 real, 1 fake.
        image: encoded JPEG or PNG of (image_size, image_size) pixels.
    """

    member: str
    label: int
    image: bytes


@dataclass(frozen=True)
class ShardIndex:
    """What a split's `shards.json` says.

    Attributes:
        folder: where the shards lie.
        image_size: the side of every image in pixels.
        preprocess: size, fit and kernel the images were brought to size with.
        records: how many images there are.
        files: the shards, in order.
        sha256: the hash of `shards.json`, which covers every shard's.
    """

    folder: Path
    image_size: int
    preprocess: dict[str, Any]
    records: int
    files: tuple[Path, ...]
    sha256: str


def write(
    folder: Path, prepared: Iterable[Example], *, total: int, shard_megabytes: float, about: dict[str, Any]
) -> None:
    """Writes one split's shards and their index.

    Args:
        folder: an empty or absent folder; the caller makes it appear at once.
        prepared: the examples, in order.
        total: how many there are.
        shard_megabytes: about how large a shard becomes.
        about: what is noted in the index beside counts and hashes: "preprocess".
    """
    folder.mkdir(parents=True, exist_ok=True)
    stream = iter(prepared)
    measured = list(islice(stream, MEASURED_RECORDS))
    mean_bytes = sum(len(example.image) for example in measured) / max(len(measured), 1)
    per_shard = max(1, math.floor(shard_megabytes * MEGABYTE / max(mean_bytes, 1)))
    num_shards = max(1, math.ceil(total / per_shard))
    per_shard = math.ceil(total / num_shards)
    shards, members = [], []
    stream = chain(measured, stream)
    for number in range(num_shards):
        file = folder / f"{number:05d}.tfrecord"
        written = write_shard(file, islice(stream, per_shard))
        members.append(written.assign(shard=file.name))
        shards.append({"file": file.name, "records": len(written), "sha256": artifacts.sha256_of_file(file)})
    listing = pd.concat(members)[["shard", "position", "member", "label"]]
    artifacts.write_csv(folder / MEMBERS, listing)
    counts = {"records": len(listing), "real": int((listing["label"] == REAL).sum())}
    counts["fake"] = int((listing["label"] == FAKE).sum())
    members_sha256 = artifacts.sha256_of_file(folder / MEMBERS)
    artifacts.write_json(folder / INDEX, {**about, **counts, "shards": shards, "members_sha256": members_sha256})


def write_shard(file: Path, examples: Iterator[Example]) -> pd.DataFrame:
    """Writes one TFRecord file.

    Returns:
        Columns position, member and label, one row a record.

    Raises:
        StorageError: the disk is full.
    """
    with silent_start():
        import tensorflow as tf

    def feature(*, content: bytes | None = None, number: int = 0) -> Any:
        if content is not None:
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[number]))

    rows = []
    try:
        with tf.io.TFRecordWriter(str(file)) as writer:
            for position, example in enumerate(examples):
                features = {
                    "image": feature(content=example.image),
                    "label": feature(number=example.label),
                    "member": feature(content=example.member.encode()),
                }
                record = tf.train.Example(features=tf.train.Features(feature=features))
                # Otherwise the order of a map's entries, and with it the shard's hash, changes from run to run.
                writer.write(record.SerializeToString(deterministic=True))
                rows.append((position, example.member, example.label))
    except tf.errors.OpError as error:  # what TensorFlow makes of a full disk
        raise StorageError(f"cannot write {file}: {error.message}; free some disk space and run again") from error
    return pd.DataFrame(rows, columns=["position", "member", "label"])


def read_index(folder: Path) -> ShardIndex:
    """Reads a split's index.

    Args:
        folder: `data/shards/train`, say.

    Raises:
        ShardError: the index or a shard is missing.
    """
    path = folder / INDEX
    if not path.exists():
        raise ShardError(f"{path} is missing: run `dvc repro preprocess` or `dvc pull`")
    try:
        content = artifacts.read_json(path)
        files = tuple(folder / shard["file"] for shard in content["shards"])
        about = content["preprocess"], content["preprocess"]["image_size"], content["records"]
    except (ValueError, KeyError, TypeError) as error:
        raise ShardError(f"{path} is damaged: run `dvc repro preprocess` or `dvc checkout`") from error
    for file in files:
        if not file.exists():
            raise ShardError(f"{file} is missing: run `dvc repro preprocess` or `dvc pull`")
    preprocess, image_size, records = about
    return ShardIndex(
        folder=folder,
        image_size=image_size,
        preprocess=preprocess,
        records=records,
        files=files,
        sha256=artifacts.sha256_of_file(path),
    )

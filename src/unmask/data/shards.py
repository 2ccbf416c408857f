"""Few, big TFRecord files instead of many small images, and the index that says what is in them.

A split's folder holds `NNNNN.tfrecord` files, `members.csv` (shard, position, member, label, sha256) and `shards.json`.
Records lie in the order of their content's hash, which is as good as shuffled and does not depend on file names. The
hash's first bits alone choose the shard: an image more or less changes one shard and leaves the others' bytes as they
were, so that DVC stores little again.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import pandas as pd

from unmask import artifacts
from unmask.console import silent_start
from unmask.errors import ShardError
from unmask.records import FAKE, REAL

INDEX = "shards.json"
MEMBERS = "members.csv"
MEASURED_RECORDS = 64
MEGABYTE = 1_000_000
MAX_SHARD_BITS = 16
HASH_DIGITS = 16  # of a sha256, that choose the shard: 64 bits


@dataclass(frozen=True)
class Example:
    """One stored image.

    Attributes:
        member: its path inside the archive.
        label: 0 real, 1 fake.
        sha256: of the picture as the archive holds it, hexadecimal.
        image: encoded JPEG or PNG of (image_size, image_size) pixels.
    """

    member: str
    label: int
    sha256: str
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
        shard_records: how many images each of them holds.
        sha256: the hash of `shards.json`, which covers every shard's.
    """

    folder: Path
    image_size: int
    preprocess: dict[str, Any]
    records: int
    files: tuple[Path, ...]
    shard_records: tuple[int, ...]
    sha256: str


def write(
    folder: Path, prepared: Iterable[Example], *, total: int, shard_megabytes: float, about: dict[str, Any]
) -> None:
    """Writes one split's shards and their index.

    Args:
        folder: an empty or absent folder; the caller makes it appear at once.
        prepared: the examples, in the order of their sha256.
        total: how many there are.
        shard_megabytes: about how large a shard becomes: from 0.7 to 1.4 times this.
        about: what is noted in the index beside counts and hashes: "preprocess".

    Raises:
        ShardError: the examples are not in order.
        StorageError: the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stream = iter(prepared)
    measured = list(islice(stream, MEASURED_RECORDS))
    mean_bytes = sum(len(example.image) for example in measured) / max(len(measured), 1)
    bits = shard_bits(total * mean_bytes / (shard_megabytes * MEGABYTE))
    shards, members = [], []
    for number, examples in groupby(chain(measured, stream), key=lambda example: shard_number(example, bits=bits)):
        file = folder / f"{number:05d}.tfrecord"
        if file.exists():
            raise ShardError(f"cannot write {file} twice: the images do not come in the order of their sha256")
        written = write_shard(file, examples)
        members.append(written.assign(shard=file.name))
        shards.append({"file": file.name, "records": len(written), "sha256": artifacts.sha256_of_file(file)})
    listing = pd.concat(members)[["shard", "position", "member", "label", "sha256"]]
    artifacts.write_csv(folder / MEMBERS, listing)
    counts = {"records": len(listing), "real": int((listing["label"] == REAL).sum())}
    counts["fake"] = int((listing["label"] == FAKE).sum())
    members_sha256 = artifacts.sha256_of_file(folder / MEMBERS)
    artifacts.write_json(folder / INDEX, {**about, **counts, "shards": shards, "members_sha256": members_sha256})


def shard_bits(wanted: float) -> int:
    """Says how many bits of a hash choose the shard: their number is the power of two nearest to what is wanted.

    A power of two, because any other number would move every image when it changes, and this one seldom changes.
    """
    return min(max(round(math.log2(max(wanted, 1))), 0), MAX_SHARD_BITS)


def shard_number(example: Example, *, bits: int) -> int:
    """Gives the shard an image belongs to, by the first bits of its hash."""
    return int(example.sha256[:HASH_DIGITS], base=16) >> (4 * HASH_DIGITS - bits)


def write_shard(file: Path, examples: Iterator[Example]) -> pd.DataFrame:
    """Writes one TFRecord file.

    Returns:
        Columns position, member, label and sha256, one row a record.

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
                rows.append((position, example.member, example.label, example.sha256))
    except tf.errors.OpError as error:  # what TensorFlow makes of a full disk
        raise artifacts.storage_error(file, error) from error
    return pd.DataFrame(rows, columns=["position", "member", "label", "sha256"])


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
        index = ShardIndex(
            folder=folder,
            image_size=content["preprocess"]["image_size"],
            preprocess=content["preprocess"],
            records=content["records"],
            files=tuple(folder / shard["file"] for shard in content["shards"]),
            shard_records=tuple(shard["records"] for shard in content["shards"]),
            sha256=artifacts.sha256_of_file(path),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ShardError(f"{path} is damaged: run `dvc repro preprocess` or `dvc checkout`") from error
    for file in index.files:
        if not file.exists():
            raise ShardError(f"{file} is missing: run `dvc repro preprocess` or `dvc pull`")
    return index

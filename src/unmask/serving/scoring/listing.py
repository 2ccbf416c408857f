"""The listing of a source, on disk: a million names take no memory, and a part is found without reading the others."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from unmask.serving.scoring.sources import Listed

SCHEMA = pa.schema(
    [("name", pa.string()), ("stamp", pa.string()), ("place", pa.list_(pa.int64())), ("problem", pa.string())]
)
SMALL = pa.ipc.IpcWriteOptions(compression="zstd")


class Summary(NamedTuple):
    """What tells a listing from another one.

    Attributes:
        pictures: how many.
        sha256: of their names, and of what tells their contents apart.
    """

    pictures: int
    sha256: str


def sum_up(pictures: Iterable[Listed]) -> Summary:
    """Sums a listing up without keeping it."""
    digest, number = hashlib.sha256(), 0
    for picture in pictures:
        digest.update(f"{picture.name}\0{picture.stamp}\0{picture.problem}\n".encode())
        number += 1
    return Summary(number, digest.hexdigest())


def write(file: Path, pictures: Iterable[Listed], *, part_pictures: int) -> Summary:
    """Writes a listing as an Arrow file, a batch for each part, and sums it up.

    Args:
        file: the file to write.
        pictures: as the source lists them.
        part_pictures: how many make a part; the last one may have fewer.
    """
    with pa.OSFile(str(file), "wb") as target, pa.ipc.new_file(target, SCHEMA, options=SMALL) as writer:

        def written() -> Iterator[Listed]:
            waiting = iter(pictures)
            while part := list(islice(waiting, part_pictures)):
                writer.write_batch(pa.RecordBatch.from_pylist([one._asdict() for one in part], schema=SCHEMA))
                yield from part

        return sum_up(written())


@contextmanager
def opened(file: Path) -> Iterator[pa.ipc.RecordBatchFileReader]:
    """Opens a listing; `get_batch(number)` reads the pictures of one part."""
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_file(mapped) as reader:
        yield reader

"""How much DVC stores anew when the archive gains one image."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import dvc_repositories, generated_jpegs
from benchmarks.dvc_repositories import Repository
from unmask import artifacts

ADDED_NUMBER = 999_999  # of the added picture: no archive has so many


@dataclass(frozen=True)
class Change:
    """What one more image did; all sizes in bytes.

    Attributes:
        seconds: of the `dvc repro` after it.
        shard_bytes: of all shards.
        cache_shard_bytes: of the shards that the cache did not hold before.
        remote_bytes: that pushing the shards added to the remote.
        num_shards: how many files `preprocess` makes.
        num_new: how many of them the cache did not hold before.
        all_bytes: of everything the pipeline keeps.
        cache_bytes: that the cache did not hold before, of everything the pipeline keeps.
    """

    seconds: float
    shard_bytes: int
    cache_shard_bytes: int
    remote_bytes: int
    num_shards: int
    num_new: int
    all_bytes: int
    cache_bytes: int


def measure(repository: Repository, *, archive: Path) -> Change:
    """Adds an image to the archive, runs the pipeline and pushes the shards.

    Args:
        repository: a packed one, all of it pushed.
        archive: what it was made of; it is as before afterwards.
    """
    cache = dvc_repositories.cache_of(repository)
    held, in_remote = dvc_repositories.stored(cache), dvc_repositories.stored(repository.remote)
    with one_more_image(archive) as longer:
        dvc_repositories.use_archive(repository, longer)
        done = dvc_repositories.reproduce(repository)
    dvc_repositories.push_last_stage(repository)
    now, shards = dvc_repositories.stored(cache), shards_of(repository)
    new = {key: size for key, size in shards.items() if key not in held}
    return Change(
        seconds=done.seconds,
        shard_bytes=sum(shards.values()),
        cache_shard_bytes=sum(new.values()),
        remote_bytes=added(in_remote, dvc_repositories.stored(repository.remote)),
        num_shards=len(shards),
        num_new=len(new),
        all_bytes=sum(held.values()),
        cache_bytes=added(held, now),
    )


def added(before: dict[str, int], after: dict[str, int]) -> int:
    """Sums the bytes of what is there now and was not."""
    return sum(size for key, size in after.items() if key not in before)


@contextmanager
def one_more_image(archive: Path) -> Iterator[Path]:
    """Appends an image to the archive under another name, and takes it out again; copies nothing.

    Should this be killed, the archive is missing, and is made anew.

    Yields:
        The longer archive.
    """
    with zipfile.ZipFile(archive) as opened:
        start = opened.start_dir
    with archive.open("rb") as file:
        file.seek(start)
        directory = file.read()
    longer = archive.with_name(f"{archive.stem}-and-one.zip")
    archive.rename(longer)
    try:
        with zipfile.ZipFile(longer, "a") as opened:
            name = generated_jpegs.member_name("train", ADDED_NUMBER)
            opened.writestr(
                zipfile.ZipInfo(name, generated_jpegs.DATE),
                generated_jpegs.encode(ADDED_NUMBER),
            )
        yield longer
    finally:
        with longer.open("r+b") as file:
            os.truncate(file.fileno(), start)
            file.seek(start)
            file.write(directory)
        longer.rename(archive)


def shards_of(repository: Repository) -> dict[str, int]:
    """Lists the files that the last stage made.

    Returns:
        Path below the cache's `files/md5` to bytes.
    """
    lock = yaml.safe_load((repository.folder / "dvc.lock").read_text(encoding="utf-8"))
    outputs: list[dict[str, Any]] = lock["stages"][repository.target]["outs"]
    place = dvc_repositories.cache_of(repository) / "files" / "md5"
    sizes: dict[str, int] = {}
    for output in outputs:
        for entry in artifacts.read_json(place / key_of(output["md5"])):
            sizes[key_of(entry["md5"])] = (place / key_of(entry["md5"])).stat().st_size
    return sizes


def key_of(md5: str) -> str:
    """Gives the path under which a cache keeps a hash."""
    return f"{md5[:2]}/{md5[2:]}"

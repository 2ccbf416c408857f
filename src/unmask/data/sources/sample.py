"""The built-in data set: drawn portraits, real against generated, made without any network."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from unmask.artifacts import atomic_path
from unmask.config import DownloadConfig, SampleConfig
from unmask.data.drawing.specimen import draw_specimen
from unmask.data.parallel import in_chunks, map_in_order, worthwhile_workers
from unmask.data.raw import Folders, describe
from unmask.records import FAKE, LABEL_NAMES, REAL, SAMPLE_NAME, Source

ARCHIVE = "sample.zip"
# Counts up whenever the drawing changes, so that two data sets of one seed can be told apart.
DRAWING_VERSION = "1"
_IMAGES_PER_WORKER = 150
_CHUNK_IMAGES = 8
_OLDEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def fetch(config: DownloadConfig, folders: Folders) -> Source:
    """Draws the data set into one zip.

    Args:
        config: The download section; only its `sample` part is read.
        folders: `target` receives `sample.zip`.

    Returns:
        The source; its version names the drawing, the seed, the count and the size.
    """
    sample = config.sample
    workers = worthwhile_workers(0, units=sample.images, units_each=_IMAGES_PER_WORKER)
    archive = folders.target / ARCHIVE
    write_archive(archive, sample, workers=workers)
    return describe(
        archive,
        name=SAMPLE_NAME,
        version=f"{DRAWING_VERSION}-seed{sample.seed}-{sample.images}x{sample.image_size}px",
        url="",
        licence="Apache-2.0, drawn by this project's code",
    )


def write_archive(path: Path, sample: SampleConfig, *, workers: int) -> None:
    """Draws the images and writes them as members `fake/00000.jpg`, ..., `real/00000.jpg`, ...

    Args:
        path: The zip to write, atomically; the bytes depend on `sample` only.
        sample: How many images (the odd one is real), how large, from which seed.
        workers: Number of processes; 1 draws in this one.

    Raises:
        WorkerError: a process that draws died.
    """
    tasks = [(FAKE, index) for index in range(sample.images // 2)]
    tasks += [(REAL, index) for index in range(sample.images - sample.images // 2)]
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        images = _draw_all(tasks, sample, workers)
        for (label, index), image in zip(tasks, images, strict=True):
            member = zipfile.ZipInfo(f"{LABEL_NAMES[label]}/{index:05d}.jpg", _OLDEST_ZIP_TIME)
            member.external_attr = 0o644 << 16
            member.create_system = 3  # Unix on every machine, so that the bytes are the same.
            archive.writestr(member, image)


def _draw_all(tasks: Iterable[tuple[int, int]], sample: SampleConfig, workers: int) -> Iterator[bytes]:
    """Draws the tasks' images in order, holding only a few of them at a time."""
    draw = partial(_draw_chunk, seed=sample.seed, image_size=sample.image_size)
    for images in map_in_order(draw, in_chunks(tasks, _CHUNK_IMAGES), workers=workers):
        yield from images


def _draw_chunk(tasks: Sequence[tuple[int, int]], *, seed: int, image_size: int) -> list[bytes]:
    """Draws some images; a module-level function, as processes need."""
    return [draw_specimen(seed=seed, label=label, index=index, image_size=image_size) for label, index in tasks]

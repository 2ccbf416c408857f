"""Makes archives of generated JPEGs: of the size, layout and weight of Kaggle's "140k Real and Fake Faces", no faces.

Each picture is smooth noise, which gives it a perceptual hash far from all others', under grain, which gives it the
about 28 KB that a photograph of 256 px takes at quality 75. The same number is the same bytes on one machine.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from unmask import artifacts
from unmask.data import raw
from unmask.data.parallel import in_chunks, map_in_order

NUM_KAGGLE_IMAGES = 140_000
FOLDERS = "real_vs_fake/real-vs-fake"
SPLITS = ("train", "valid", "test")
TRAIN_SHARE, VALID_SHARE = 5 / 7, 1 / 7  # 100,000 and 20,000 of 140,000; the rest is test
SIDE_PIXELS = 256
QUALITY = 75
COARSE_PIXELS = 24  # of the noise: finer than the 17 x 16 of a perceptual hash, so that its bits are random
GRAIN = 30.0  # the standard deviation that brings a picture to 28 KB
GRAIN_PIXELS = 512
GREY = 128
CHUNK_IMAGES = 500
DATE = (2020, 1, 1, 0, 0, 0)


def archive_of(folder: Path, *, num_images: int) -> Path:
    """Gives the archive of so many images, made where it is missing.

    Args:
        folder: where the archives are kept.
        num_images: of both classes and all splits together.

    Returns:
        A zip that stores, not deflates, its members: `real_vs_fake/real-vs-fake/{train,valid,test}/{real,fake}/*.jpg`
        and the tables `{train,valid,test}.csv`, as Kaggle's.
    """
    path = path_of(folder, num_images=num_images)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with artifacts.atomic_path(path) as target:
            write_archive(target, num_images=num_images)
    return path


def path_of(folder: Path, *, num_images: int) -> Path:
    """Says where the archive of so many images is kept."""
    return folder / f"generated-{num_images}.zip"


def link_as_raw(archive: Path, folder: Path) -> None:
    """Makes a folder like that of `download`: the zip, by a link, and what it is."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / archive.name
    link.unlink(missing_ok=True)
    link.symlink_to(archive.absolute())
    source = raw.describe(archive, name=archive.stem, version="", url="", licence="none: no pictures of anything")
    artifacts.write_json(folder / raw.SOURCE_FILE, asdict(source))


def write_archive(path: Path, *, num_images: int) -> None:
    """Writes an archive; see `archive_of`."""
    with zipfile.ZipFile(path, "w") as archive:
        for split in SPLITS:
            numbers = numbers_of(split, num_images=num_images)
            for chunk, contents in zip(in_chunks(numbers, CHUNK_IMAGES), encode_all(numbers), strict=True):
                for number, content in zip(chunk, contents, strict=True):
                    archive.writestr(zipfile.ZipInfo(member_name(split, number), DATE), content)
        for split in SPLITS:
            table = table_of(split, numbers_of(split, num_images=num_images))
            archive.writestr(zipfile.ZipInfo(f"{split}.csv", DATE), table)


def numbers_of(split: str, *, num_images: int) -> range:
    """Gives the numbers of a split's images; even ones are real, odd ones fake."""
    first_valid = round(num_images * TRAIN_SHARE)
    first_test = first_valid + round(num_images * VALID_SHARE)
    starts = {"train": (0, first_valid), "valid": (first_valid, first_test), "test": (first_test, num_images)}
    return range(*starts[split])


def class_of(number: int) -> str:
    """Names the class folder of an image."""
    return "fake" if number % 2 else "real"


def member_name(split: str, number: int) -> str:
    """Names an image in the archive."""
    return f"{FOLDERS}/{split}/{class_of(number)}/{number:06d}.jpg"


def table_of(split: str, numbers: Sequence[int]) -> str:
    """Writes a split's table as Kaggle's archive has it: label 1 is real there."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["", "original_path", "id", "label", "label_str", "path"])
    for row, number in enumerate(numbers):
        name = class_of(number)
        path = f"{split}/{name}/{number:06d}.jpg"
        writer.writerow([row, f"generated/{number:06d}.jpg", f"{number:06d}", int(name == "real"), name, path])
    return buffer.getvalue()


def encode_all(numbers: Sequence[int]) -> Iterator[list[bytes]]:
    """Encodes images on all cores, in chunks of `CHUNK_IMAGES`, in order."""
    return map_in_order(encode_chunk, in_chunks(numbers, CHUNK_IMAGES), workers=0)


def encode_chunk(numbers: Sequence[int]) -> list[bytes]:
    """Encodes some images in a worker."""
    return [encode(number) for number in numbers]


def encode(number: int, *, side_pixels: int = SIDE_PIXELS) -> bytes:
    """Makes one picture and encodes it.

    Args:
        number: another number is another picture, unlike all others.
        side_pixels: its width and height.

    Returns:
        A JPEG, about 28 KB at 256 pixels and 20 KB at 224.
    """
    generator = np.random.default_rng(number)
    coarse = generator.integers(0, 256, (COARSE_PIXELS, COARSE_PIXELS, 3), dtype=np.uint8)
    left, top = (int(place) for place in generator.integers(0, GRAIN_PIXELS - side_pixels, 2))
    smooth = Image.fromarray(coarse).resize((side_pixels, side_pixels), Image.Resampling.BICUBIC)
    piece = grain().crop((left, top, left + side_pixels, top + side_pixels))
    buffer = io.BytesIO()
    ImageChops.add(smooth, piece, scale=1, offset=-GREY).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


@cache
def grain() -> Image.Image:
    """Makes the grain that pictures take pieces of."""
    noise = np.random.default_rng(0).normal(GREY, GRAIN, (GRAIN_PIXELS, GRAIN_PIXELS, 3))
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8))

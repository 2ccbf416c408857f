"""What one image of an archive is: its measures, or the reason why it cannot be used. Runs in worker processes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
from PIL import Image

from unmask.data.archive_reader import ArchiveReader
from unmask.data.images import jpeg_quality, open_image, picture_format, to_rgb
from unmask.data.zip_directory import Entry
from unmask.errors import ImageError

# 16 x 16 differences between neighbouring pixels: 256 bits. On aligned faces the 64-bit hashes do not tell a second
# copy of a face from another face in the same pose; these do (measured: copies differ in up to 32 bits, the most
# alike of different faces in 44).
HASH_SIDE = 16


@dataclass(frozen=True)
class Inspection:
    """The measures of one usable image: the columns of `records.RECORD_COLUMNS` that come from its bytes."""

    bytes: int
    sha256: str
    perceptual_hash: str
    width: int
    height: int
    format: str
    mode: str
    jpeg_quality: int | None


def inspect_members(path: Path, entries: Sequence[Entry], max_pixels: int) -> list[Inspection | str]:
    """Reads and measures some members of an archive.

    Args:
        path: the zip, opened here, so that any process can do it.
        entries: what to read, as the zip's directory has it.
        max_pixels: the most pixels an image may have.

    Returns:
        For each member its measures, or the reason why it cannot be used.
    """
    inspections: list[Inspection | str] = []
    with ArchiveReader(path) as reader:
        for entry in entries:
            try:
                inspections.append(inspect_image(reader.read(entry), max_pixels=max_pixels))
            except ImageError as error:
                inspections.append(str(error))
    return inspections


def inspect_image(content: bytes, *, max_pixels: int) -> Inspection:
    """Decodes and measures one image.

    Args:
        content: an encoded image.
        max_pixels: the most pixels it may have.

    Returns:
        Its measures; the size is as shown, after EXIF rotation.

    Raises:
        ImageError: it cannot be used, by the rules of `data/images.py`.
    """
    image = open_image(content, max_pixels=max_pixels)
    mode = image.mode
    pixels = to_rgb(image)
    return Inspection(
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        perceptual_hash=perceptual_hash(pixels),
        width=pixels.width,
        height=pixels.height,
        format=picture_format(image),
        mode=mode,
        jpeg_quality=jpeg_quality(image),
    )


def perceptual_hash(image: Image.Image) -> str:
    """Hashes what a picture looks like; alike pictures get hashes that differ in few bits.

    Source: ImageHash's difference hash, https://github.com/JohannesBuchner/imagehash.

    Args:
        image: mode RGB, any size.

    Returns:
        256 bits as 64 hexadecimal digits.
    """
    return str(imagehash.dhash(image, hash_size=HASH_SIDE))

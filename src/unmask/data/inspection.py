"""What one image of an archive is: its measures, or the reason why it cannot be used. Runs in worker processes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.data.pictures.decoding import jpeg_quality, open_image, orientation, picture_format, to_rgb
from unmask.data.pictures.thumbnails import Thumbnail, draft_size, thumbnail
from unmask.errors import ImageError

MIN_SIDE_PIXELS = 2
TURNED = range(5, 9)  # the EXIF orientations that swap width and height


@dataclass(frozen=True)
class Inspection:
    """The measures of one usable image: the columns of `records.RECORD_COLUMNS` from its bytes, and its thumbnail."""

    bytes: int
    sha256: str
    width: int
    height: int
    format: str
    mode: str
    jpeg_quality: int | None
    thumbnail: Thumbnail


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
        ImageError: it cannot be used, by the rules of `data/pictures/decoding.py`.
    """
    image = open_image(content, max_pixels=max_pixels)
    mode = image.mode
    width, height = draft_size(image)
    if min(width, height) < MIN_SIDE_PIXELS:
        raise ImageError(f"{width}x{height}: a line, no picture")
    pixels = to_rgb(image)
    if orientation(image) in TURNED:
        width, height = height, width
    return Inspection(
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=width,
        height=height,
        format=picture_format(image),
        mode=mode,
        jpeg_quality=jpeg_quality(image),
        thumbnail=thumbnail(pixels),
    )

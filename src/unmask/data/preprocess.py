"""Turning a split's records into what a shard stores: the image as a model sees it, losslessly.

An image that already is what a model sees keeps its original bytes. Any other is decoded, brought to size once and
stored as PNG: encoding it as JPEG again would wipe out the traces that tell a fake.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from unmask.config import PreprocessConfig
from unmask.data.archives.contents import locate
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.data.parallel import in_chunks, map_in_order
from unmask.data.pictures.decoding import UPRIGHT, Pixels, fit_image, open_image, orientation, to_rgb
from unmask.data.pictures.equalise import encode_equal
from unmask.data.shards import Example
from unmask.errors import ImageError, ShardError
from unmask.records import LABEL_NAMES

KEPT_FORMATS = ("JPEG", "PNG")  # what the training input decodes to the same pixels as `pictures.decoding`
CHUNK_RECORDS = 64

# PNG specification (W3C), sections 5.2, 5.6, 9.2 and 11.2.1.
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = struct.Struct(">2I5B")
PNG_RGB_8_BITS = (8, 2, 0, 0, 0)  # bits, colour type, compression, filters, interlacing
PNG_FILTER_UP = 2
PNG_COMPRESSION = 1
ZLIB_WINDOW, ZLIB_MEMORY = 15, 9  # the most of both


def some_of(records: pd.DataFrame, share: float) -> pd.DataFrame:
    """Takes a share of records, by their content alone: a larger share holds the smaller one's.

    Args:
        records: columns label and sha256.
        share: about how many of them, (0, 1].

    Raises:
        ShardError: none of a class is left.
    """
    place = records["sha256"].str[:8].map(lambda digits: int(digits, 16)) / 2**32
    some = records[place < share]
    for label, name in LABEL_NAMES.items():
        if not (some["label"] == label).any():
            raise ShardError(f"preprocess.train_share {share:g} leaves no {name} image of {len(records)} images")
    return some


def examples(archive: Path, records: pd.DataFrame, *, config: PreprocessConfig, max_pixels: int) -> Iterator[Example]:
    """Reads and prepares records in parallel, keeping their order.

    Args:
        archive: the zip that holds the members.
        records: columns member, label and sha256.
        config: size, fit, kernel and the number of workers.
        max_pixels: the most pixels that will be decoded.

    Yields:
        Examples; only a few chunks for each worker exist at a time.

    Raises:
        ShardError: an image cannot be prepared; the message names it.
        ArchiveError: the archive cannot be opened, or lacks a member.
        WorkerError: a process that prepares images died.
    """
    rows = zip(locate(archive, records["member"]), records["sha256"], strict=True)
    prepare_rows = partial(prepare, archive, config=config, max_pixels=max_pixels)
    chunks = map_in_order(prepare_rows, in_chunks(rows, CHUNK_RECORDS), workers=config.workers)
    # Names and hashes stay here: what came back from a worker would be a second copy of each.
    known = zip(records["member"], records["label"].astype(int), records["sha256"], strict=True)
    for images in chunks:
        for image, (member, label, sha256) in zip(images, known, strict=False):
            yield Example(member, label, sha256, image)


def prepare(
    archive: Path, rows: Sequence[tuple[Entry, str]], *, config: PreprocessConfig, max_pixels: int
) -> list[bytes]:
    """Prepares one chunk of (entry, sha256) in a worker: the images; see `examples`."""
    prepared = []
    with ArchiveReader(archive) as reader:
        for entry, sha256 in rows:
            try:
                content = reader.read(entry)
            except ImageError as error:
                raise ShardError(
                    f"cannot read {entry.name} from {archive}: {error}; run the index stage again"
                ) from error
            # The very bytes that index decoded and checked, so they need no second decode to know that they are whole.
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ShardError(f"{entry.name} in {archive} is not what was indexed; run the index stage again")
            try:
                prepared.append(stored_image(content, config=config, max_pixels=max_pixels))
            except ImageError as error:
                raise ShardError(f"{entry.name}: {error}") from error
    return prepared


def stored_image(content: bytes, *, config: PreprocessConfig, max_pixels: int) -> bytes:
    """Encodes what a model sees of one picture.

    Args:
        content: the archive's bytes, of which `index` made a record: they decode.
        config: size, fit and kernel.
        max_pixels: the most pixels that will be decoded.

    Returns:
        The same bytes where nothing is to be changed, else a PNG; a JPEG like all others where they are equalised.

    Raises:
        ImageError: the picture is damaged, refused, or smaller than the crop.
    """
    opened = open_image(content, max_pixels=max_pixels)
    has_size = opened.size == (config.image_size, config.image_size)
    if has_size and is_shown_as_stored(opened) and not config.equalise:
        return content
    pixels = fit_image(to_rgb(opened), size=config.image_size, fit=config.fit, resample=config.resample)
    return encode_equal(pixels, quality=config.equalise) if config.equalise else encode_png(pixels)


def is_shown_as_stored(image: Image.Image) -> bool:
    """Whether decoding alone gives the pixels to show: plain RGB of a kept format, not rotated by EXIF."""
    is_upright = orientation(image) == UPRIGHT
    return image.format in KEPT_FORMATS and image.mode == "RGB" and not image.has_transparency_data and is_upright


def encode_png(pixels: Pixels) -> bytes:
    """Encodes pixels (height, width, 3) as PNG, in a third of the time that Pillow takes, 4% larger.

    Pillow tries all five filters on each row, which takes longer than compressing it. Here each row is stored as its
    difference to the row above, and only runs of one value are looked for: in photographs there is little else to find.
    """
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, -1)
    filtered = np.full((height, 1 + rows.shape[1]), PNG_FILTER_UP, dtype=np.uint8)
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    compressor = zlib.compressobj(PNG_COMPRESSION, zlib.DEFLATED, ZLIB_WINDOW, ZLIB_MEMORY, zlib.Z_RLE)
    compressed = compressor.compress(filtered.tobytes()) + compressor.flush()
    header = PNG_HEADER.pack(width, height, *PNG_RGB_8_BITS)
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", compressed) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Frames one part of a PNG: its length, its kind, its content, and the CRC of both."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))

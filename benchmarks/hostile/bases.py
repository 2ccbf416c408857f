"""Good pictures to be spoilt: of noise, of nobody; the same bytes on every run of one machine."""

import io
import struct
import zlib
from functools import cache
from random import Random
from typing import Any

from PIL import Image

from benchmarks.generated_jpegs import encode

SIDE = 96
PNG_START = b"\x89PNG\r\n\x1a\n"


def drawn(number: int, *, side: int = SIDE) -> Image.Image:
    """Draws a picture."""
    return Image.open(io.BytesIO(encode(number, side_pixels=side))).convert("RGB")


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encodes a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def good_pictures() -> tuple[bytes, ...]:
    """Gives pictures of every kind that is taken."""
    one = drawn(1)
    return (
        encode(0, side_pixels=SIDE),
        written(one, "JPEG", progressive=True),
        written(one.convert("L"), "JPEG", quality=95),
        written(one, "PNG"),
        written(one.quantize(32), "PNG"),
        written(one, "WEBP"),
        written(one, "WEBP", lossless=True),
    )


def good_picture(random: Random) -> bytes:
    """Chooses a good picture."""
    return random.choice(good_pictures())


def chunk(kind: bytes, content: bytes) -> bytes:
    """Writes a chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(size: tuple[int, int], packed: bytes, *, form: tuple[int, int] = (8, 0), notes: bytes = b"") -> bytes:
    """Writes a PNG by hand.

    Args:
        size: width and height that it claims.
        packed: its rows, deflated.
        form: bits, and type of colour.
        notes: chunks before the rows.
    """
    head = chunk(b"IHDR", struct.pack(">2I5B", *size, *form, 0, 0, 0))
    return PNG_START + head + notes + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def with_segment(jpeg: bytes, code: int, content: bytes) -> bytes:
    """Puts a segment of notes at the front of a JPEG."""
    return jpeg[:2] + bytes([0xFF, code]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]

"""What several checks share: a picture's pixels, and files that hold just these pixels."""

import io
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from unmask.data.pictures.decoding import Pixels, decode
from unmask.errors import ImageError
from unmask.serving.pictures import MAX_PIXELS

MAX_WEBP_PIXELS = 16_383  # a side; RFC 9649, section 3.4


def pixels_of(content: bytes) -> Pixels:
    """Decodes a picture at its own size, upright: (height, width, 3), uint8."""
    return np.asarray(decode(content, max_pixels=MAX_PIXELS))


def as_png(pixels: Pixels, *, text: str = "") -> bytes:
    """Encodes pixels (height, width, 3) losslessly, with a text chunk where there is text."""
    notes = PngImagePlugin.PngInfo()
    if text:
        notes.add_text("Comment", text)
    return encoded(pixels, "PNG", pnginfo=notes)


def as_webp(pixels: Pixels) -> bytes:
    """Encodes pixels (height, width, 3) losslessly.

    Raises:
        ImageError: the picture is larger than a WebP can be.
    """
    if max(pixels.shape) > MAX_WEBP_PIXELS:
        height, width, _ = pixels.shape
        raise ImageError(
            f"{width}x{height}: a side is longer than the {MAX_WEBP_PIXELS} pixels of a WebP, in which it is checked"
        )
    return encoded(pixels, "WEBP", lossless=True, quality=0)  # here the quality is the encoder's effort


def as_jpeg(pixels: Pixels, *, comment: bytes = b"") -> bytes:
    """Encodes pixels (height, width, 3) as JPEG; the same pixels whatever the comment."""
    return encoded(pixels, "JPEG", quality=95, comment=comment)


def encoded(pixels: Pixels, form: str, **options: Any) -> bytes:
    """Encodes pixels in a form that Pillow knows."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()

"""From encoded bytes to the pixels a model sees: the one decode and the one resize, shared by training and serving.

Formats: JPEG, PNG and WebP. Greyscale, CMYK and 16-bit pictures are converted to 8-bit RGB, EXIF rotation is applied,
an alpha channel is dropped where it is opaque throughout. Refused: animations, pictures with transparent pixels (they
have no colour of their own), and more pixels than allowed. Of a JPEG that carries further pictures (a phone's depth
or brightness map: Pillow's "MPO") the first is the photograph.
"""

import io
import re
import struct
import zlib
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from unmask.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP")
RESAMPLERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)

# ITU-T T.81, table K.1; the order of its entries does not matter here.
# fmt: off
STANDARD_LUMINANCE = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
])
# fmt: on
# ITU-T T.81, section B.1.1.2: a marker is FF, any number of times, and a code. In a scan FF is followed by 00, or by a
# restart's code, D0 to D7; these, and TEM (01), end nothing. The last FF is enough to find it by, and twelve times
# faster: a pattern that begins with one fixed byte is looked for with memchr.
JPEG_MARKER = re.compile(rb"\xff([^\xff\x00\x01\xd0-\xd7])", re.DOTALL)
JPEG_START, JPEG_END, JPEG_SCAN = b"\xd8", b"\xd9", b"\xda"

Pixels = npt.NDArray[np.uint8]


def open_image(content: bytes, *, max_pixels: int) -> Image.Image:
    """Opens a picture without decoding its pixels.

    Args:
        content: an encoded JPEG, PNG or WebP.
        max_pixels: the most pixels that will be decoded.

    Returns:
        Pillow's lazy image, of one frame and an allowed size.

    Raises:
        ImageError: the content is empty, no picture of an allowed format, animated, or too large.
    """
    if not content:
        raise ImageError("empty file")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(f"not a {', '.join(FORMATS)} image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"more than the {max_pixels} pixels allowed") from error
    except UNREADABLE as error:
        raise ImageError(f"damaged header: {error}") from error
    if picture_format(image) == "JPEG" and not has_jpeg_end(content):
        raise ImageError("truncated: a JPEG without its end")
    if image.width * image.height > max_pixels:
        raise ImageError(f"{image.width}x{image.height} is more than the {max_pixels} pixels allowed")
    if picture_format(image) != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise ImageError(f"animated: {getattr(image, 'n_frames', 1)} frames")
    return image


def has_jpeg_end(content: bytes) -> bool:
    """Whether a JPEG's own end is there, whatever follows it: phones append films, depth maps and whole pictures.

    Source: ITU-T T.81, sections B.1.1.2 to B.1.1.5. Pillow does not say: it decodes what is missing as grey.

    Args:
        content: a file that begins as a JPEG.

    Returns:
        False when the file stops, or another picture begins, before the end of the first picture.
    """
    position = len(JPEG_START) + 1
    has_scan = False
    while marker := JPEG_MARKER.search(content, position):
        code = marker[1]
        if code in (JPEG_START, JPEG_END):
            return code == JPEG_END and has_scan
        has_scan |= code == JPEG_SCAN
        # A segment's length counts its own two bytes. A scan's bytes follow its segment, up to the next marker.
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    return False


def picture_format(image: Image.Image) -> str:
    """Names the encoding: JPEG, PNG or WEBP."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def decode(content: bytes, *, max_pixels: int) -> Image.Image:
    """Decodes a picture to upright 8-bit RGB.

    Args:
        content: an encoded JPEG, PNG or WebP.
        max_pixels: the most pixels that will be decoded.

    Returns:
        The picture in mode RGB.

    Raises:
        ImageError: the picture is damaged, or refused by the rules of this module.
    """
    return to_rgb(open_image(content, max_pixels=max_pixels))


def to_rgb(image: Image.Image) -> Image.Image:
    """Decodes an opened picture to upright 8-bit RGB; see `decode`."""
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
    except UNREADABLE as error:
        raise ImageError(f"damaged: {error}") from error
    if upright.mode == "RGB" and "transparency" not in upright.info:
        return upright
    if upright.mode.startswith("I"):
        deep = np.asarray(upright)
        if (deep == upright.info.get("transparency", -1)).any():
            raise ImageError("has transparent pixels")
        grey = deep.astype(np.float64) / 257.0
        return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8)).convert("RGB")
    if upright.has_transparency_data:
        return without_alpha(upright)
    return upright.convert("RGB")


def without_alpha(image: Image.Image) -> Image.Image:
    """Drops an alpha channel that is opaque throughout, and refuses any other."""
    with_alpha = image.convert("RGBA")
    lowest, _ = with_alpha.getchannel("A").getextrema()
    if not isinstance(lowest, int | float) or lowest < 255:
        raise ImageError("has transparent pixels")
    return with_alpha.convert("RGB")


def fit_image(image: Image.Image, *, size: int, fit: str, resample: str) -> Pixels:
    """Brings a picture to the size a model sees: a centred square, then one antialiased resize, or a native crop.

    Args:
        image: mode RGB, any size.
        size: the side in pixels.
        fit: "resize" scales the largest centred square to `size`; "crop" cuts `size` pixels from the centre.
        resample: the resize kernel, a key of `RESAMPLERS`; Pillow widens each by the scale, which is the antialiasing.

    Returns:
        pixels: (size, size, 3), uint8.

    Raises:
        ImageError: a crop was asked for and the picture is smaller than it.
    """
    side = min(image.size) if fit == "resize" else size
    if side > min(image.size):
        raise ImageError(f"{image.width}x{image.height} is smaller than the crop of {size} pixels")
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    if side == size:
        return np.asarray(image.crop(box))
    return np.asarray(image.resize((size, size), RESAMPLERS[resample], box=box))


def jpeg_quality(image: Image.Image) -> int | None:
    """Estimates the quality a JPEG was saved at, as the one at which libjpeg writes most nearly its tables.

    Returns:
        1 to 100, or None for other formats.
    """
    tables: dict[int, Any] | None = getattr(image, "quantization", None)
    if picture_format(image) != "JPEG" or not tables:
        return None
    return quality_of_sum(sum(tables[min(tables)]))


@lru_cache(maxsize=1024)
def quality_of_sum(total: int) -> int:
    """Finds the quality whose luminance table adds up most nearly to a total."""
    # The best of those whose sum is nearest; flat tables, as of 1 throughout, are of quality 100.
    return min(range(100, 0, -1), key=lambda quality: abs(luminance_sum(quality) - total))


@cache
def luminance_sum(quality: int) -> int:
    """Adds up the luminance table that libjpeg writes for a quality (jcparam.c, `jpeg_quality_scaling`)."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return int(np.clip((STANDARD_LUMINANCE * scale + 50) // 100, 1, 255).sum())

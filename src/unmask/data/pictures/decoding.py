"""From encoded bytes to the pixels a model sees: the one decode and the one resize, shared by training and serving.

Formats: JPEG, PNG and WebP. Greyscale, CMYK and 16-bit pictures are converted to 8-bit RGB, EXIF rotation is applied,
an alpha channel is dropped where it is opaque throughout. Refused: animations, pictures with transparent pixels (they
have no colour of their own), and more pixels than allowed. Of a JPEG that carries further pictures (a phone's depth
or brightness map: Pillow's "MPO") the first is the photograph.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from unmask.data.archives.names import shown
from unmask.data.pictures.headers import FORMATS, check_header
from unmask.errors import ImageError

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601
RESAMPLERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
TURNS = {  # by EXIF's orientation; others mean nothing
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UPRIGHT = 1
# Pillow reads headers and metadata in Python, where damaged bytes raise what they happen to.
UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# ITU-T T.81, table K.1; the order of its entries does not matter here.
# fmt: off
STANDARD_LUMINANCE = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
])
# fmt: on
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
    check_header(content, max_pixels=max_pixels)
    with quiet_pillow():
        try:
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        except UnidentifiedImageError as error:
            raise ImageError("damaged header: not what its first bytes say") from error
        except Image.DecompressionBombError as error:
            raise ImageError("more pixels than Pillow decodes") from error
        except UNREADABLE as error:
            raise ImageError(f"damaged header: {shown(str(error))}") from error
        if picture_format(image) != "JPEG" and getattr(image, "n_frames", 1) > 1:
            raise ImageError(f"animated: {getattr(image, 'n_frames', 1)} frames")
    return image


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keeps Pillow's warnings, of damaged metadata and of sizes that are checked here, from the log and from errors."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        yield


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
    with quiet_pillow():
        try:
            image.load()
            turn = TURNS.get(orientation(image))
            return plain_rgb(image if turn is None else image.transpose(turn))
        except UNREADABLE as error:
            raise ImageError(f"damaged: {shown(str(error))}") from error


def orientation(image: Image.Image) -> int:
    """Reads how a picture is turned, from its EXIF or XMP.

    Returns:
        EXIF's number, 1 to 8; 1 where there is none, or none that means something.

    Raises:
        ImageError: the metadata is damaged, so that nobody can tell.
    """
    with quiet_pillow():
        try:
            stated = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
        except UNREADABLE as error:
            raise ImageError(f"damaged EXIF: {shown(str(error))}") from error
    return int(stated) if stated in TURNS else UPRIGHT


def plain_rgb(upright: Image.Image) -> Image.Image:
    """Brings decoded pixels of any mode to 8-bit RGB."""
    if upright.mode == "RGB" and "transparency" not in upright.info:
        return upright
    if upright.mode.startswith("I"):
        deep = np.asarray(upright)
        if (deep == upright.info.get("transparency", -1)).any():
            raise ImageError("has transparent pixels")
        # In whole numbers, of half the memory: 65535 = 257 * 255.
        grey = (np.clip(deep, 0, 65535).astype(np.uint32) + 128) // 257
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
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

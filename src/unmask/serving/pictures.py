"""Pictures from outside the pipeline, in whatever form they come, decoded as the pipeline decodes its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from unmask.data.inspection import MIN_SIDE_PIXELS
from unmask.data.pictures.decoding import Pixels, jpeg_quality, open_image, to_rgb
from unmask.errors import ImageError

MAX_PIXELS = 40_000_000  # a camera's largest pictures; a crafted file may unpack to far more than its bytes
MAX_BYTES = 200_000_000  # of one picture: no camera's is larger, and a device file has no end
PIECE_BYTES = 1 << 20  # a buffer for all that is allowed would take longer to make than a picture to read
PictureLike = bytes | str | Path | Image.Image | Pixels


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        image: upright, mode RGB.
        quality: that it was saved with as a JPEG, 1 to 100, estimated; None for all else.
    """

    image: Image.Image
    quality: int | None = None


def read_picture(source: PictureLike, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decodes a picture.

    Args:
        source: an encoded JPEG, PNG or WebP, the path of such a file, an image of Pillow's, or pixels (height, width,
            3), uint8, RGB.
        max_pixels: the most pixels that will be decoded.

    Raises:
        ImageError: it is missing, damaged or refused; a file is named.
    """
    if isinstance(source, str | Path):
        return read_file(Path(source), max_pixels=max_pixels)
    if isinstance(source, Image.Image):
        return Picture(require_area(to_rgb(source)))
    if isinstance(source, np.ndarray):
        return Picture(require_area(of_pixels(source)))
    if not isinstance(source, bytes):
        raise ImageError(f"got {type(source).__name__}; expected bytes, a path, an image of Pillow's or an array")
    image = require_area(open_image(source, max_pixels=max_pixels))
    return Picture(to_rgb(image), quality=jpeg_quality(image))


def read_file(path: Path, *, max_pixels: int) -> Picture:
    """Decodes a file, and names it in every error."""
    try:
        with path.open("rb") as file:
            content = read_bounded(file)
        return read_picture(content, max_pixels=max_pixels)
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # a name that no file can have
        raise ImageError(f"{str(path)!r}: {error}") from error
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def read_bounded(file: BinaryIO, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Reads a file to its end.

    Raises:
        ImageError: it is longer than allowed.
    """
    content = bytearray()
    while piece := file.read(PIECE_BYTES):
        content += piece
        if len(content) > max_bytes:
            raise ImageError(f"more than {max_bytes} bytes")
    return bytes(content)


def of_pixels(pixels: Pixels) -> Image.Image:
    """Takes decoded pixels."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ImageError(f"got an array of {pixels.dtype}, {pixels.shape}; expected uint8, (height, width, 3), RGB")
    return Image.fromarray(pixels)


def require_area(image: Image.Image) -> Image.Image:
    """Refuses what `index` refuses of pictures that could be decoded: a line of pixels."""
    if min(image.size) < MIN_SIDE_PIXELS:
        raise ImageError(f"{image.width}x{image.height}: a line, no picture")
    return image

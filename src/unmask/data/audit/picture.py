"""One picture as the audit's views see it: its bytes, its header, its pixels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from unmask.data.pictures.decoding import Pixels, open_image, to_rgb

Features = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        num_bytes: of the encoded picture.
        header: Pillow's image, for format, tables and markers.
        pixels: (height, width, 3), uint8.
    """

    num_bytes: int
    header: Image.Image
    pixels: Pixels

    @cached_property
    def luminance(self) -> Pixels:
        """Gives (height, width), uint8."""
        return np.asarray(Image.fromarray(self.pixels).convert("L"))


def read_picture(content: bytes, *, max_pixels: int) -> Picture:
    """Decodes a picture.

    Args:
        content: an encoded picture.
        max_pixels: the most pixels that will be decoded.

    Returns:
        The picture, upright.

    Raises:
        ImageError: it cannot be used, by the rules of `data/pictures/decoding.py`.
    """
    header = open_image(content, max_pixels=max_pixels)
    return Picture(num_bytes=len(content), header=header, pixels=np.asarray(to_rgb(header)))

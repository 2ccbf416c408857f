"""One encoding for both classes, so that how a picture was saved tells nothing of its class: `preprocess.equalise`.

Every picture, of whatever class and format, is decoded, brought to size and saved as a JPEG of one quality, one chroma
subsampling and no metadata. What the first encoding left in the pixels stays in part: choose a quality no higher than
the lowest in the set, and let the audit's shortcuts say what is left.
"""

import io

import numpy as np
from PIL import Image

from unmask.data.pictures.decoding import Pixels

SUBSAMPLING = "4:2:0"  # what nearly all photographs come with


def encode_equal(pixels: Pixels, *, quality: int) -> bytes:
    """Saves pixels as every other picture is saved.

    Args:
        pixels: (height, width, 3), uint8.
        quality: of the JPEG, 1 to 100.

    Returns:
        A JPEG.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=SUBSAMPLING)
    return buffer.getvalue()


def equalise(pixels: Pixels, *, quality: int) -> Pixels:
    """Gives the pixels that a model sees of an equalised picture: what training reads back from a shard.

    Args:
        pixels: (height, width, 3), uint8.
        quality: of the JPEG, 1 to 100; 0 gives the pixels as they are.

    Returns:
        pixels: (height, width, 3), uint8.
    """
    if not quality:
        return pixels
    return np.asarray(Image.open(io.BytesIO(encode_equal(pixels, quality=quality))))

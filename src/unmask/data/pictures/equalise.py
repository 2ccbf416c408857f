"""One encoding for both classes, so that how a picture was saved tells nothing of its class: `preprocess.equalise`.

Every picture, of whatever class and format, is decoded, brought to size and saved as a JPEG of one quality, one chroma
subsampling and no metadata. What the first encoding left in the pixels stays in part: choose a quality no higher than
the lowest in the set, and let the audit's shortcuts say what is left.
"""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from unmask.data.pictures.decoding import Pixels, decode, fit_image

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


def seen(content: bytes, preprocess: Mapping[str, Any], *, max_pixels: int) -> Pixels:
    """Brings an encoded picture from outside the pipeline to what a model sees; see `seen_of`.

    Args:
        content: an encoded JPEG, PNG or WebP.
        preprocess: see `seen_of`.
        max_pixels: the most pixels that will be decoded.

    Returns:
        pixels: (image_size, image_size, 3), uint8.

    Raises:
        ImageError: the picture is damaged, refused, or smaller than the crop.
    """
    return seen_of(decode(content, max_pixels=max_pixels), preprocess)


def seen_of(image: Image.Image, preprocess: Mapping[str, Any]) -> Pixels:
    """Brings a decoded picture to what a model sees, as the pipeline brought its own.

    Args:
        image: upright, mode RGB.
        preprocess: `image_size`, `fit`, `resample` and `equalise`, as `training.json` has them.

    Returns:
        pixels: (image_size, image_size, 3), uint8.

    Raises:
        ImageError: it is smaller than the crop.
    """
    pixels = fit_image(
        image,
        size=int(preprocess["image_size"]),
        fit=str(preprocess["fit"]),
        resample=str(preprocess["resample"]),
    )
    return equalise(pixels, quality=int(preprocess.get("equalise", 0)))

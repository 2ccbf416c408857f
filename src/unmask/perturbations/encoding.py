"""What several perturbations share: saving a picture and reading it back, and bringing it to another size."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def saved_as(image: NDArray[np.uint8], form: str, **options: Any) -> NDArray[np.uint8]:
    """Saves a picture (height, width, 3), uint8, in a form that Pillow knows, and decodes it again."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form, **options)
    return np.asarray(Image.open(buffer, formats=[form]).convert("RGB"))


def resized(image: NDArray[np.uint8], size: tuple[int, int], resample: Image.Resampling) -> NDArray[np.uint8]:
    """Brings a picture to a size (width, height), antialiased where it shrinks."""
    return np.asarray(Image.fromarray(image).resize(size, resample))


def size_of(image: NDArray[np.uint8], *, factor: float = 1.0) -> tuple[int, int]:
    """Gives width and height, times a factor, of a pixel at least."""
    height, width = image.shape[:2]
    return max(1, round(width * factor)), max(1, round(height * factor))


def to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounds values of any range to a picture's, [0, 255]."""
    picture: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return picture

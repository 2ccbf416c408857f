"""Fewer pixels: made smaller, as for a thumbnail, and brought back to size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.perturbations.encoding import resized, size_of

AMOUNTS = (0.9, 0.75, 0.5, 0.35, 0.25)
UNIT = "of the side"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Shrinks both sides to the share `amount`, and enlarges again; bicubic."""
    small = resized(image, size_of(image, factor=amount), Image.Resampling.BICUBIC)
    return resized(small, size_of(image), Image.Resampling.BICUBIC)

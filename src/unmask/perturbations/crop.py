"""A crop off the centre, brought back to size, as when somebody cuts a picture out of a page."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.perturbations.encoding import resized, size_of

AMOUNTS = (0.98, 0.95, 0.9, 0.8, 0.7)
UNIT = "of the side kept"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Keeps the share `amount` of both sides, at a place drawn by the generator, and enlarges; bicubic."""
    width, height = size_of(image)
    kept_width, kept_height = size_of(image, factor=amount)
    left = int(generator.integers(width - kept_width + 1))
    top = int(generator.integers(height - kept_height + 1))
    kept = np.ascontiguousarray(image[top : top + kept_height, left : left + kept_width])
    return resized(kept, (width, height), Image.Resampling.BICUBIC)

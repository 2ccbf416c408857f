"""More pixels than there were: enlarged, as by a program that knows one size, and brought back.

The nearer to the picture's own size, the more each pixel is mixed with its neighbours on both ways.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.perturbations.encoding import resized, size_of

AMOUNTS = (3.0, 2.0, 1.5, 1.25, 1.1)
UNIT = "times the side"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Enlarges both sides `amount` times, and shrinks again; bilinear."""
    large = resized(image, size_of(image, factor=amount), Image.Resampling.BILINEAR)
    return resized(large, size_of(image), Image.Resampling.BILINEAR)

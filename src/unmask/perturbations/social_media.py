"""What a social network does to a picture: made smaller, saved as JPEG, and again each time it is shared on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.perturbations.encoding import resized, saved_as, size_of

AMOUNTS = (1, 2, 3, 4, 5)
UNIT = "times shared on"
SMALLER, QUALITY = 0.85, 75


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Shrinks and saves `amount` times, then brings the picture back to size."""
    shared = image
    for _ in range(int(amount)):
        smaller = resized(shared, size_of(shared, factor=SMALLER), Image.Resampling.LANCZOS)
        shared = saved_as(smaller, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return resized(shared, size_of(image), Image.Resampling.BICUBIC)

"""WebP compression, as browsers and messengers save."""

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations.encoding import saved_as

AMOUNTS = (95, 80, 60, 40, 20)
UNIT = "quality"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Saves as lossy WebP of the quality `amount`, 0 to 100, and decodes."""
    return saved_as(image, "WEBP", quality=int(amount))

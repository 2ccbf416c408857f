"""JPEG compression, as any program saves: chroma at half the resolution."""

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations.encoding import saved_as

AMOUNTS = (95, 85, 75, 50, 30)
UNIT = "quality"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Saves as JPEG of the quality `amount`, 1 to 100, and decodes."""
    return saved_as(image, "JPEG", quality=int(amount), subsampling="4:2:0")

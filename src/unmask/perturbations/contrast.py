"""Contrast around the picture's own mean, half of the severities flatter."""

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations.encoding import to_bytes

AMOUNTS = (1.1, 0.85, 1.3, 0.6, 1.6)
UNIT = "times the contrast"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Moves every value `amount` times as far from the mean."""
    mean = np.float32(image.mean())
    return to_bytes(mean + (image - mean) * np.float32(amount))

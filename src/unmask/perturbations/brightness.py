"""Brightness, half of the severities darker."""

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations.encoding import to_bytes

AMOUNTS = (1.1, 0.85, 1.3, 0.6, 1.6)
UNIT = "times as bright"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Multiplies every value by `amount`."""
    return to_bytes(image * np.float32(amount))

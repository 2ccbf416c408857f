"""Gaussian noise, as of a sensor in the dark; independent in every pixel and channel."""

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations.encoding import to_bytes

AMOUNTS = (2, 5, 10, 15, 25)
UNIT = "grey levels of standard deviation"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Adds noise of standard deviation `amount`, in grey levels."""
    noise = generator.standard_normal(image.shape, dtype=np.float32) * amount
    return to_bytes(image + noise)

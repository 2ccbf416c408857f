"""Gaussian blur, as of a lens that is out of focus."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from unmask.perturbations.encoding import to_bytes

AMOUNTS = (0.5, 1.0, 1.5, 2.0, 3.0)
UNIT = "pixels of standard deviation"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Blurs with a Gaussian of standard deviation `amount`, in pixels."""
    blurred = ndimage.gaussian_filter(image.astype(np.float32), sigma=(amount, amount, 0), mode="nearest")
    return to_bytes(blurred)

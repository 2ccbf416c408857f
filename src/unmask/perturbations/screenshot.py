"""A screenshot: shown at a size that is no whole multiple of the picture's, captured, and brought back; never as JPEG.

The screen's scaling shifts every pixel by a fraction, which blurs traces that a JPEG of high quality would leave.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.perturbations.encoding import resized, size_of

AMOUNTS = (1.5, 1.25, 1.1, 0.8, 0.67)
UNIT = "times the side on the screen"


def apply(image: NDArray[np.uint8], amount: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Shows at `amount` times the size as browsers do (bilinear), and brings back (box)."""
    shown = resized(image, size_of(image, factor=amount), Image.Resampling.BILINEAR)
    return resized(shown, size_of(image), Image.Resampling.BOX)

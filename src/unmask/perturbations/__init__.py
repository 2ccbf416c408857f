"""What happens to pictures on their way to a detector: one file a perturbation, each with several severities.

A file exports `AMOUNTS`, what its severities 1, 2, ... mean, `UNIT`, a word for them, and `apply`. Severity 0 is the
identity of every perturbation and never reaches its file.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unmask.perturbations import (
    blur,
    brightness,
    contrast,
    crop,
    jpeg,
    noise,
    resize_down,
    resize_up,
    screenshot,
    social_media,
    webp,
)

Image = NDArray[np.uint8]


class Perturbation(Protocol):
    """One kind of change."""

    @property
    def AMOUNTS(self) -> tuple[float, ...]:  # noqa: N802 (a module's constant)
        """What each severity from 1 on means, the mildest first."""
        ...

    @property
    def UNIT(self) -> str:  # noqa: N802
        """Of the amounts, in a few words."""
        ...

    def apply(self, image: Image, amount: float, generator: np.random.Generator) -> Image:
        """Changes a picture (height, width, 3), uint8, by one of the amounts; its size stays."""
        ...


PERTURBATIONS: Mapping[str, Perturbation] = {
    "jpeg": jpeg,
    "webp": webp,
    "resize_down": resize_down,
    "resize_up": resize_up,
    "blur": blur,
    "noise": noise,
    "brightness": brightness,
    "contrast": contrast,
    "crop": crop,
    "social_media": social_media,
    "screenshot": screenshot,
}


def perturb(image: Image, perturbation: Perturbation, *, severity: int, generator: np.random.Generator) -> Image:
    """Changes a picture.

    Args:
        image: (height, width, 3), uint8.
        perturbation: an entry of `PERTURBATIONS`.
        severity: 0 for none, up to the number of the perturbation's amounts.
        generator: of what is random in it.

    Returns:
        A picture of the same shape and type; at severity 0 the same one.
    """
    if severity == 0:
        return image
    return perturbation.apply(image, perturbation.AMOUNTS[severity - 1], generator)

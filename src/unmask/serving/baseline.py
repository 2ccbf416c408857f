"""What a model learnt from and how it did, as far as a verdict on a new picture needs it."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unmask.serving.verdict import Bin, Caution


@dataclass(frozen=True)
class EmbeddingDistribution:
    """Where the pictures that a model learnt from lie, in what its last layer sees.

    Source: Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks"
    (NeurIPS 2018), section 2.1: the Mahalanobis distance; of one cloud here, as a new picture's class is not known.

    Attributes:
        mean: (dimensions,), float64.
        precision: (dimensions, dimensions), float64, the inverse of the covariance.
        usual: the distance within which all but a thousandth of the validation pictures lie.
    """

    mean: NDArray[np.float64]
    precision: NDArray[np.float64]
    usual: float

    def distance(self, embedding: NDArray[np.float32]) -> float:
        """Gives the distance of a picture, in standard deviations of a dimension: about 1 is usual."""
        away = embedding.astype(np.float64) - self.mean
        return math.sqrt(max(0.0, float(away @ self.precision @ away)) / len(away))


@dataclass(frozen=True)
class Baseline:
    """Bounds of the training pictures, and the test split's scores. By default nothing is known.

    Attributes:
        side_pixels: the shorter side that all but the smallest hundredth of the training pictures reach; 0: not known.
        jpeg_quality: the quality that all but the worst hundredth of them reach; None where they were no JPEGs, or not
            known.
        size: width and height of the training pictures where all but the odd one have the same; None elsewhere.
        bins: the test split's scores, in parts.
        distribution: where the training pictures lie.
    """

    side_pixels: int = 0
    jpeg_quality: int | None = None
    size: tuple[int, int] | None = None
    bins: tuple[Bin, ...] = ()
    distribution: EmbeddingDistribution | None = field(default=None, repr=False)

    def cautions(self, *, side: int, quality: int | None) -> tuple[Caution, ...]:
        """Says in what a picture, or a face in it, is worse than nearly all that the model learnt from.

        Args:
            side: the shorter one of what is judged, in pixels of the picture.
            quality: that the picture was saved with as a JPEG; None for all else.
        """
        found = []
        if side < self.side_pixels:
            text = f"much smaller than the training pictures: {side} pixels, theirs have {self.side_pixels} or more"
            found.append(Caution("small", text))
        if quality is not None and self.jpeg_quality is not None and quality < self.jpeg_quality:
            text = (
                f"heavily recompressed: JPEG quality {quality}, the training pictures have {self.jpeg_quality} or more"
            )
            found.append(Caution("recompressed", text))
        return tuple(found)

    def distance(self, embedding: NDArray[np.float32]) -> float | None:
        """Gives a picture's distance from what the model learnt from; None where either is not known."""
        if self.distribution is None or not len(embedding):
            return None
        return self.distribution.distance(embedding)

    def unlike(self, distance: float | None) -> tuple[Caution, ...]:
        """Says so where a picture is farther away than nearly any that the model was tried on."""
        if distance is None or self.distribution is None or distance <= self.distribution.usual:
            return ()
        text = f"unlike the training pictures: {distance / self.distribution.usual:.1f} times as far from them as usual"
        return (Caution("unlike", text),)

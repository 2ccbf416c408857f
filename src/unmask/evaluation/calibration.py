"""Scores on a scale of probabilities: a line through logits, which `calibration_fit.py` fits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

EDGE = 1e-15  # nearer to 0 and 1 a logit is not finite


@dataclass(frozen=True)
class Calibration:
    """A line through logits: P(fake) = sigmoid(slope * logit + intercept). By default nothing changes."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def method(self) -> str:
        """Says what it is: "none", "temperature" (a line through 0), or "platt"."""
        if self == Calibration():
            return "none"
        return "platt" if self.intercept else "temperature"

    def score(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gives P(fake) of a model's logits, of any shape."""
        scores: NDArray[np.float64] = expit(self.slope * logits + self.intercept)
        return scores

    def apply(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrates scores (images,) in [0, 1]; their order stays."""
        return scores if self == Calibration() else self.score(logits_of(scores))


def logits_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives the logits of scores."""
    logits: NDArray[np.float64] = logit(np.clip(scores, EDGE, 1 - EDGE))
    return logits

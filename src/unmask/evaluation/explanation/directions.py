"""Which way a model's answers go, and so what there is to explain."""

import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.metrics import decide
from unmask.records import FAKE


def directions_of(values: NDArray[np.float64], *, threshold: float) -> NDArray[np.float64]:
    """Says which way each answer goes: (batch,), 1 where a score or logit is called fake, else -1."""
    return np.where(decide(values, threshold) == FAKE, 1.0, -1.0)

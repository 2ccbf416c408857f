"""What a detector says of a test picture today is what its evaluation wrote down of it."""

import keras
import numpy as np

from unmask.serving.checks.finding import Finding, Pictures, found, largest_change, left_out, scores
from unmask.serving.detector import Detector

NAME, STATEMENT = "stored_scores", "pictures of the test split get the score that `evaluate` wrote down"
# The evaluation's batches were of another size, and may have been another machine's, which rounds otherwise.
LIMIT = 1e-4
# A network that computes with 16 bits rounds each number to one part in 256, and another machine at another place.
HALF_LIMIT = 0.02
HALVES = ("float16", "bfloat16")


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares scores with those of `predictions.csv`."""
    limit = HALF_LIMIT if has_halves(detector.network) else LIMIT
    if not pictures.stored_scores:
        return left_out(NAME, STATEMENT, limit=limit, reason=pictures.reason)
    stored = np.array(pictures.stored_scores, dtype=np.float64)
    return found(NAME, STATEMENT, value=largest_change(scores(detector, pictures.contents), stored), limit=limit)


def has_halves(network: keras.Model) -> bool:
    """Whether a network, or one inside it, computes with 16 bits anywhere."""
    return any(
        has_halves(layer) if isinstance(layer, keras.Model) else layer.compute_dtype in HALVES
        for layer in network.layers
    )

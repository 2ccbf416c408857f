"""What a detector says of a test picture today is what its evaluation wrote down of it."""

import numpy as np

from unmask.serving.checks.finding import Finding, Pictures, found, largest_change, left_out, scores
from unmask.serving.detector import Detector

NAME, STATEMENT = "stored_scores", "pictures of the test split get the score that `evaluate` wrote down"
# The evaluation's batches were of another size, and may have been another machine's, which rounds otherwise.
LIMIT = 1e-4
# A network that computes with 16 bits rounds each number to one part in 256, and another machine at another place.
HALF_LIMIT = 0.02


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares scores with those of `predictions.csv`."""
    limit = HALF_LIMIT if detector.is_half else LIMIT
    if not pictures.stored_scores:
        return left_out(NAME, STATEMENT, limit=limit, reason=pictures.reason)
    stored = np.array(pictures.stored_scores, dtype=np.float64)
    return found(NAME, STATEMENT, value=largest_change(scores(detector, pictures.contents), stored), limit=limit)

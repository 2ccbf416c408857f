"""A picture's score is its own, whatever else is judged with it."""

import numpy as np

from unmask.serving.checks.finding import ROUNDING, Finding, Pictures, found, largest_change, scores
from unmask.serving.detector import Detector

LIMIT = ROUNDING
SEED = 7
ALONE = 4  # pictures that are judged one by one, each for the price of a batch


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares all pictures in one call with the same in another order, and with some of them alone."""
    contents = pictures.contents
    together = scores(detector, contents)
    order = np.random.default_rng(SEED).permutation(len(contents))
    mixed = scores(detector, [contents[position] for position in order])
    alone = np.concatenate([scores(detector, [content]) for content in contents[:ALONE]])
    change = max(largest_change(together[order], mixed), largest_change(together[:ALONE], alone))
    return found("batch", "company and order of the pictures change no score", value=change, limit=LIMIT)

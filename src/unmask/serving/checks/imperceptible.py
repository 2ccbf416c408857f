"""A change that nobody can see is none: one grey level up or down in every pixel."""

import numpy as np

from unmask.data.pictures.decoding import Pixels
from unmask.serving.checks.encoding import as_png, pixels_of
from unmask.serving.checks.finding import Finding, Pictures, found, mean_change, scores
from unmask.serving.detector import Detector

SEED = 7
# Fine traces are what a detector reads, so that it feels a little of it: CNNs trained on 1,120 real faces moved by up
# to 0.025, the sample's by 0.001. A grey level is half of the mildest noise that the evaluation adds: what moves twice
# as much as was seen reads noise.
LIMIT = 0.05


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares each picture with itself and a grey level more or less in each pixel and channel."""
    generator = np.random.default_rng(SEED)
    changed = [as_png(shaken(pixels_of(content), generator)) for content in pictures.contents]
    return found(
        "imperceptible",
        "one grey level more or less in each pixel hardly gives another score, on average",
        value=mean_change(scores(detector, pictures.contents), scores(detector, changed)),
        limit=LIMIT,
    )


def shaken(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Adds 1 to pixels (height, width, 3) or takes 1 away, within [0, 255]."""
    signs = 2 * generator.integers(0, 2, pixels.shape, dtype=np.int16) - 1
    changed: Pixels = np.clip(pixels + signs, 0, 255).astype(np.uint8)
    return changed

"""What counts is the pixels, not the format that holds them."""

from unmask.serving.checks.encoding import as_png, as_webp, pixels_of
from unmask.serving.checks.finding import ROUNDING, Finding, Pictures, found, largest_change, scores
from unmask.serving.detector import Detector

LIMIT = ROUNDING


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares each picture's pixels in a PNG with the same in a lossless WebP."""
    pixels = [pixels_of(content) for content in pictures.contents]
    change = largest_change(scores(detector, list(map(as_png, pixels))), scores(detector, list(map(as_webp, pixels))))
    return found("lossless", "PNG and lossless WebP of the same pixels get the same score", value=change, limit=LIMIT)

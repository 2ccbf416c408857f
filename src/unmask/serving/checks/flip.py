"""A mirrored face is as real or as fake as it was."""

from unmask.serving.checks.encoding import as_png, pixels_of
from unmask.serving.checks.finding import Finding, Pictures, found, mean_change, scores
from unmask.serving.detector import Detector

# Training mirrors half of its pictures, so little may be left of left and right. A network is no exact mirror, though,
# and one picture near the threshold may move: what counts is the mean.
LIMIT = 0.05


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares each picture with its mirror image."""
    mirrored = [as_png(pixels_of(content)[:, ::-1]) for content in pictures.contents]
    change = mean_change(scores(detector, pictures.contents), scores(detector, mirrored))
    return found("flip", "a mirrored picture hardly gets another score, on average", value=change, limit=LIMIT)

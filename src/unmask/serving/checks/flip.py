"""A mirrored face is as real or as fake as it was."""

from unmask.serving.checks.encoding import as_png, pixels_of
from unmask.serving.checks.finding import Finding, Pictures, found, mean_change, scores
from unmask.serving.detector import Detector

# Training mirrors half of its pictures, so that little is left of left and right. A network is no exact mirror, though,
# unless it averages both (`recipe.test_time_flip`): the sample's CNN moves by 0.055. About twice that is no longer what
# training leaves over.
LIMIT = 0.1


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares each picture with its mirror image."""
    mirrored = [as_png(pixels_of(content)[:, ::-1]) for content in pictures.contents]
    change = mean_change(scores(detector, pictures.contents), scores(detector, mirrored))
    return found("flip", "a mirrored picture hardly gets another score, on average", value=change, limit=LIMIT)

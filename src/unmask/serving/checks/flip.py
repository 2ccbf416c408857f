"""A mirrored face is as real or as fake as it was."""

from unmask.serving.checks.encoding import as_png, pixels_of
from unmask.serving.checks.finding import Finding, Pictures, found, mean_change, scores
from unmask.serving.detector import Detector

# Chosen before any model was measured: on average no more than a twentieth of P(fake) may hang on the side a face is
# turned to. Training mirrors half of its pictures, which does not make a network a mirror: without
# `recipe.test_time_flip`, with which the change is 0, both models of the sample failed, with 0.053 and 0.17.
LIMIT = 0.05


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares each picture with its mirror image."""
    mirrored = [as_png(pixels_of(content)[:, ::-1]) for content in pictures.contents]
    change = mean_change(scores(detector, pictures.contents), scores(detector, mirrored))
    return found("flip", "a mirrored picture hardly gets another score, on average", value=change, limit=LIMIT)

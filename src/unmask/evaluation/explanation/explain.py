"""Whether a model's heatmaps can be believed, in a few numbers: do they mark what matters, do they need the model."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.calibration import logits_of
from unmask.evaluation.explanation.agreement import agreement
from unmask.evaluation.explanation.directions import directions_of
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.occlusion import BATCH, judged, occlusion
from unmask.evaluation.explanation.sanity import is_sane, randomised_similarity
from unmask.evaluation.judge import Judge
from unmask.evaluation.predict import Batches
from unmask.evaluation.robustness import first_images

IMAGES = 8  # enough to tell agreement from chance; each is judged once for every cell
CELLS = 8  # along a side
DIGITS = 6


@dataclass(frozen=True)
class Explanation:
    """How far the heatmaps of a model can be believed.

    Attributes:
        images: how many pictures this rests on.
        occlusion_agreement: mean rank correlation of heatmaps and what covering each cell costs the answer, [-1, 1].
        occlusion_agreement_error: its standard error.
        randomised_similarity: mean absolute rank correlation with the heatmaps of copies with shuffled weights, [0, 1].
        is_sane: whether that is low enough for the heatmaps to say something of the model.
    """

    images: int
    occlusion_agreement: float
    occlusion_agreement_error: float
    randomised_similarity: float
    is_sane: bool

    def summary(self) -> dict[str, Any]:
        """Gives what `metrics.json` holds of it: numbers of six digits."""
        return {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in asdict(self).items()}


def explain(
    model: keras.Model,
    images: NDArray[np.generic],
    *,
    threshold_logit: float = 0.0,
    cells: int = CELLS,
    seed: int,
    batch_size: int = BATCH,
) -> Explanation:
    """Checks the heatmaps of a model's own answers.

    Args:
        model: of `models.MODELS`, or an average of such; it stays as it is.
        images: (batch, height, width, 3), uint8 or float32, [0, 255]; two at least.
        threshold_logit: the least logit that is called fake; see `threshold_logit_of`.
        cells: along a side of the grid that is covered.
        seed: of the shuffled weights.
        batch_size: pictures judged at once.

    Raises:
        EvaluationError: there are too few pictures, or of too few pixels, or the model has no maps.
    """
    logits = judged(model, iter(images), count=len(images), batch_size=batch_size)
    directions = directions_of(logits, threshold=threshold_logit)
    heatmaps = grad_cam(model, images, directions=directions)
    drops = occlusion(model, images, directions=directions, cells=cells, batch_size=batch_size)
    mean, error = agreement(heatmaps, drops)
    alike = randomised_similarity(model, images, heatmaps, directions=directions, seed=seed)
    return Explanation(
        images=len(images),
        occlusion_agreement=mean,
        occlusion_agreement_error=error,
        randomised_similarity=alike,
        is_sane=is_sane(alike),
    )


def explain_first(model: keras.Model, batches: Batches, *, judge: Judge, seed: int, batch_size: int) -> Explanation:
    """Checks the heatmaps of a split's first `IMAGES` pictures: shards are sorted by hash, so they are a fair sample.

    Args:
        model: see `explain`.
        batches: images, labels, members, of the validation split; read no further than needed.
        judge: how the model's scores become answers.
        seed: see `explain`.
        batch_size: see `explain`.

    Raises:
        EvaluationError: see `explain`.
    """
    images = np.concatenate([images for images, _, _ in first_images(batches, count=IMAGES)])
    return explain(model, images, threshold_logit=threshold_logit_of(judge), seed=seed, batch_size=batch_size)


def threshold_logit_of(judge: Judge) -> float:
    """Gives the least logit that is called fake, where a calibrated score decides; the calibration's line rises."""
    at_threshold = float(logits_of(np.array(judge.threshold)))
    return (at_threshold - judge.calibration.intercept) / judge.calibration.slope

"""Whether heatmaps say anything of the model: whether they change once its weights are random.

Source: Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018), section 3.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.explanation.grid import rank_correlations

# Chance alone makes maps alike, the more so the fewer positions they have. On ResNet50's 2x2 at 64 pixels the mean over
# 8 pictures was 0.38, and 0.67 at the most of 200 draws; on the CNN's 6x6 it was 0.13 and 0.25.
MOST_SIMILAR = 0.7


def randomised(model: keras.Model, seed: int) -> keras.Model:
    """Copies a model and shuffles each of its weights' values among themselves.

    Each array keeps its values, and so its scale: a model of another scale would fall silent or run over, which would
    say nothing of the heatmaps.

    Args:
        model: stays as it is.
        seed: the same one gives the same copy.
    """
    generator = np.random.default_rng(seed)
    copy = keras.models.clone_model(model)
    copy.set_weights([generator.permutation(array.ravel()).reshape(array.shape) for array in model.get_weights()])
    return copy


def similarity(heatmaps: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Says how alike two sets of heatmaps of the same pictures are.

    Args:
        heatmaps: (batch, height, width), of the model itself.
        others: of the same shape, of its randomised copy.

    Returns:
        The mean over pictures of the absolute rank correlation, [0, 1]; absolute, as a map and its negative show the
        same. A picture whose heatmap is the same everywhere counts as 1: it would look so whatever the model.
    """
    is_flat = heatmaps.max(axis=(1, 2)) == heatmaps.min(axis=(1, 2))
    alike = np.where(is_flat, 1.0, np.abs(rank_correlations(heatmaps, others)))
    return float(alike.mean())


def is_sane(found: float) -> bool:
    """Whether heatmaps of such a similarity depend on the model's weights, and so can explain it."""
    return found <= MOST_SIMILAR

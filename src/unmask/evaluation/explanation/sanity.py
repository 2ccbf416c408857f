"""Whether heatmaps say anything of the model: whether they change once its weights are random.

Source: Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018), section 3.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.grid import rank_correlations

# Chance alone makes maps alike, the more so the fewer positions they have, and in a shuffled copy the maps of all
# pictures can share one pattern. Random maps of 2x2 positions were alike by 0.38, and by more than 0.7 in 17 % of
# single copies but in 0.9 % of means over five; random maps of 6x6 by 0.13, and never by more than 0.7.
MOST_SIMILAR = 0.7
COPIES = 5


def randomised(model: keras.Model, seed: int) -> keras.Model:
    """Copies a model and shuffles each of its weights' values among themselves.

    Each array keeps its values, and so its scale: a model of another scale would fall silent or run over, which would
    say nothing of the heatmaps.

    Args:
        model: stays as it is.
        seed: the same one gives the same copy.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    shuffle(copy, seed=seed)
    return copy


def shuffle(copy: keras.Model, *, seed: int) -> None:
    """Shuffles a model's weights in place; see `randomised`. Once more gives another copy, without building one."""
    generator = np.random.default_rng(seed)
    copy.set_weights([generator.permutation(array.ravel()).reshape(array.shape) for array in copy.get_weights()])


def randomised_similarity(
    model: keras.Model,
    images: NDArray[np.generic],
    heatmaps: NDArray[np.float32],
    *,
    directions: NDArray[np.float64],
    seed: int,
) -> float:
    """Says how alike a model's heatmaps and those of `COPIES` shuffled copies are.

    Args:
        model: stays as it is.
        images: (batch, height, width, 3), uint8 or float32, [0, 255].
        heatmaps: (batch, height, width), the model's own of these images.
        directions: (batch,), for which they were drawn; the copies are asked the same.
        seed: of the first copy.

    Returns:
        The mean of `similarity`, [0, 1].
    """
    copy = randomised(model, seed)
    found = [similarity(heatmaps, grad_cam(copy, images, directions=directions))]
    for number in range(1, COPIES):
        shuffle(copy, seed=seed + number)
        found.append(similarity(heatmaps, grad_cam(copy, images, directions=directions)))
    return float(np.mean(found))


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

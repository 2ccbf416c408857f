"""Whether a heatmap is right: whether covering what it marks takes the answer away."""

import math

import numpy as np
from numpy.typing import NDArray

from unmask.errors import EvaluationError
from unmask.evaluation.explanation.grid import cell_means, rank_correlations


def agreement(heatmaps: NDArray[np.float32], drops: NDArray[np.float64]) -> tuple[float, float]:
    """Correlates heatmaps with what covering each cell cost the answer.

    Only the positive part of a cost counts: a heatmap says what speaks for the answer and is 0 for all else, so cells
    that speak against it share one rank on both sides. Picture by picture, by Spearman's rank correlation, as neither
    side's scale means anything.

    Args:
        heatmaps: (batch, height, width), [0, 1].
        drops: (batch, cells, cells); see `occlusion`.

    Returns:
        The mean over pictures, [-1, 1], and its standard error. A picture where one side is the same everywhere
        counts as 0: nothing was found there.

    Raises:
        EvaluationError: there are fewer than two pictures, which have no standard error.
    """
    if len(heatmaps) < 2:
        raise EvaluationError(f"heatmaps are checked on two pictures at least, not {len(heatmaps)}")
    found = rank_correlations(cell_means(heatmaps, cells=drops.shape[1]), np.maximum(drops, 0))
    return float(found.mean()), float(found.std(ddof=1)) / math.sqrt(len(found))

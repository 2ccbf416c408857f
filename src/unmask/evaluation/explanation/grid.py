"""The grid of cells in which heatmaps and covered pictures are compared, and how alike two such grids are."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from unmask.errors import EvaluationError


def edges(side_pixels: int, *, cells: int) -> NDArray[np.int64]:
    """Lists where cells begin and end, (cells + 1,), as even as whole pixels allow.

    Raises:
        EvaluationError: there are more cells than pixels.
    """
    if cells > side_pixels:
        raise EvaluationError(f"a picture of {side_pixels} pixels a side has no {cells} cells a side")
    return np.arange(cells + 1) * side_pixels // cells


def cell_means(maps: NDArray[np.floating], *, cells: int) -> NDArray[np.float64]:
    """Averages maps, (batch, height, width), over cells, (batch, cells, cells).

    Raises:
        EvaluationError: there are more cells than pixels.
    """
    rows, columns = (edges(side, cells=cells) for side in maps.shape[1:])
    sums = np.add.reduceat(maps.astype(np.float64), rows[:-1], axis=1)
    sums = np.add.reduceat(sums, columns[:-1], axis=2)
    means: NDArray[np.float64] = sums / (np.diff(rows)[:, None] * np.diff(columns))
    return means


def rank_correlations(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """Correlates two maps of each picture by Spearman's rank correlation; equal values share their mean rank.

    Args:
        left: (batch, rows, columns).
        right: of the same shape.

    Returns:
        (batch,), [-1, 1]; 0 where one of the two is the same everywhere, and so ranks nothing.
    """
    first, second = (centred_ranks(maps) for maps in (left, right))
    products = (first * second).sum(axis=1)
    lengths = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    found: NDArray[np.float64] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return found


def centred_ranks(maps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks each picture's values, (batch, rows * columns), less their mean."""
    ranks = rankdata(maps.reshape(len(maps), -1), axis=1)
    centred: NDArray[np.float64] = ranks - ranks.mean(axis=1, keepdims=True)
    return centred

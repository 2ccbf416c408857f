"""How much of an answer each part of a picture carries: it is covered, and the model judges once more.

Source: Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014), section 4.1.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.explanation.grid import edges
from unmask.evaluation.predict import Model, logits_of_batch

BATCH = 64  # pictures judged at once

Place = tuple[slice, slice]


def occlusion(
    model: Model, images: NDArray[np.generic], *, directions: NDArray[np.float64], cells: int, batch_size: int = BATCH
) -> NDArray[np.float64]:
    """Measures how far the logit of the answer falls when a cell is covered with the picture's mean colour.

    Of all covered pictures one batch is held at a time.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        images: (batch, height, width, 3), uint8 or float32, [0, 255].
        directions: (batch,), 1 where the answer is fake, -1 where it is real.
        cells: along a side of the grid.
        batch_size: pictures judged at once; a size that the model has not seen before is compiled anew.

    Returns:
        (batch, cells, cells), float64: above 0 where a cell speaks for the answer, below 0 where it speaks against it.

    Raises:
        EvaluationError: there are more cells than pixels.
    """
    rows, columns = (edges(side, cells=cells) for side in images.shape[1:3])
    places = [
        (slice(top, bottom), slice(left, right)) for top, bottom in pairwise(rows) for left, right in pairwise(columns)
    ]
    whole = judged(model, iter(images), count=len(images), batch_size=batch_size)
    covered = (picture for image in images for picture in with_holes(image, places))
    parts = judged(model, covered, count=len(images) * len(places), batch_size=batch_size)
    falls = whole[:, None, None] - parts.reshape(-1, cells, cells)
    return directions[:, None, None] * falls


def with_holes(image: NDArray[np.generic], places: list[Place]) -> Iterator[NDArray[np.float32]]:
    """Covers one place after the other of a picture, (height, width, 3), with its mean colour."""
    colour = image.mean(axis=(0, 1), dtype=np.float64)
    for place in places:
        covered = image.astype(np.float32)
        covered[place] = colour
        yield covered


def judged(
    model: Model, pictures: Iterator[NDArray[np.generic]], *, count: int, batch_size: int
) -> NDArray[np.float64]:
    """Judges pictures one batch after the other: logits (count,), float64."""
    logits = np.empty(count)
    for start in range(0, count, batch_size):
        names = [f"picture {number}" for number in range(start, min(start + batch_size, count))]
        batch = np.stack([next(pictures) for _ in names]).astype(np.float32)
        logits[start : start + len(names)] = logits_of_batch(model, batch, names, batch_size=batch_size)
    return logits

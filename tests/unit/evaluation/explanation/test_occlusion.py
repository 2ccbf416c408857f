"""Covering cells: worked by hand, and in batches of one size."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.explanation.occlusion import occlusion

Make = Callable[..., keras.Model]


class Recorder:
    """Gives the sum of the first channel as a logit, and keeps the sizes of batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        self.sizes.append(len(x))
        return x[..., 0].sum(axis=(1, 2))[:, None]


def test_a_cell_costs_what_it_adds_beyond_the_mean_colour(linear: Make, image_of: Callable[..., np.ndarray]) -> None:
    # The mean is 3. Cover the first cell, weight 2: 2 * (1 - 3) = -4. The last, weight -1: -1 * (6 - 3) = -3.
    model, image = linear([[2, 0], [0, -1]]), image_of([[1, 2], [3, 6]])
    drops = occlusion(model, image, directions=np.array([1.0]), cells=2)
    np.testing.assert_allclose(drops, [[[-4, 0], [0, -3]]])
    assert drops.dtype == np.float64
    np.testing.assert_allclose(occlusion(model, image, directions=np.array([-1.0]), cells=2), [[[4, 0], [0, 3]]])


def test_cells_hold_whole_pixels_where_they_do_not_divide_the_picture(
    linear: Make, image_of: Callable[..., np.ndarray]
) -> None:
    # Of 3 pixels the first cell has one and the second two. The mean is 1: 3 - 1 and 0 - 2.
    model, image = linear([[1, 1, 1]] * 2), image_of([[3, 0, 0]] * 2)
    np.testing.assert_allclose(occlusion(model, image, directions=np.array([1.0]), cells=2), [[[2, -2], [2, -2]]])


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_every_batch_has_the_same_size_and_changes_nothing(batch_size: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    model, directions = Recorder(), np.array([1.0, -1.0, 1.0])
    drops = occlusion(model, images, directions=directions, cells=4, batch_size=batch_size)
    np.testing.assert_allclose(drops, occlusion(Recorder(), images, directions=directions, cells=4), atol=0.01)
    assert set(model.sizes) == {batch_size}


def test_pictures_of_too_few_pixels_are_refused(linear: Make, image_of: Callable[..., np.ndarray]) -> None:
    with pytest.raises(EvaluationError, match="a picture of 2 pixels a side has no 3 cells a side"):
        occlusion(linear([[1, 1]] * 2), image_of([[1, 2]] * 2), directions=np.array([1.0]), cells=3)

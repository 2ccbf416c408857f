"""Histograms of oriented gradients, against what can be worked by hand."""

import keras
import numpy as np
import pytest

from unmask.models.gradients import MEAN, SPREAD, OrientedGradients


def histograms(images: np.ndarray, *, cell: int = 8, bins: int = 9) -> np.ndarray:
    """Gives the shares of the directions, before they are brought to a mean of 0."""
    scaled = np.asarray(OrientedGradients(cell=cell, bins=bins)(images.astype("float32")))
    return (scaled * SPREAD + MEAN) ** 2


def stripes(*, is_upright: bool) -> np.ndarray:
    ramp = np.broadcast_to(10.0 * np.arange(16)[None, :], (16, 16))
    return np.repeat((ramp if is_upright else ramp.T)[None, :, :, None], 3, axis=3)


@pytest.mark.parametrize(("is_upright", "direction"), [(True, 0.0), (False, 90.0)])
def test_edges_of_one_direction_fill_the_bins_next_to_it(is_upright: bool, direction: float) -> None:
    # Bins of 20 degrees begin at 0: 0 lies halfway between the first and the last one, 90 in the middle of the fifth.
    shares = histograms(stripes(is_upright=is_upright))[0, 0, 0]
    expected = {0.0: [0.5, 0, 0, 0, 0, 0, 0, 0, 0.5], 90.0: [0, 0, 0, 0, 1.0, 0, 0, 0, 0]}[direction]
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_contrast_does_not_matter_and_a_flat_cell_is_even() -> None:
    images = np.random.default_rng(0).uniform(0, 100, (2, 32, 32, 3))
    np.testing.assert_allclose(histograms(images), histograms(2 * images), atol=0.01)
    assert histograms(np.full((1, 16, 16, 3), 128.0)).max() < 0.02


def test_cells_are_counted_apart() -> None:
    images = np.concatenate([stripes(is_upright=True)[:, :8], stripes(is_upright=False)[:, :8]], axis=1)
    shares = histograms(images)
    assert shares.shape == (1, 2, 2, 9)
    assert shares[0, 0, 0].argmax() in (0, 8)


def test_the_layer_is_read_back_as_it_was() -> None:
    layer = OrientedGradients(cell=4, bins=6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    images = np.random.default_rng(0).uniform(0, 255, (1, 16, 16, 3)).astype("float32")
    np.testing.assert_array_equal(np.asarray(layer(images)), np.asarray(again(images)))
    assert layer.compute_output_shape((None, 16, 16, 3)) == (None, 4, 4, 6)

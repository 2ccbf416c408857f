"""The residuals of neighbouring pixels, worked by hand."""

import numpy as np

from unmask.models.residuals import TRUNCATION, Residuals


def test_a_lone_pixel_stands_against_its_four_neighbours() -> None:
    image = np.zeros((1, 5, 5, 3), dtype="float32")
    image[0, 2, 2] = 8.0
    residuals = np.asarray(Residuals()(image))[0, :, :, 1] * TRUNCATION
    assert residuals[2, 2] == 8.0
    assert residuals[2, 1] == residuals[1, 2] == -2.0
    assert residuals[1, 1] == 0.0


def test_a_ramp_leaves_nothing_and_an_edge_is_truncated() -> None:
    ramp = np.broadcast_to(np.arange(8, dtype="float32")[None, None, :, None] * 30, (1, 8, 8, 3))
    assert np.abs(np.asarray(Residuals()(ramp))[0, 1:-1, 1:-1]).max() == 0.0
    edge = np.where(np.arange(8) < 4, 0.0, 255.0).astype("float32")[None, None, :, None].repeat(8, 1).repeat(3, 3)
    residuals = np.asarray(Residuals()(edge))
    assert residuals.min() == -1.0
    assert residuals.max() == 1.0

"""Heatmaps against covered cells: worked by hand, and seen to fail where a heatmap marks the wrong place."""

from typing import Any

import numpy as np
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.explanation.agreement import agreement
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.occlusion import occlusion

# Two pictures. Ranks 1 2 3 4 against 1 2 4 3: 1 - 6 * (0 + 0 + 1 + 1) / (4 * 15) = 0.8; and the same against itself: 1.
HEATMAPS = np.array([[[0.1, 0.2], [0.3, 0.9]], [[0.1, 0.2], [0.3, 0.9]]], np.float32)
DROPS = np.array([[[1.0, 2.0], [40.0, 3.0]], [[1.0, 2.0], [3.0, 40.0]]])


def test_ranks_are_compared_picture_by_picture() -> None:
    # Mean 0.9; the standard deviation of (0.8, 1) is 0.2 / sqrt(2), over sqrt(2) that is 0.1.
    assert agreement(HEATMAPS, DROPS) == pytest.approx((0.9, 0.1))


def test_heatmaps_are_averaged_over_the_cells() -> None:
    fine = np.kron(HEATMAPS, np.ones((1, 3, 3))) + np.tile([[0.05, -0.05, 0.0]], (2, 6, 2))
    assert agreement(fine.astype(np.float32), DROPS) == pytest.approx((0.9, 0.1))


def test_cells_that_speak_against_the_answer_are_all_alike() -> None:
    # Both sides then have the ranks 1.5 1.5 3 4.
    heatmaps = np.array([[[0, 0], [0.3, 1]]] * 2, np.float32)
    assert agreement(heatmaps, np.array([[[-9.0, -2.0], [1.0, 2.0]]] * 2)) == pytest.approx((1.0, 0.0))


@pytest.mark.parametrize("is_flat", ["heatmaps", "drops"])
def test_a_picture_where_nothing_is_found_counts_as_none(is_flat: str) -> None:
    heatmaps, drops = HEATMAPS.copy(), DROPS.copy()
    {"heatmaps": heatmaps, "drops": drops}[is_flat][0] = 0
    assert agreement(heatmaps, drops)[0] == pytest.approx(0.5)


def test_one_picture_is_too_few() -> None:
    with pytest.raises(EvaluationError, match="on two pictures at least, not 1"):
        agreement(HEATMAPS[:1], DROPS[:1])


def test_heatmaps_that_mark_the_wrong_place_are_seen(learnt: Any) -> None:
    images = learnt.images[learnt.labels == 1]
    heatmaps = grad_cam(learnt.model, images, directions=np.ones(len(images)))
    drops = occlusion(learnt.model, images, directions=np.ones(len(images)), cells=6)
    honest, error = agreement(heatmaps, drops)
    assert honest > 0.5
    assert 0 < error < 0.2
    assert agreement(heatmaps[:, ::-1, ::-1], drops)[0] < honest - 4 * error
    assert agreement(np.roll(heatmaps, 1, axis=0), drops)[0] < honest - 4 * error

"""Heatmaps that say nothing of the model are seen; those of one that has learnt something pass."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from unmask.evaluation.explanation import sanity
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.sanity import is_sane, randomised, randomised_similarity, similarity
from unmask.models.average import average

Make = Callable[..., keras.Model]


def edges_of(images: np.ndarray) -> np.ndarray:
    """A heatmap that asks no model: where a picture's brightness changes."""
    grey = images.mean(axis=-1)
    down, across = np.gradient(grey, axis=(1, 2))
    return np.hypot(down, across).astype(np.float32)


def directions(learnt: Any) -> np.ndarray:
    return np.where(learnt.labels == 1, 1.0, -1.0)


def test_heatmaps_of_a_model_that_has_learnt_pass(learnt: Any) -> None:
    heatmaps = grad_cam(learnt.model, learnt.images, directions=directions(learnt))
    for seed in range(3):
        others = grad_cam(randomised(learnt.model, seed), learnt.images, directions=directions(learnt))
        assert is_sane(similarity(heatmaps, others))


def test_heatmaps_of_the_picture_alone_are_seen(learnt: Any) -> None:
    assert not is_sane(similarity(edges_of(learnt.images), edges_of(learnt.images)))
    noise = np.random.default_rng(0).normal(0, 1, learnt.images.shape[:3]).astype(np.float32)
    assert not is_sane(similarity(edges_of(learnt.images), edges_of(learnt.images) + noise))


def test_a_model_compared_with_itself_is_seen(learnt: Any) -> None:
    heatmaps = grad_cam(learnt.model, learnt.images, directions=directions(learnt))
    assert similarity(heatmaps, heatmaps) == pytest.approx(1.0)
    assert not is_sane(similarity(heatmaps, heatmaps))


def test_heatmaps_without_a_pattern_are_seen(learnt: Any) -> None:
    flat = np.ones((16, 24, 24), np.float32)
    assert not is_sane(similarity(flat, grad_cam(learnt.model, learnt.images, directions=directions(learnt))))


def test_a_map_and_its_negative_are_alike() -> None:
    maps = np.array([[[1, 2], [3, 4]]], np.float32)
    assert similarity(maps, -maps) == pytest.approx(1.0)


def test_similarity_is_the_mean_over_pictures() -> None:
    # Ranks 1 2 3 4 against 1 2 4 3 correlate by 0.8, against 2 4 1 3 by 1 - 6 * (1 + 4 + 4 + 1) / 60 = 0.
    maps = np.array([[[1, 2], [3, 4]]] * 2, np.float32)
    others = np.array([[[1, 2], [4, 3]], [[2, 4], [1, 3]]], np.float32)
    assert similarity(maps, others) == pytest.approx(0.4)


def test_weights_are_shuffled_within_each_array(tiny: Make) -> None:
    model = average([tiny(seed=1, batch_normalization=True), tiny(seed=2)], test_time_flip=True)
    before = model.get_weights()
    copy = randomised(model, 3)
    for old, new in zip(before, copy.get_weights(), strict=True):
        np.testing.assert_array_equal(np.sort(old, axis=None), np.sort(new, axis=None))
    assert any((old != new).any() for old, new in zip(before, copy.get_weights(), strict=True))
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))


def test_the_same_seed_shuffles_alike(tiny: Make) -> None:
    first, second, third = (randomised(tiny(), seed).get_weights() for seed in (3, 3, 4))
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    assert any((one != other).any() for one, other in zip(first, third, strict=True))


def test_the_mean_is_taken_over_copies_that_differ(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # Alike by 1 in the first copy and, being flat, by 0 in the other four.
    maps, seen = np.array([[[1, 2], [3, 4]]], np.float32), []

    def heatmaps(model: keras.Model, images: np.ndarray, *, directions: np.ndarray) -> np.ndarray:
        seen.append(np.concatenate([array.ravel() for array in model.get_weights()]))
        return maps if len(seen) == 1 else np.zeros_like(maps)

    monkeypatch.setattr(sanity, "grad_cam", heatmaps)
    assert randomised_similarity(tiny(), maps, maps, directions=np.ones(1), seed=7) == pytest.approx(0.2)
    assert len({weights.tobytes() for weights in seen}) == 5

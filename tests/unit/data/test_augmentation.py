"""Each variation of training images, against what can be worked by hand."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from unmask.config import AugmentationConfig
from unmask.data.augmentation import APPEARANCE, GEOMETRY, augment

OFF = AugmentationConfig(
    horizontal_flip=0.0, rotation=0.0, zoom=0.0, shift=0.0, brightness=0.0, contrast=0.0, noise=0.0
)
STRONG = {
    "horizontal_flip": 1.0,
    "rotation": 90.0,
    "zoom": 0.5,
    "shift": 0.4,
    "brightness": 0.5,
    "contrast": 0.9,
    "noise": 30.0,
}


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).uniform(60, 200, (4, 16, 16, 3)).astype("float32")


def varied(faces: np.ndarray, seed: int = 0, **amounts: float) -> np.ndarray:
    return np.asarray(augment(faces, config=replace(OFF, **amounts), seed=np.array([7, seed], dtype="int64")))


def test_every_amount_of_the_parameters_has_its_variation() -> None:
    assert set(asdict(OFF)) == set(GEOMETRY) | set(APPEARANCE) == set(STRONG)


def test_nothing_changes_when_all_is_off(faces: np.ndarray) -> None:
    np.testing.assert_array_equal(varied(faces), faces)


@pytest.mark.parametrize("name", sorted(STRONG))
def test_variation_changes_images_by_its_seed_alone_and_stays_in_range(faces: np.ndarray, name: str) -> None:
    once = varied(faces, **{name: STRONG[name]})
    np.testing.assert_array_equal(once, varied(faces, **{name: STRONG[name]}))
    assert not np.allclose(once, faces)
    assert once.shape == faces.shape
    assert once.dtype == np.float32
    assert once.min() >= 0
    assert once.max() <= 255


def test_flip_mirrors_exactly(faces: np.ndarray) -> None:
    np.testing.assert_allclose(varied(faces, horizontal_flip=1.0), faces[:, :, ::-1], atol=1e-3)


def test_shift_moves_by_whole_pixels(faces: np.ndarray) -> None:
    # Away from the mirrored border every value of the result is one of the image's own.
    moved = varied(faces, shift=0.2)
    for before, after in zip(faces, moved, strict=True):
        assert np.isin(np.round(after[6:10, 6:10], 2), np.round(before, 2)).all()


def test_brightness_adds_one_number_to_an_image(faces: np.ndarray) -> None:
    difference = varied(faces, brightness=0.2) - faces
    np.testing.assert_allclose(difference, np.broadcast_to(difference[:, :1, :1, :1], difference.shape), atol=1e-3)
    assert np.abs(difference).max() <= 0.2 * 255 + 1e-3

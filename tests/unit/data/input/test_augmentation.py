"""Each variation of training images, against what can be worked by hand."""

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.ndimage import gaussian_filter
from unvaried import UNVARIED

from unmask.data.input.augmentation import APPEARANCE, GEOMETRY, augment, blurred

STRONG = {
    "horizontal_flip": 1.0,
    "rotation": 90.0,
    "zoom": 0.5,
    "shift": 0.4,
    "brightness": 0.5,
    "contrast": 0.9,
    "noise": 30.0,
    "blur": 1.0,
    "resize": 1.0,
    "jpeg": 1.0,
}


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(60, 200, (4, 16, 16, 3), dtype=np.uint8)


def varied(images: np.ndarray, seed: int = 0, **amounts: float) -> np.ndarray:
    return np.asarray(augment(images, config=replace(UNVARIED, **amounts), seed=np.array([7, seed], dtype="int64")))


@pytest.fixture
def moved_by(monkeypatch: pytest.MonkeyPatch) -> Callable[..., np.ndarray]:
    """Gives a function that moves images by a matrix of one's own, in the place of a rotation."""

    def move(images: np.ndarray, rows: list[list[float]]) -> np.ndarray:
        matrices = np.repeat(np.array([rows], dtype="float32"), len(images), axis=0)
        monkeypatch.setitem(GEOMETRY, "rotation", lambda images, amount, seed: tf.constant(matrices))
        return varied(images, rotation=1.0)

    return move


def test_every_amount_of_the_parameters_has_its_variation() -> None:
    assert set(asdict(UNVARIED)) == set(GEOMETRY) | set(APPEARANCE) == set(STRONG)


def test_nothing_changes_when_all_is_off(faces: np.ndarray) -> None:
    np.testing.assert_array_equal(varied(faces), faces)


@pytest.mark.parametrize("name", sorted(STRONG))
def test_variation_changes_images_by_its_seed_alone_and_stays_in_range(faces: np.ndarray, name: str) -> None:
    once = varied(faces, **{name: STRONG[name]})
    np.testing.assert_array_equal(once, varied(faces, **{name: STRONG[name]}))
    assert not np.array_equal(once, faces)
    assert once.shape == faces.shape
    assert once.dtype == np.uint8


@pytest.mark.parametrize("name", sorted(set(STRONG) - {"horizontal_flip"}))
def test_another_seed_varies_otherwise(faces: np.ndarray, name: str) -> None:
    assert not np.array_equal(varied(faces, **{name: STRONG[name]}), varied(faces, seed=1, **{name: STRONG[name]}))


def test_images_of_a_batch_are_varied_apart() -> None:
    faces = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8), 8, axis=0)
    assert len({image.tobytes() for image in varied(faces, rotation=20.0)}) == 8


def test_flip_mirrors_exactly(faces: np.ndarray) -> None:
    np.testing.assert_array_equal(varied(faces, horizontal_flip=1.0), faces[:, :, ::-1])


def test_flip_with_a_half_chance_mirrors_about_half() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 3), dtype=np.uint8)
    flipped = (varied(faces, horizontal_flip=0.5) == faces[:, :, ::-1]).all(axis=(1, 2, 3))
    assert 70 < flipped.sum() < 130  # 100 expected, and 30 is four standard deviations of 7


def test_shift_moves_by_whole_pixels(faces: np.ndarray) -> None:
    # Away from the mirrored border every value of the result is one of the image's own.
    moved = varied(faces, shift=0.2)
    for before, after in zip(faces, moved, strict=True):
        assert np.isin(after[6:10, 6:10], before).all()


@pytest.mark.parametrize("columns", [3, 40, -75])
def test_what_lies_outside_is_mirrored_at_the_outer_edge_however_far(
    faces: np.ndarray, moved_by: Callable[..., np.ndarray], columns: int
) -> None:
    # numpy's "symmetric" is the same rule: d c b a | a b c d | d c b a | a b c d.
    padded = np.pad(faces, ((0, 0), (0, 0), (80, 80), (0, 0)), mode="symmetric")
    expected = padded[:, :, 80 + columns : 96 + columns]
    np.testing.assert_array_equal(moved_by(faces, [[1, 0, columns], [0, 1, 0], [0, 0, 1]]), expected)


def test_quarter_turn_is_exact(faces: np.ndarray, moved_by: Callable[..., np.ndarray]) -> None:
    # Output (x, y) comes from input (x', y') = (-y, x) about the centre: the columns of the input become rows.
    turned = moved_by(faces, [[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(turned, np.rot90(faces, axes=(1, 2)))


def test_half_a_pixel_takes_the_mean_of_neighbours(moved_by: Callable[..., np.ndarray]) -> None:
    image = np.zeros((1, 2, 4, 3), dtype=np.uint8)
    image[0, :, :, :] = np.array([10, 20, 40, 80])[None, :, None]
    moved = moved_by(image, [[1, 0, 0.5], [0, 1, 0], [0, 0, 1]])
    assert moved[0, 0, :, 0].tolist() == [15, 30, 60, 80]  # the last: 80 and its mirror image, 80


def test_bilinear_is_what_pillow_makes_of_it(moved_by: Callable[..., np.ndarray]) -> None:
    # Smooth, so that a position's rounding to 1/64 pixel is below the two levels allowed.
    coarse = np.random.default_rng(1).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC)
    a, b, c, d = 0.93, -0.21, 0.17, 1.08  # about the middle, 23.5 for us and 24 for Pillow, whose pixels begin at 0
    ours = moved_by(np.asarray(picture)[None], [[a, b, 0], [c, d, 0], [0, 0, 1]])[0]
    data = (a, b, 24 - 24 * (a + b), c, d, 24 - 24 * (c + d))
    theirs = np.asarray(picture.transform((48, 48), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR))
    inside = np.s_[12:36, 12:36]  # Pillow fills what lies outside with black
    assert np.abs(ours[inside].astype(int) - theirs[inside]).max() <= 2


def test_brightness_adds_one_number_to_an_image(faces: np.ndarray) -> None:
    difference = varied(faces, brightness=0.2).astype(int) - faces
    assert (difference == difference[:, :1, :1, :1]).all()
    assert 0 < np.abs(difference).max() <= 0.2 * 255


def test_noise_has_the_mean_of_none(faces: np.ndarray) -> None:
    difference = varied(np.repeat(faces, 8, axis=1), noise=20.0).astype(int) - np.repeat(faces, 8, axis=1)
    assert (
        np.abs(difference.mean(axis=(1, 2, 3))).max() < 1.5
    )  # 6,144 values of 20 at most: 0.26, and more than 5 of it


def test_blur_is_what_scipy_makes_of_it(faces: np.ndarray) -> None:
    deviation = 1.5
    ours = np.asarray(blurred(tf.constant(faces, tf.float32), deviations=tf.fill((4, 1), deviation)))
    # The window ends after six pixels, four deviations; beyond the border lies the last pixel.
    theirs = gaussian_filter(faces.astype("float32"), (0, deviation, deviation, 0), mode="nearest", radius=(0, 6, 6, 0))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_what_the_web_does_befalls_about_the_share_of_images_it_should() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (200, 16, 16, 3), dtype=np.uint8)
    for name in ("blur", "resize", "jpeg"):
        is_same = (varied(faces, **{name: 0.5}) == faces).all(axis=(1, 2, 3))
        assert 70 < is_same.sum() < 130  # 100 expected, and 30 is four standard deviations of 7


def test_jpeg_keeps_a_smooth_image_nearly() -> None:
    ramp = np.broadcast_to(np.arange(64, 192, 2, dtype=np.uint8)[None, None, :, None], (4, 64, 64, 3))
    assert np.abs(varied(ramp, jpeg=1.0).astype(int) - ramp).max() <= 12

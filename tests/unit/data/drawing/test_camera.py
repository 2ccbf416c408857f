from dataclasses import replace

import numpy as np
import pytest

from unmask.data.drawing.camera import GAMMA, Camera, develop, draw_camera, expose, photograph

PLAIN = Camera(
    blur_pixels=0.5,
    vignette=0.0,
    shot_noise=0.0,
    read_noise=0.0,
    sharpening=0.0,
    jpeg_quality=90,
    is_chroma_halved=False,
)
GREY = np.full((128, 128, 3), 0.5, np.float32)


def test_a_camera_without_flaws_returns_a_flat_scene() -> None:
    photo = photograph(GREY, PLAIN, np.random.default_rng(0))
    np.testing.assert_allclose(photo, GREY, atol=1e-5)


def test_vignette_takes_its_share_of_the_light_in_the_corner() -> None:
    light = expose(GREY, replace(PLAIN, vignette=0.2))
    # The corner is at (-1, -1): the loss is 0.2 / 2 * (1 + 1) = 0.2 of the light.
    assert light[0, 0, 0] == pytest.approx(0.5**GAMMA * 0.8, rel=1e-4)


def test_demosaicing_correlates_the_noise_of_neighbours() -> None:
    camera = replace(PLAIN, read_noise=0.002)
    noise = photograph(GREY, camera, np.random.default_rng(0))[..., 0] - 0.5
    # Red rows read n0, (n0+n2)/2, n2, ...: variance (1 + 1/2) / 2, neighbours' covariance 1/2.
    # The rows between are means of two such rows: half of both. Correlation 0.5 / 0.75 = 2/3.
    correlation = np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]
    assert correlation == pytest.approx(2 / 3, abs=0.03)


def test_bright_parts_carry_more_shot_noise_in_linear_light() -> None:
    camera = replace(PLAIN, shot_noise=0.001)
    dark = photograph(GREY * np.float32(0.4), camera, np.random.default_rng(0)) ** GAMMA
    bright = photograph(GREY, camera, np.random.default_rng(0)) ** GAMMA
    # Variance grows with the light: (0.5 / 0.2) ** 2.2 = 7.5, so the deviation by 2.74.
    assert bright.std() / dark.std() == pytest.approx(2.74, rel=0.1)


def test_sharpening_steepens_an_edge() -> None:
    step = GREY.copy()
    step[:, 64:] = 0.7
    sharpened = develop(step**GAMMA, replace(PLAIN, sharpening=0.5))
    assert sharpened[64, 64, 0] > 0.7
    assert sharpened[64, 63, 0] < 0.5


def test_cameras_differ_and_repeat_by_seed() -> None:
    first, again, second = (draw_camera(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != second

from dataclasses import replace

import numpy as np
import pytest

from unmask.data.drawing.casting import draw_traits
from unmask.data.drawing.decoder import DECODERS
from unmask.data.drawing.generator import Recipe, draw_recipe, fabricate, mismatch_eyes

TRAITS = draw_traits(np.random.default_rng(1))
NOTHING = Recipe(
    decoder="transposed",
    stride=4,
    decoding=0.0,
    smoothing=0.0,
    eyes=0.0,
    swap=0.0,
    padding=0.0,
    noise_blur_pixels=0.5,
)
GREY = np.full((64, 64, 3), 0.5, np.float32)
TEXTURE = GREY + np.random.default_rng(2).normal(0, 0.02, GREY.shape).astype(np.float32)


@pytest.mark.parametrize("decoder", sorted(DECODERS))
def test_a_recipe_of_nothing_leaves_the_picture_as_it_is(decoder: str) -> None:
    made = fabricate(TEXTURE, TRAITS, replace(NOTHING, decoder=decoder), np.random.default_rng(0))
    np.testing.assert_allclose(made, TEXTURE, atol=1e-5)


@pytest.mark.parametrize("decoder", ["bilinear", "transposed", "shuffle"])
def test_a_decoder_leaves_a_line_in_the_spectrum_at_its_stride(decoder: str) -> None:
    made = fabricate(GREY, TRAITS, replace(NOTHING, decoder=decoder, decoding=1.0), np.random.default_rng(0))
    spectrum = np.abs(np.fft.fft2(made[..., 0] - made[..., 0].mean()))
    # A pattern that repeats every 4 of 64 pixels has all its energy at multiples of 64 / 4 = 16.
    assert spectrum[::16, ::16].sum() > 0.999 * spectrum.sum()
    assert spectrum.max() > 1


def test_a_nearest_decoder_leaves_blocks() -> None:
    slope = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0).repeat(3, axis=2)
    recipe = replace(NOTHING, decoder="nearest", decoding=1.0)
    steps = np.diff(fabricate(slope, TRAITS, recipe, np.random.default_rng(0))[32, :, 0])
    assert steps[8:56].std() > 0.5 * steps[8:56].mean()


def test_smoothing_removes_texture_and_keeps_a_strong_edge() -> None:
    picture = TEXTURE.copy()
    picture[:, 32:] += 0.4
    made = fabricate(picture, TRAITS, replace(NOTHING, smoothing=1.0), np.random.default_rng(0))
    assert made[:, :24].std() < 0.7 * picture[:, :24].std()
    assert (made[:, 34] - made[:, 29]).mean() > 0.35


def test_swap_changes_the_inner_face_against_the_rest_and_keeps_the_mean_colour() -> None:
    made = fabricate(GREY, TRAITS, replace(NOTHING, swap=1.0), np.random.default_rng(0))
    column, row = (round((value + 1) * 32) for value in TRAITS.head.centre)
    assert abs(made[row, column] - made[0, 0]).max() > 0.02
    np.testing.assert_allclose(made.mean(axis=(0, 1)), [0.5, 0.5, 0.5], atol=1e-4)


def test_padding_darkens_the_border_and_keeps_the_mean_colour() -> None:
    made = fabricate(GREY, TRAITS, replace(NOTHING, padding=1.0), np.random.default_rng(0))
    assert made[0, 32, 0] < 0.7 * made[32, 32, 0]
    np.testing.assert_allclose(made.mean(axis=(0, 1)), [0.5, 0.5, 0.5], atol=1e-4)


def test_mismatch_changes_exactly_one_eye() -> None:
    for seed in range(10):
        changed = mismatch_eyes(TRAITS, 0.8, np.random.default_rng(seed))
        kept = [changed.left_eye == TRAITS.left_eye, changed.right_eye == TRAITS.right_eye]
        assert sorted(kept) == [False, True]
        assert replace(changed, left_eye=TRAITS.left_eye, right_eye=TRAITS.right_eye) == TRAITS


def test_mismatch_of_nothing_keeps_both_eyes() -> None:
    assert mismatch_eyes(TRAITS, 0.0, np.random.default_rng(0)) == TRAITS


def test_recipes_are_graded_from_hardly_anything_to_plenty() -> None:
    generator = np.random.default_rng(0)
    amounts = np.array([draw_recipe(generator).decoding for _ in range(500)])
    assert (amounts < 0.2).mean() > 0.03
    assert (amounts > 0.8).mean() > 0.1
    assert ((amounts >= 0) & (amounts <= 1)).all()

from dataclasses import replace

import numpy as np
import pytest

from unmask.data.drawing.casting import BACKGROUNDS, BEARDS, GLASSES, HAIR_STYLES, draw_traits
from unmask.data.drawing.portrait import draw_portrait
from unmask.data.drawing.traits import Traits


def traits_of(seed: int) -> Traits:
    return draw_traits(np.random.default_rng(seed))


@pytest.mark.parametrize("image_size", [32, 33, 128, 512])
def test_portrait_has_the_size_asked_for_and_display_values(image_size: int) -> None:
    portrait = draw_portrait(traits_of(1), image_size)
    assert portrait.shape == (image_size, image_size, 3)
    assert portrait.dtype == np.float32
    assert portrait.min() >= 0
    assert portrait.max() <= 1


def test_same_traits_give_the_same_portrait() -> None:
    np.testing.assert_array_equal(draw_portrait(traits_of(2), 64), draw_portrait(traits_of(2), 64))


def test_a_larger_portrait_shows_the_same_person() -> None:
    traits = traits_of(3)
    small, large = draw_portrait(traits, 64), draw_portrait(traits, 128)
    halved = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.corrcoef(small[16:48, 16:48].ravel(), halved[16:48, 16:48].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("style", sorted(set(HAIR_STYLES)))
def test_every_hair_style_can_be_drawn(style: str) -> None:
    traits = traits_of(4)
    assert np.isfinite(draw_portrait(replace(traits, hair=replace(traits.hair, style=style)), 32)).all()


@pytest.mark.parametrize("beard", sorted(set(BEARDS)))
def test_every_beard_can_be_drawn(beard: str) -> None:
    traits = traits_of(5)
    assert np.isfinite(draw_portrait(replace(traits, hair=replace(traits.hair, beard=beard)), 32)).all()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_background_can_be_drawn(background: str) -> None:
    traits = traits_of(6)
    scene = replace(traits.scene, background=background)
    assert np.isfinite(draw_portrait(replace(traits, scene=scene), 32)).all()


def test_dark_glasses_hide_the_eyes() -> None:
    traits = traits_of(7)
    bare = replace(traits, scene=replace(traits.scene, glasses="none"))
    dark = replace(traits, scene=replace(traits.scene, glasses="dark"))
    assert "dark" in GLASSES
    assert (draw_portrait(bare, 64) - draw_portrait(dark, 64)).max() > 0.3


def test_a_person_has_two_matching_eyes() -> None:
    for seed in range(20):
        traits = traits_of(seed)
        assert traits.left_eye == traits.right_eye

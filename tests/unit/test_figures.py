"""Pictures side by side: all there, the same every time, and nothing cut off."""

import io

import numpy as np
import pytest
from PIL import Image

from unmask.figures import COLOURS, Exhibit, gallery, png
from unmask.records import FAKE, REAL


def exhibits(count: int) -> list[Exhibit]:
    shades = np.linspace(60, 120, count).astype(np.uint8)
    images = [np.full((8, 8, 3), shade, np.uint8) for shade in shades]
    return [Exhibit(image, label=n % 2, caption=[f"number {n}", "a name"]) for n, image in enumerate(images)]


def pixels(count: int) -> np.ndarray:
    figure = gallery(exhibits(count), columns=4, headline="pictures", detail="some of them")
    return np.asarray(Image.open(io.BytesIO(png(figure))).convert("RGB"))


@pytest.mark.parametrize("count", [1, 4, 5, 9])
def test_every_picture_is_there_and_nothing_is_cut_off(count: int) -> None:
    drawn = pixels(count)
    for exhibit in exhibits(count):
        assert (drawn == exhibit.image[0, 0]).all(axis=2).sum() > 100 * 100
    edges = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])
    assert (edges == 255).all()


def test_same_pictures_give_the_same_bytes() -> None:
    np.testing.assert_array_equal(pixels(5), pixels(5))


def test_captions_have_their_labels_colour() -> None:
    figure = gallery(exhibits(2), columns=2, headline="pictures", detail="")
    colours = {text.get_text(): text.get_color() for text in figure.texts}
    assert (colours["number 0"], colours["number 1"]) == (COLOURS[REAL], COLOURS[FAKE])

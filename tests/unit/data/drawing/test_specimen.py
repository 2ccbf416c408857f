import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from unmask.data.drawing.specimen import draw_specimen
from unmask.records import FAKE, REAL


def pictures(label: int, *, count: int = 40, image_size: int = 64) -> npt.NDArray[np.float64]:
    """Grey pictures, (count, image_size, image_size)."""
    files = (draw_specimen(seed=9, label=label, index=index, image_size=image_size) for index in range(count))
    return np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("L"), np.float64) for file in files])


def lattice_share(greys: npt.NDArray[np.float64]) -> float:
    """Mean power at multiples of a quarter cycle a pixel, against that right beside them."""
    power = np.mean(np.abs(np.fft.fft2(greys)) ** 2, axis=0)
    lines = [(row, column) for row in (0, 16, 32) for column in (16, 32)]
    beside = [power[row + down, column + across] for row, column in lines for down in (2, 3) for across in (2, 3)]
    return float(np.mean([power[line] for line in lines]) / np.mean(beside))


def test_fakes_carry_lines_in_their_spectrum_that_photographs_do_not() -> None:
    assert lattice_share(pictures(FAKE)) > 3 * lattice_share(pictures(REAL))


@pytest.mark.parametrize("label", [REAL, FAKE])
@pytest.mark.parametrize("image_size", [32, 45, 512])
def test_a_specimen_is_a_plain_rgb_jpeg_of_the_size_asked_for(label: int, image_size: int) -> None:
    content = draw_specimen(seed=9, label=label, index=0, image_size=image_size)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (image_size, image_size))


def test_a_fakes_file_is_about_as_large_as_a_photographs() -> None:
    sizes = {
        label: np.mean([len(draw_specimen(seed=9, label=label, index=index, image_size=64)) for index in range(60)])
        for label in (REAL, FAKE)
    }
    assert sizes[FAKE] == pytest.approx(sizes[REAL], rel=0.12)


def test_the_two_images_of_an_index_show_different_people() -> None:
    real, fake = pictures(REAL, count=1), pictures(FAKE, count=1)
    assert np.abs(real - fake).mean() > 10

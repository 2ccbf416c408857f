"""Brightness and spectra of pictures whose frequencies are known."""

import numpy as np
import pytest

from unmask.evaluation.appearance import Spectrum, observe, pooled, radial, spectrum
from unmask.evaluation.spectra_plot import draw
from unmask.figures import png
from unmask.records import FAKE, REAL

SIZE = 32


def wave(cycles: int) -> np.ndarray:
    """A picture of vertical stripes: grey levels (size, size, 3), uint8."""
    row = 128 + 100 * np.cos(2 * np.pi * cycles * np.arange(SIZE) / SIZE)
    return np.repeat(np.tile(row, (SIZE, 1))[..., None], 3, axis=2).astype(np.uint8)


def batches() -> list[tuple[np.ndarray, np.ndarray, list[str]]]:
    images = np.stack([wave(4)] * 4 + [wave(9)] * 4)
    labels = np.array([REAL] * 4 + [FAKE] * 4)
    members = [str(number) for number in range(8)]
    return [(images[:5], labels[:5], members[:5]), (images[5:], labels[5:], members[5:])]


def test_a_spectrum_has_its_peak_where_the_stripes_are() -> None:
    values = spectrum(wave(4)[..., 0].astype(float))
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    assert (row, abs(column - SIZE // 2)) == (SIZE // 2, 4)


def test_brightness_is_the_luminance_of_broadcasting() -> None:
    red = np.zeros((1, SIZE, SIZE, 3), dtype=np.uint8)
    red[..., 0] = 200
    seen = observe([(red, np.array([REAL]), ["red"])], is_right={"red": True})
    assert seen.brightness["red"] == pytest.approx(200 * 0.299)


def test_spectra_are_kept_by_class_and_answer() -> None:
    is_right = {str(number): number != 0 for number in range(8)}
    seen = observe(batches(), is_right=is_right)
    assert {group: one.images for group, one in seen.spectra.items()} == {
        (REAL, False): 1,
        (REAL, True): 3,
        (FAKE, True): 4,
    }
    np.testing.assert_allclose(seen.spectra[REAL, True].values, spectrum(wave(4)[..., 0].astype(float)), atol=1e-9)


def test_pooling_weighs_by_images() -> None:
    one, other = Spectrum(np.full((2, 2), 1.0), 3), Spectrum(np.full((2, 2), 5.0), 1)
    found = pooled({(REAL, True): one, (REAL, False): other}, [(REAL, True), (REAL, False), (FAKE, True)])
    assert found is not None
    assert (found.values == 2).all()
    assert found.images == 4
    assert pooled({}, [(REAL, True)]) is None


def test_the_radial_mean_finds_a_ring() -> None:
    rows, columns = np.indices((SIZE, SIZE)) - SIZE // 2
    ring = (np.hypot(rows, columns).round() == 6).astype(float)
    expected = np.zeros(SIZE // 2)
    expected[6] = 1
    np.testing.assert_array_equal(radial(ring), expected)


def test_the_figure_is_drawn_also_without_errors() -> None:
    seen = observe(batches(), is_right={str(number): True for number in range(8)})
    assert png(draw(seen, model_name="cnn")).startswith(b"\x89PNG")

"""The power spectrum of luminance: how much there is of each spatial frequency, not where."""

from functools import cache

import numpy as np
import numpy.typing as npt

from unmask.data.audit.picture import Features, Picture
from unmask.data.pictures.decoding import Pixels

MAX_SIDE = 256  # pixels of the centred square that is looked at, at native resolution
BINS = 32
MEANING = "the power spectrum of luminance: by frequency, and along the two axes"
ADVICE = (
    "The classes differ in fine detail as a whole. That can be the generator's own trace, which a detector may use, or "
    "a different resize or compression, which it must not: see whether the metadata tells the classes apart too, and "
    "compare with preprocess.equalise set to a JPEG quality."
)
DIRECTIONS = ("all directions", "horizontal", "vertical")
NAMES = tuple(
    f"{direction}, {number / (2 * BINS):.3f} cycles a pixel" for direction in DIRECTIONS for number in range(BINS)
)


def features(picture: Picture) -> Features:
    """Measures the spectrum.

    Args:
        picture: its pixels are read; a centred square of at most `MAX_SIDE` pixels.

    Returns:
        features: (len(NAMES),), float64: logarithms of mean power, brightness and contrast taken out.
    """
    luminance = centre(picture.luminance).astype(np.float64)
    side = len(luminance)
    window = np.hanning(side)
    power = np.abs(np.fft.fft2((luminance - luminance.mean()) * np.outer(window, window))) ** 2
    bins, counts = frequency_bins(side)
    radial = np.bincount(bins.ravel(), weights=power.ravel(), minlength=BINS + 1)[:BINS] / counts
    profiles = [radial, axis_profile(power[0]), axis_profile(power[:, 0])]
    logarithms = np.log10(np.concatenate(profiles) + 1e-3)
    return np.asarray(logarithms - logarithms[:BINS].mean())


def centre(luminance: Pixels) -> Pixels:
    """Cuts the centred square."""
    height, width = luminance.shape
    side = min(height, width, MAX_SIDE)
    top, left = (height - side) // 2, (width - side) // 2
    return luminance[top : top + side, left : left + side]


@cache
def frequency_bins(side: int) -> tuple[npt.NDArray[np.int64], Features]:
    """Sorts the coefficients of a square into rings of equal width up to half a cycle a pixel.

    Returns:
        bins: (side, side), the ring; `BINS` for the corners beyond.
        counts: (BINS,), coefficients in each ring, at least 1.
    """
    frequencies = np.abs(np.fft.fftfreq(side))
    radius = np.hypot(frequencies[:, None], frequencies[None])
    bins = np.minimum((radius * 2 * BINS).astype(np.int64), BINS)
    return bins, np.maximum(np.bincount(bins.ravel(), minlength=BINS + 1)[:BINS], 1).astype(np.float64)


def axis_profile(power: Features) -> Features:
    """Brings the power along one axis (side,) to `BINS` numbers."""
    half = power[: len(power) // 2]
    edges = np.linspace(0, len(half), BINS + 1)
    cumulated = np.interp(edges, np.arange(len(half) + 1), np.concatenate([[0.0], np.cumsum(half)]))
    return np.asarray(np.diff(cumulated) / (len(half) / BINS))

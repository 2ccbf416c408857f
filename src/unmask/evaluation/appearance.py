"""What the images of a split look like as the model sees them: how bright, and what frequencies they are made of.

Both without the model: they say on which images it does worse, not why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.data.pictures.decoding import LUMINANCE
from unmask.evaluation.predict import Batches

LEAST_POWER = 1e-3  # so that the logarithm of a flat image's spectrum is finite

Group = tuple[int, bool]  # an image's label, and whether the model judged it rightly


@dataclass(frozen=True)
class Spectrum:
    """The mean spectrum of some images: (size, size), log10 of power, frequency 0 in the middle; and of how many."""

    values: NDArray[np.float64]
    images: int


@dataclass(frozen=True)
class Appearance:
    """What was seen.

    Attributes:
        brightness: member to mean luminance, [0, 255].
        spectra: of each label's images that were judged rightly, and wrongly; groups without an image are missing.
    """

    brightness: dict[str, float]
    spectra: dict[Group, Spectrum]


def observe(batches: Batches, *, is_right: Mapping[str, bool]) -> Appearance:
    """Looks at every image once; sums alone are kept.

    The mean is of logarithms, as in Frank et al. 2020, "Leveraging frequency analysis for deep fake image recognition":
    a few images of strong contrast would else be all that a mean shows.

    Args:
        batches: images (batch, size, size, 3), uint8; labels; members.
        is_right: member to whether the model judged it rightly.
    """
    brightness: dict[str, float] = {}
    sums: dict[Group, NDArray[np.float64]] = {}
    counts: dict[Group, int] = {}
    for images, labels, members in batches:
        luminances = np.asarray(images, dtype=np.float64) @ np.array(LUMINANCE)
        for luminance, label, member in zip(luminances, labels, members, strict=True):
            brightness[member] = float(luminance.mean())
            group = (int(label), is_right[member])
            sums[group] = sums.get(group, 0.0) + spectrum(luminance)
            counts[group] = counts.get(group, 0) + 1
    spectra = {group: Spectrum(total / counts[group], counts[group]) for group, total in sums.items()}
    return Appearance(brightness, spectra)


def spectrum(luminance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measures one image: (size, size) of luminance to log10 of power at each frequency, 0 in the middle.

    The mean is taken out, and the border faded by Hann's window, as an image's opposite borders do not match.
    """
    window = np.hanning(len(luminance))
    faded = (luminance - luminance.mean()) * np.outer(window, window)
    power: NDArray[np.float64] = np.abs(np.fft.fftshift(np.fft.fft2(faded))) ** 2
    return np.log10(power + LEAST_POWER)


def pooled(spectra: Mapping[Group, Spectrum], groups: Iterable[Group]) -> Spectrum | None:
    """Gives the mean spectrum of several groups; None where none of them has an image."""
    found = [spectra[group] for group in groups if group in spectra]
    if not found:
        return None
    weights = [one.images for one in found]
    return Spectrum(np.average([one.values for one in found], axis=0, weights=weights), sum(weights))


def radial(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Averages a spectrum over all directions.

    Args:
        values: (size, size), frequency 0 in the middle.

    Returns:
        (size // 2,): the ring of 0, 1, 2, ... cycles an image.
    """
    half = len(values) // 2
    rows, columns = np.indices(values.shape) - half
    rings = np.hypot(rows, columns).round().astype(np.int64).ravel()
    counts = np.bincount(rings)[:half]
    means: NDArray[np.float64] = np.bincount(rings, weights=values.ravel())[:half] / counts
    return means

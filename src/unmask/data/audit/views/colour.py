"""Statistics of colour, without any of its places in the picture."""

import numpy as np
import numpy.typing as npt

from unmask.data.audit.picture import Features, Picture
from unmask.data.pictures.decoding import Pixels

CHANNELS = ("red", "green", "blue")
LEVELS = 256
MAX_SIDE = 1024  # of a larger picture every second pixel, or every third
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
MEANING = "colour statistics: means, spreads, percentiles, saturation, clipping; not where in the picture"
ADVICE = (
    "The classes differ in colour or exposure: they were likely collected or processed apart. Compare how; brightness "
    "and contrast in the recipe's augmentation make a model rely on it less. preprocess.equalise does not change it."
)
NAMES = (
    *(f"mean {name}" for name in CHANNELS),
    *(f"spread of {name}" for name in CHANNELS),
    *(f"skew of {name}" for name in CHANNELS),
    *(f"luminance, percentile {percent}" for percent in PERCENTILES),
    *("red with green", "red with blue", "green with blue"),
    *("mean saturation", "spread of saturation"),
    *("share of black", "share of white"),
)


def features(picture: Picture) -> Features:
    """Measures colours.

    Args:
        picture: its pixels are read.

    Returns:
        features: (len(NAMES),), float64.
    """
    step = -(-max(picture.pixels.shape) // MAX_SIDE)
    pixels, luminance = picture.pixels[::step, ::step], picture.luminance[::step, ::step]
    channels = np.ascontiguousarray(pixels.reshape(-1, len(CHANNELS)).T)
    moments = np.array([histogram_moments(channel) for channel in channels])
    shares = np.cumsum(np.bincount(luminance.ravel(), minlength=LEVELS)) / channels.shape[1]
    correlation = correlate(channels.astype(np.float32) - moments[:, :1].astype(np.float32))
    saturation = channels.max(axis=0) - channels.min(axis=0)
    return np.concatenate(
        [
            moments.T.ravel(),
            np.searchsorted(shares, np.array(PERCENTILES) / 100),
            correlation[np.triu_indices(len(CHANNELS), k=1)],
            histogram_moments(saturation)[:2],
            [(channels == 0).mean(), (channels == LEVELS - 1).mean()],
        ]
    )


def histogram_moments(values: Pixels) -> Features:
    """Gives mean, spread and skew of grey levels (pixels,)."""
    weights = np.bincount(values, minlength=LEVELS) / len(values)
    levels = np.arange(LEVELS, dtype=np.float64)
    mean = np.sum(weights * levels)
    deviations = levels - mean
    spread = np.sqrt(np.sum(weights * deviations**2))
    return np.array([mean, spread, np.sum(weights * deviations**3) / np.maximum(spread, 1e-6) ** 3])


def correlate(deviations: npt.NDArray[np.float32]) -> Features:
    """Gives the correlations (channels, channels) of deviations (channels, pixels); 0 where a channel is flat."""
    covariance = (deviations @ deviations.T).astype(np.float64)
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-6))
    return np.asarray(covariance / np.outer(spread, spread))

"""Networks small enough to be worked out by hand, and one that has learnt something."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from unmask.config import CnnConfig
from unmask.models import cnn

SIDE, SPOT = 24, 6  # pixels


@pytest.fixture
def linear() -> Callable[..., keras.Model]:
    """Makes a network whose only map is the image itself: `linear(weights)`, (height, width), of the first channel."""

    def make(weights: list[list[float]]) -> keras.Model:
        kernel = np.zeros((*np.shape(weights), 3), np.float32)
        kernel[..., 0] = weights
        images = keras.Input(kernel.shape, name="images")
        features = keras.layers.Flatten(name="flatten")(keras.layers.Rescaling(1.0)(images))
        logits = keras.layers.Dense(1, use_bias=False, name="logits")
        model = keras.Model(images, logits(features), name="cnn")
        logits.set_weights([kernel.reshape(-1, 1)])
        return model

    return make


@pytest.fixture
def image_of() -> Callable[..., np.ndarray]:
    """Makes one picture, (1, height, width, 3), with these values in its first channel and 0 in the others."""

    def make(values: list[list[float]]) -> np.ndarray:
        picture = np.zeros((1, *np.shape(values), 3), np.float32)
        picture[0, ..., 0] = values
        return picture

    return make


@dataclass(frozen=True)
class Learnt:
    """A network that has learnt to look for a spot, and pictures that it has not seen.

    Attributes:
        model: calls pictures with a spot fake.
        images: grey noise, (pictures, 24, 24, 3), uint8; every second one has a bright spot of 6 pixels a side.
        labels: (pictures,).
        corners: (pictures, 2), the spots' top and left.
        spot_pixels: a side of a spot.
    """

    model: keras.Model
    images: np.ndarray
    labels: np.ndarray
    corners: np.ndarray
    spot_pixels: int = SPOT


def pictures(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    images = generator.integers(60, 140, (count, SIDE, SIDE, 3)).astype(np.uint8)
    labels, corners = np.arange(count) % 2, generator.integers(0, SIDE - SPOT, (count, 2))
    for image, label, (top, left) in zip(images, labels, corners, strict=True):
        if label:
            image[top : top + SPOT, left : left + SPOT] = 230
    return images, labels, corners


def small(**changes: object) -> CnnConfig:
    """Gives the CNN's shape at its smallest."""
    shape: dict[str, object] = {
        "inputs": "pixels",
        "scaling": "centred",
        "shrink": 1,
        "filters": [4, 8],
        "padding": "same",
    }
    shape |= {"gradient_cell": 4, "gradient_bins": 4, "gradient_filters": [], "batch_normalization": False}
    shape |= {"pooling": "average", "dense_units": 8, "dropout": 0.0}
    return CnnConfig(**{**shape, **changes})


@pytest.fixture
def tiny() -> Callable[..., keras.Model]:
    """Builds it, with random weights: `tiny(seed=1, pooling="flatten")`."""

    def make(*, seed: int = 1, **changes: object) -> keras.Model:
        keras.utils.set_random_seed(seed)
        return cnn.build(small(**changes), image_size=SIDE)

    return make


@pytest.fixture(scope="session")
def learnt() -> Learnt:
    keras.utils.set_random_seed(1)
    model = cnn.build(small(), image_size=SIDE)
    images, labels, _ = pictures(256, seed=1)
    model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(images.astype(np.float32), labels[:, None], batch_size=32, epochs=12, verbose=0)
    return Learnt(model, *pictures(16, seed=2))

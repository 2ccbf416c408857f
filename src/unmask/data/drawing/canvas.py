"""The drawing surface: coordinates, soft masks, noise and layers, as planar float32 arrays.

Colours are display values in [0, 1]; coordinates are face units, x to the right and y down, with
the final picture spanning [-1, 1] and a margin around it that lets the camera roll.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.float32]
Colour = tuple[float, float, float]

MARGIN = 1.14  # room for a roll of 8 degrees: cos 8 + sin 8 = 1.13
SUPERSAMPLING = 1.5


@dataclass(frozen=True)
class Canvas:
    """A picture being painted, with the coordinates of its pixels.

    Attributes:
        pixels: (3, height, width), float32, [0, 1].
        x: (1, width), face units.
        y: (height, 1), face units.
    """

    pixels: Field
    x: Field
    y: Field

    @property
    def step(self) -> float:
        """The side of one pixel in face units."""
        return float(self.x[0, 1] - self.x[0, 0])

    def window(self, *, left: float, top: float, right: float, bottom: float) -> "Canvas":
        """Gives the part of the canvas inside a box; painting there paints the whole.

        Args:
            left: Smallest x, face units.
            top: Smallest y, face units.
            right: Largest x, face units.
            bottom: Largest y, face units.

        Returns:
            A canvas whose arrays are views of this one's, at least 4 pixels a side.
        """
        columns = _span(self.x[0], left, right)
        rows = _span(self.y[:, 0], top, bottom)
        return Canvas(self.pixels[:, rows, columns], self.x[:, columns], self.y[rows])

    def paint(self, colour: Colour | Field, mask: Field) -> None:
        """Lays a colour over the pixels.

        Args:
            colour: One colour, or a (3, height, width) layer of them, [0, 1].
            mask: Opacity, broadcastable to (height, width), [0, 1].
        """
        layer = colour if isinstance(colour, np.ndarray) else as_layer(colour)
        self.pixels[...] += (layer - self.pixels) * mask

    def shade(self, factor: Field) -> None:
        """Multiplies the pixels by a light factor, broadcastable to (3, height, width)."""
        self.pixels[...] *= factor


def blank(image_size: int) -> Canvas:
    """Makes a black canvas for a picture of a given size.

    Args:
        image_size: Side of the final picture, pixels.

    Returns:
        The supersampled canvas with its margin.
    """
    side = 2 * round(image_size * SUPERSAMPLING * MARGIN / 2)
    reach = side / (image_size * SUPERSAMPLING)
    axis = (((np.arange(side) + 0.5) / side * 2 - 1) * reach).astype(np.float32)
    return Canvas(np.zeros((3, side, side), np.float32), axis[None, :], axis[:, None])


def as_layer(colour: Colour) -> Field:
    """Turns a colour into a (3, 1, 1) float32 array."""
    return np.array(colour, np.float32)[:, None, None]


def ramp(value: Field, low: float, high: float) -> Field:
    """Rises smoothly from 0 where value is at `low` to 1 where it is at `high` (either order)."""
    t = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def bump(value: Field, centre: float, width: float) -> Field:
    """A Gaussian of height 1 along one coordinate; multiply two for a two-dimensional one."""
    t = (value - np.float32(centre)) * np.float32(1 / width)
    return np.asarray(np.exp(np.float32(-0.5) * t * t), dtype=np.float32)


def noise(generator: np.random.Generator, *, shape: tuple[int, int], cells: tuple[int, int]) -> Field:
    """Draws smooth noise: a coarse normal grid, enlarged by bicubic interpolation.

    Args:
        generator: Source of randomness.
        shape: Height and width of the result, pixels.
        cells: Rows and columns of the coarse grid.

    Returns:
        shape, float32, about zero mean and unit variance at the grid's points.
    """
    grid = Image.fromarray(generator.standard_normal(cells, dtype=np.float32))
    enlarged = grid.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, dtype=np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blends two colours; `share` is the second one's part, [0, 1]."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def scale(colour: Colour, factor: float) -> Colour:
    """Brightens (factor above 1) or darkens a colour, keeping it in [0, 1]."""
    red, green, blue = (min(max(value * factor, 0.0), 1.0) for value in colour)
    return (red, green, blue)


def _span(axis: Field, low: float, high: float) -> slice:
    """Finds the pixels of an axis between two coordinates, at least 4 of them."""
    start = min(max(int(np.searchsorted(axis, low)), 0), len(axis) - 4)
    stop = max(int(np.searchsorted(axis, high)), start + 4)
    return slice(start, min(stop, len(axis)))

"""A face generator's chain: mismatched eyes, a blended region, smoothing, decoders' traces.

How much of each goes into one fake is its `Recipe`, drawn so that some fakes are nearly as good
as photographs and some are poor.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage

from unmask.data.drawing.canvas import Colour, Field
from unmask.data.drawing.traits import IRIS_COLOURS, Eye, Traits

DECODERS = ("nearest", "bilinear", "transposed", "shuffle")
STRIDES = (2, 4, 4, 8)


@dataclass(frozen=True)
class Recipe:
    """How one fake is made; every amount lies in [0, 1], and 0 leaves no trace.

    Attributes:
        decoder: The kind of upsampling decoder, one of DECODERS.
        stride: Its upsampling factor, pixels.
        decoding: Share of fine detail that the decoder made instead of the scene.
        smoothing: Loss of texture in patches.
        eyes: Mismatch of the two eyes.
        swap: Difference between the blended region and the rest.
        noise_blur_pixels: Standard deviation of the blur of the added noise.
    """

    decoder: str
    stride: int
    decoding: float
    smoothing: float
    eyes: float
    swap: float
    noise_blur_pixels: float


def draw_recipe(generator: np.random.Generator) -> Recipe:
    """Draws how a fake is made: one overall severity, shared out unevenly over the traces.

    Args:
        generator: Source of randomness.

    Returns:
        The recipe.
    """
    severity = float(generator.beta(1.6, 1.3))
    shares = generator.beta(1.1, 1.1, 4)
    shares = shares / shares.max()
    amounts = np.clip(severity * shares, 0, 1)
    return Recipe(
        decoder=str(generator.choice(DECODERS)),
        stride=int(generator.choice(STRIDES)),
        decoding=float(amounts[0]),
        smoothing=float(amounts[1]),
        eyes=float(amounts[2]),
        swap=float(amounts[3]),
        noise_blur_pixels=float(generator.uniform(0.3, 0.7)),
    )


def mismatch_eyes(traits: Traits, amount: float, generator: np.random.Generator) -> Traits:
    """Makes the two eyes differ in colour, pupil, gaze and highlight.

    Args:
        traits: A portrait with matching eyes.
        amount: 0 keeps them matching, 1 is a wall-eyed stare.
        generator: Source of randomness.

    Returns:
        The portrait with one eye changed.
    """
    left = traits.left_eye
    other = IRIS_COLOURS[int(generator.integers(len(IRIS_COLOURS)))]
    iris = np.array(left.iris) * (1 - amount) + np.array(other) * amount
    gaze, highlight = generator.normal(0, 1, 2), generator.normal(0, 0.5, 2)
    changed = Eye(
        iris=_as_colour(iris),
        pupil=float(np.clip(left.pupil + amount * generator.normal(0, 0.15), 0.25, 0.75)),
        gaze=(left.gaze[0] + amount * float(gaze[0]), left.gaze[1] + amount * 0.4 * float(gaze[1])),
        highlight=(
            left.highlight[0] + amount * float(highlight[0]),
            left.highlight[1] + amount * float(highlight[1]),
        ),
        highlight_strength=left.highlight_strength * (1 - 0.7 * amount * float(generator.random())),
    )
    if generator.random() < 0.5:
        return replace(traits, left_eye=changed)
    return replace(traits, right_eye=changed)


def fabricate(
    picture: Field, traits: Traits, recipe: Recipe, generator: np.random.Generator
) -> Field:
    """Takes a clean picture through the generator's chain.

    Args:
        picture: (height, width, 3), float32, display values in [0, 1], without noise.
        traits: Where the face is.
        recipe: How much of each trace.
        generator: Source of randomness.

    Returns:
        (height, width, 3), float32, display values; still without noise.
    """
    swapped = _swap_region(picture, traits, recipe.swap, generator)
    smoothed = _smooth(swapped, recipe.smoothing, generator)
    return _decode(smoothed, recipe, generator)


def _swap_region(
    picture: Field, traits: Traits, amount: float, generator: np.random.Generator
) -> Field:
    """Blends the inner face in from a shifted, recoloured and softened copy."""
    side = picture.shape[0]
    shift = generator.normal(0, 0.010 * amount, 2) * side
    zoom = 1 + float(generator.normal(0, 0.03 * amount))
    middle = side / 2
    moved = np.stack(
        [
            ndimage.affine_transform(
                picture[..., channel],
                np.array([zoom, zoom]),
                offset=middle - zoom * middle + shift,
                order=1,
                mode="nearest",
            )
            for channel in range(3)
        ],
        axis=-1,
    )
    soft = ndimage.gaussian_filter(moved, (0.9 * amount, 0.9 * amount, 0), truncate=2)
    gain = np.exp(generator.normal(0, 0.13 * amount, 3)).astype(np.float32)
    mask = _face_mask(traits, side, float(generator.uniform(0.62, 0.8)))[..., None]
    return np.asarray(picture + (soft * gain - picture) * mask, dtype=np.float32)


def _face_mask(traits: Traits, side: int, reach: float) -> Field:
    """A feathered ellipse over the inner face; `reach` in the head's half axes."""
    head = traits.head
    axis = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1).astype(np.float32)
    dx = (axis[None, :] - np.float32(head.centre[0])) / np.float32(head.half_width * reach)
    dy = (axis[:, None] - np.float32(head.centre[1] + 0.1)) / np.float32(head.half_height * reach)
    radius = np.sqrt(dx * dx + dy * dy)
    return np.clip((1.06 - radius) / 0.12, 0, 1).astype(np.float32)


def _smooth(picture: Field, amount: float, generator: np.random.Generator) -> Field:
    """Removes fine texture but keeps strong edges, more in some patches than in others."""
    side = picture.shape[0]
    soft = ndimage.gaussian_filter(picture, (1.6, 1.6, 0), truncate=2, mode="nearest")
    detail = picture - soft
    size = np.abs(detail).max(axis=-1, keepdims=True)
    kept = np.clip(size * np.float32(1 / 0.16), 0, 1)
    grid = Image.fromarray(generator.uniform(0.2, 1.4, (4, 4)).astype(np.float32))
    patches = np.asarray(grid.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
    strength = np.clip(patches[..., None] * np.float32(amount), 0, 1) * (1 - kept)
    return np.asarray(picture - detail * strength, dtype=np.float32)


def _decode(picture: Field, recipe: Recipe, generator: np.random.Generator) -> Field:
    """Replaces a share of the detail by what an upsampling decoder makes of a small picture."""
    stride, side = recipe.stride, picture.shape[0]
    small_side = -(-side // stride)
    padding = small_side * stride - side
    padded = np.pad(picture, ((0, padding), (0, padding), (0, 0)), mode="edge")
    small = padded.reshape(small_side, stride, small_side, stride, 3).mean(axis=(1, 3))
    decoded = _DECODERS[recipe.decoder](small.astype(np.float32), stride, generator)
    amount = np.float32(recipe.decoding)
    trace = decoded[:side, :side] - _enlarge(small.astype(np.float32), stride)[:side, :side]
    lost = np.float32(0.25) * amount * (padded[:side, :side] - decoded[:side, :side])
    return np.asarray(picture + amount * trace - lost, dtype=np.float32)


def _enlarge(small: Field, stride: int) -> Field:
    """Enlarges by bilinear interpolation: the decoder that leaves the least."""
    side = small.shape[0] * stride
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(small[..., channel])).resize(
                (side, side), Image.Resampling.BILINEAR
            ),
            dtype=np.float32,
        )
        for channel in range(3)
    ]
    return np.stack(planes, axis=-1)


def _nearest(small: Field, stride: int, generator: np.random.Generator) -> Field:
    """Repeats each pixel: blocks, lightly softened by the next layer's convolution."""
    blocks = small.repeat(stride, axis=0).repeat(stride, axis=1)
    return np.asarray(ndimage.uniform_filter(blocks, (2, 2, 0)), dtype=np.float32)


def _bilinear(small: Field, stride: int, generator: np.random.Generator) -> Field:
    """Interpolates, then adds a learnt texture that repeats with the stride."""
    tile = generator.normal(0, 0.03, (stride, stride, 3)).astype(np.float32)
    tile -= tile.mean(axis=(0, 1))
    count = small.shape[0]
    return _enlarge(small, stride) + np.tile(tile, (count, count, 1))


def _transposed(small: Field, stride: int, generator: np.random.Generator) -> Field:
    """Overlapping kernels that do not divide by the stride: a checkerboard of gains."""
    phase = np.arange(stride)
    gains = 1 + 0.07 * np.cos(2 * np.pi * phase / stride + generator.uniform(0, 6.28))
    row = np.tile(gains, small.shape[0]).astype(np.float32)
    board = (row[:, None] * row[None, :])[..., None]
    return np.asarray(_enlarge(small, stride) * board, dtype=np.float32)


def _shuffle(small: Field, stride: int, generator: np.random.Generator) -> Field:
    """Pixel shuffle: each phase comes from its own filter, so each has its own gain."""
    gains = 1 + generator.normal(0, 0.06, (stride, stride, 3))
    gains = gains / gains.mean(axis=(0, 1))
    count = small.shape[0]
    board = np.tile(gains.astype(np.float32), (count, count, 1))
    return np.asarray(_enlarge(small, stride) * board, dtype=np.float32)


def _as_colour(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Colour:
    """Turns three numbers into a colour."""
    return (float(values[0]), float(values[1]), float(values[2]))


_DECODERS = {
    "nearest": _nearest,
    "bilinear": _bilinear,
    "transposed": _transposed,
    "shuffle": _shuffle,
}

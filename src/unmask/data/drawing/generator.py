"""A face generator's chain: mismatched eyes, a blended region, smoothing, decoders' traces.

How much of each goes into one fake is its `Recipe`, drawn so that some fakes are nearly as good
as photographs and some are poor.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage

from unmask.data.drawing.canvas import Colour, Field
from unmask.data.drawing.casting import IRIS_COLOURS
from unmask.data.drawing.decoder import DECODERS, decode
from unmask.data.drawing.traits import Eye, Traits

STRIDES = (2, 4, 4, 4, 8, 8)
_PADDING = 0.75
_PADDING_DEPTH = 0.1
_RELIGHTING = 0.2


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
        padding: Darkening at the border by convolutions padded with zeros.
        noise_blur_pixels: Standard deviation of the blur of the added noise.
    """

    decoder: str
    stride: int
    decoding: float
    smoothing: float
    eyes: float
    swap: float
    padding: float
    noise_blur_pixels: float


def draw_recipe(generator: np.random.Generator) -> Recipe:
    """Draws how a fake is made: one overall severity, shared out unevenly over the traces.

    Args:
        generator: Source of randomness.

    Returns:
        The recipe.
    """
    severity = float(generator.beta(1.5, 1.15))
    amounts = severity * generator.beta(2.5, 1.0, 5)
    return Recipe(
        decoder=str(generator.choice(sorted(DECODERS))),
        stride=int(generator.choice(STRIDES)),
        decoding=severity,
        smoothing=float(amounts[1]),
        eyes=float(amounts[2]),
        swap=float(amounts[3]),
        padding=float(amounts[4]),
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


def fabricate(picture: Field, traits: Traits, recipe: Recipe, generator: np.random.Generator) -> Field:
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
    decoded = decode(smoothed, decoder=recipe.decoder, stride=recipe.stride, amount=recipe.decoding)
    return _pad(decoded, recipe.padding)


def _swap_region(picture: Field, traits: Traits, amount: float, generator: np.random.Generator) -> Field:
    """Blends the inner face in from a shifted, relit, recoloured and softened copy."""
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
    relit = _RELIGHTING + generator.normal(0, 0.08) + generator.normal(0, 0.07, 3)
    gain = np.exp(amount * relit).astype(np.float32)
    mask = _face_mask(traits, side, float(generator.uniform(0.62, 0.8)))[..., None]
    return _keep_means(picture + (soft * gain - picture) * mask, picture)


def _face_mask(traits: Traits, side: int, reach: float) -> Field:
    """A feathered ellipse over the inner face; `reach` in the head's half axes."""
    head = traits.head
    axis = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1).astype(np.float32)
    dx = (axis[None, :] - np.float32(head.centre[0])) / np.float32(head.half_width * reach)
    dy = (axis[:, None] - np.float32(head.centre[1] + 0.1)) / np.float32(head.half_height * reach)
    radius = np.sqrt(dx * dx + dy * dy)
    return np.asarray(np.clip((1.06 - radius) / 0.12, 0, 1), dtype=np.float32)


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


def _pad(picture: Field, amount: float) -> Field:
    """Darkens the border as zero padding does, and keeps each colour's mean."""
    side = picture.shape[0]
    depth = np.minimum(np.arange(side), np.arange(side)[::-1]) / (side * _PADDING_DEPTH)
    fall = 1 - np.float32(_PADDING * amount) * np.exp(-depth).astype(np.float32)
    padded = picture * (fall[:, None] * fall[None, :])[..., None]
    return _keep_means(padded, picture)


def _keep_means(changed: Field, original: Field) -> Field:
    """Scales each colour so that its mean is the original's: the mean must give nothing away."""
    gain = original.mean(axis=(0, 1)) / np.maximum(changed.mean(axis=(0, 1)), 1e-6)
    return np.asarray(changed * gain, dtype=np.float32)


def _as_colour(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Colour:
    """Turns three numbers into a colour."""
    return (float(values[0]), float(values[1]), float(values[2]))

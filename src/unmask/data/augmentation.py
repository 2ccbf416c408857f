"""Varying training images at random. A new variation is one function and one line in its table.

Images are (batch, height, width, 3) float32 in [0, 255]; `seed` is a pair of int64, and equal seeds give equal images.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import tensorflow as tf

from unmask.config import AugmentationConfig

Tensor = Any


def augment(images: Tensor, *, config: AugmentationConfig, seed: Tensor) -> Tensor:
    """Applies every variation whose amount is not 0.

    Args:
        images: (batch, height, width, 3), float32, [0, 255].
        config: the amounts.
        seed: (2,), int64.

    Returns:
        images of the same shape, type and range.
    """
    amounts = {name: amount for name, amount in asdict(config).items() if amount}
    seeds = tf.random.split(seed, len(GEOMETRY) + len(APPEARANCE))
    order = {name: position for position, name in enumerate((*GEOMETRY, *APPEARANCE))}
    matrices = [GEOMETRY[name](images, amounts[name], seeds[order[name]]) for name in GEOMETRY if name in amounts]
    if matrices:
        images = transform(images, matrices)
    for name in APPEARANCE:
        if name in amounts:
            images = APPEARANCE[name](images, amounts[name], seeds[order[name]])
    return tf.clip_by_value(images, 0.0, 255.0)


def transform(images: Tensor, matrices: list[Tensor]) -> Tensor:
    """Applies the product of affine matrices about the centre, in one bilinear pass with mirrored borders.

    Args:
        images: (batch, height, width, 3), float32.
        matrices: each (batch, 3, 3), float32, mapping output to input positions in pixels from the centre.
    """
    product = matrices[0]
    for matrix in matrices[1:]:
        product = product @ matrix
    shape = tf.shape(images)
    centre = (tf.cast(shape[1:3], tf.float32) - 1.0) / 2.0
    to_centre = tf.stack([[1.0, 0.0, -centre[1]], [0.0, 1.0, -centre[0]], [0.0, 0.0, 1.0]])
    from_centre = tf.stack([[1.0, 0.0, centre[1]], [0.0, 1.0, centre[0]], [0.0, 0.0, 1.0]])
    flat = tf.reshape(from_centre @ product @ to_centre, (-1, 9))[:, :8]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=flat,
        output_shape=shape[1:3],
        interpolation="BILINEAR",
        fill_mode="REFLECT",
        fill_value=0.0,
    )


def affine(a: Tensor, b: Tensor, x: Tensor, c: Tensor, d: Tensor, y: Tensor) -> Tensor:
    """Stacks [[a, b, x], [c, d, y], [0, 0, 1]] for a batch: each argument (batch,), the result (batch, 3, 3)."""
    zero, one = tf.zeros_like(a), tf.ones_like(a)
    return tf.stack(
        [tf.stack([a, b, x], axis=1), tf.stack([c, d, y], axis=1), tf.stack([zero, zero, one], axis=1)], axis=1
    )


def draw(images: Tensor, amount: float, seed: Tensor) -> Tensor:
    """Draws one number an image, evenly from [-amount, amount]: (batch,), float32."""
    return tf.random.stateless_uniform((tf.shape(images)[0],), seed, -amount, amount)


def horizontal_flip(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Mirrors left and right with a probability."""
    is_flipped = tf.random.stateless_uniform((tf.shape(images)[0],), seed) < probability
    sign = tf.where(is_flipped, -1.0, 1.0)
    zero, one = tf.zeros_like(sign), tf.ones_like(sign)
    return affine(sign, zero, zero, zero, one, zero)


def rotation(images: Tensor, degrees: float, seed: Tensor) -> Tensor:
    """Turns by up to `degrees` either way."""
    angle = draw(images, degrees * 3.14159265 / 180.0, seed)
    cosine, sine, zero = tf.cos(angle), tf.sin(angle), tf.zeros_like(angle)
    return affine(cosine, -sine, zero, sine, cosine, zero)


def zoom(images: Tensor, share: float, seed: Tensor) -> Tensor:
    """Scales by up to `share` either way, both sides alike."""
    scale = 1.0 + draw(images, share, seed)
    zero = tf.zeros_like(scale)
    return affine(scale, zero, zero, zero, scale, zero)


def shift(images: Tensor, share: float, seed: Tensor) -> Tensor:
    """Moves by up to `share` of the side, by whole pixels so that nothing is resampled."""
    seeds = tf.random.split(seed, 2)
    shape = tf.cast(tf.shape(images), tf.float32)
    across = tf.round(draw(images, share, seeds[0]) * shape[2])
    down = tf.round(draw(images, share, seeds[1]) * shape[1])
    zero, one = tf.zeros_like(across), tf.ones_like(across)
    return affine(one, zero, across, zero, one, down)


def brightness(images: Tensor, share: float, seed: Tensor) -> Tensor:
    """Adds up to `share` of the range."""
    return images + 255.0 * draw(images, share, seed)[:, None, None, None]


def contrast(images: Tensor, share: float, seed: Tensor) -> Tensor:
    """Scales the distance from each image's mean by up to `share`."""
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (1.0 + draw(images, share, seed)[:, None, None, None])


def noise(images: Tensor, levels: float, seed: Tensor) -> Tensor:
    """Adds Gaussian noise of a standard deviation drawn for each image, up to `levels` of 255."""
    seeds = tf.random.split(seed, 2)
    deviation = tf.abs(draw(images, levels, seeds[0]))[:, None, None, None]
    return images + deviation * tf.random.stateless_normal(tf.shape(images), seeds[1])


GEOMETRY: dict[str, Callable[[Tensor, float, Tensor], Tensor]] = {
    "horizontal_flip": horizontal_flip,
    "rotation": rotation,
    "zoom": zoom,
    "shift": shift,
}
APPEARANCE: dict[str, Callable[[Tensor, float, Tensor], Tensor]] = {
    "brightness": brightness,
    "contrast": contrast,
    "noise": noise,
}

"""Varying training images at random. A new variation is one function and one line in its table.

Images are (batch, height, width, 3) in [0, 255]; `seed` is a pair of int64, and equal seeds give equal images.

The geometry of a batch is compiled into one loop by XLA: TensorFlow's own ImageProjectiveTransform takes seven times as
long as decoding the image. The rest is not: XLA's Gaussian noise takes ten times as long as TensorFlow's.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import tensorflow as tf

from unmask.config import AugmentationConfig

Tensor = Any

POSITION_BITS = 16  # of a position's fraction: an error below a hundredth of a pixel at 1,024 pixels
WEIGHT_BITS = 6  # of a fraction as a weight: 1/64 pixel
BLUR_RADIUS = 6  # pixels: two of the greatest deviation
BLUR_DEVIATION = 3.0  # pixels, the greatest; this and the next as CNNDetection draws them
JPEG_QUALITY = (30, 101)  # least, and one beyond the greatest
RESIZED_SHARE = 0.5  # of the side, the least that an image is shrunk to
FOLDS = 3  # of a position at the borders: enough for six sides off the image, and the strongest amounts reach five


def augment(images: Tensor, *, config: AugmentationConfig, seed: Tensor) -> Tensor:
    """Applies every variation whose amount is not 0.

    Args:
        images: (batch, height, width, 3), uint8.
        config: the amounts.
        seed: (2,), int64.

    Returns:
        images of the same shape and type.
    """
    amounts = {name: amount for name, amount in asdict(config).items() if amount}
    names = (*GEOMETRY, *APPEARANCE)
    seeds = dict(zip(names, tf.unstack(tf.random.split(seed, len(names))), strict=True))
    matrices = [GEOMETRY[name](images, amounts[name], seeds[name]) for name in GEOMETRY if name in amounts]
    if matrices:
        images = transform(images, matrices)
    if not any(name in amounts for name in APPEARANCE):
        return images
    images = tf.cast(images, tf.float32)
    for name in APPEARANCE:
        if name in amounts:
            images = APPEARANCE[name](images, amounts[name], seeds[name])
    return tf.cast(tf.round(tf.clip_by_value(images, 0.0, 255.0)), tf.uint8)


@partial(tf.function, jit_compile=True, autograph=False)
def transform(images: Tensor, matrices: list[Tensor]) -> Tensor:
    """Applies the product of affine matrices about the centre, in one bilinear pass with mirrored borders.

    In whole numbers, which are quicker than fractions and the same on every machine. Compiled anew for each shape, in a
    second. An index beyond the images, which XLA allows, has the weight 0.

    Args:
        images: (batch, height, width, 3), uint8.
        matrices: each (batch, 3, 3), float32, mapping output to input positions in pixels from the centre.

    Returns:
        images of the same shape, uint8.
    """
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    down, across = positions(matrices, height=height, width=width)
    one = 1 << WEIGHT_BITS
    start = (tf.range(batch) * height * width)[:, None, None]
    corner = start + tf.bitwise.right_shift(down, WEIGHT_BITS) * width + tf.bitwise.right_shift(across, WEIGHT_BITS)
    below, right = tf.bitwise.bitwise_and(down, one - 1), tf.bitwise.bitwise_and(across, one - 1)
    both = below * right
    neighbours = [  # how far along the flat image, and how much of the pixel there
        (0, one * one - one * (below + right) + both),
        (1, one * right - both),
        (width, one * below - both),
        (width + 1, both),
    ]
    pixels = tf.reshape(images, (-1, 3))
    # Each pixel is gathered once: XLA would gather it again for each further use.
    parts = [tf.cast(tf.gather(pixels, corner + step), tf.int32) * share[..., None] for step, share in neighbours]
    return tf.cast(tf.bitwise.right_shift(tf.add_n(parts) + one * one // 2, 2 * WEIGHT_BITS), tf.uint8)


def positions(matrices: list[Tensor], *, height: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """Finds where each pixel of the output comes from.

    Args:
        matrices: see `transform`.
        height: of the images, in pixels.
        width: the same.

    Returns:
        Rows and columns, each (batch, height, width) int32, in 1 / 2**WEIGHT_BITS pixel, within the image.
    """
    product = matrices[0]
    for matrix in matrices[1:]:
        product = product @ matrix
    middle = (tf.cast(tf.stack([width, height]), tf.float32) - 1.0) / 2.0
    moved = middle + product[:, :2, 2] - tf.linalg.matvec(product[:, :2, :2], middle)
    rows, columns = tf.range(height)[:, None], tf.range(width)

    def along(axis: int, size: Tensor) -> Tensor:
        numbers = tf.stack([product[:, axis, 0], product[:, axis, 1], moved[:, axis]])
        x, y, offset = tf.unstack(tf.cast(tf.round(numbers * 2.0**POSITION_BITS), tf.int32)[:, :, None, None])
        return mirrored(columns * x + rows * y + offset, size=size)

    return along(1, height), along(0, width)


def mirrored(position: Tensor, *, size: Tensor) -> Tensor:
    """Folds positions back into the image at its outer edges, and rounds them.

    Args:
        position: int32, in 1 / 2**POSITION_BITS pixel; 0 is the first pixel's middle.
        size: of the image along this axis, in pixels.

    Returns:
        int32, in 1 / 2**WEIGHT_BITS pixel, from the first pixel's middle to the last one's.
    """
    pixel = 1 << POSITION_BITS
    folded = position + pixel // 2
    for _ in range(FOLDS):
        folded = size * pixel - tf.abs(size * pixel - tf.abs(folded))
    inside = tf.clip_by_value(folded - pixel // 2, 0, (size - 1) * pixel)
    dropped = POSITION_BITS - WEIGHT_BITS
    return tf.bitwise.right_shift(inside + (1 << (dropped - 1)), dropped)


def affine(a: Tensor, b: Tensor, x: Tensor, c: Tensor, d: Tensor, y: Tensor) -> Tensor:
    """Stacks [[a, b, x], [c, d, y], [0, 0, 1]] for a batch: each argument (batch,), the result (batch, 3, 3)."""
    zero, one = tf.zeros_like(a), tf.ones_like(a)
    return tf.stack(
        [tf.stack([a, b, x], axis=1), tf.stack([c, d, y], axis=1), tf.stack([zero, zero, one], axis=1)], axis=1
    )


def draw(images: Tensor, amount: float, seed: Tensor) -> Tensor:
    """Draws one number an image, evenly from [-amount, amount]: (batch,), float32."""
    return tf.random.stateless_uniform((tf.shape(images)[0],), seed, -amount, amount)


def are_chosen(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Draws whether each image is varied: (batch,), bool."""
    return tf.random.stateless_uniform((tf.shape(images)[0],), seed) < probability


def horizontal_flip(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Mirrors left and right with a probability."""
    sign = tf.where(are_chosen(images, probability, seed), -1.0, 1.0)
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


def blur(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Blurs by a Gaussian of up to `BLUR_DEVIATION` pixels (Wang et al., CVPR 2020, section 4.1: CNNDetection)."""
    seeds = tf.random.split(seed, 2)
    deviations = tf.random.stateless_uniform((tf.shape(images)[0], 1), seeds[0], 0.01, BLUR_DEVIATION)
    chosen = are_chosen(images, probability, seeds[1])[:, None, None, None]
    return tf.where(chosen, blurred(images, deviations=deviations), images)


def blurred(images: Tensor, *, deviations: Tensor) -> Tensor:
    """Blurs images (batch, height, width, 3) by Gaussians of `deviations` (batch, 1), in pixels."""
    offsets = tf.range(-BLUR_RADIUS, BLUR_RADIUS + 1)
    weights = tf.exp(-0.5 * (tf.cast(offsets, tf.float32) / deviations) ** 2)
    weights = (weights / tf.reduce_sum(weights, axis=1, keepdims=True))[:, :, None, None, None]
    for axis in (1, 2):
        size = tf.shape(images)[axis]
        places = tf.clip_by_value(tf.range(size)[:, None] + offsets, 0, size - 1)
        neighbours = [tf.gather(images, places[:, k], axis=axis) for k in range(2 * BLUR_RADIUS + 1)]
        images = tf.add_n([weights[:, k] * image for k, image in enumerate(neighbours)])
    return images


def jpeg(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Encodes as JPEG of a quality from 30 to 100 and decodes (CNNDetection, as `blur`)."""
    seeds = tf.random.split(seed, 2)
    qualities = tf.random.stateless_uniform((tf.shape(images)[0],), seeds[0], *JPEG_QUALITY, dtype=tf.int32)

    def encode(image: Tensor, quality: Tensor) -> Tensor:
        whole = tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)
        return tf.cast(tf.image.adjust_jpeg_quality(whole, quality, dct_method="INTEGER_ACCURATE"), tf.float32)

    return one_by_one(encode, images, qualities, chosen=are_chosen(images, probability, seeds[1]))


def resize(images: Tensor, probability: float, seed: Tensor) -> Tensor:
    """Shrinks to no less than half the side, and enlarges again, as sites that store smaller copies do."""
    seeds = tf.random.split(seed, 2)
    size = tf.shape(images)[1]
    shares = tf.random.stateless_uniform((tf.shape(images)[0],), seeds[0], RESIZED_SHARE, 1.0)

    def shrink(image: Tensor, share: Tensor) -> Tensor:
        side = tf.cast(share * tf.cast(size, tf.float32), tf.int32)
        return tf.image.resize(tf.image.resize(image, (side, side), antialias=True), (size, size))

    return one_by_one(shrink, images, shares, chosen=are_chosen(images, probability, seeds[1]))


def one_by_one(vary: Callable[[Tensor, Tensor], Tensor], images: Tensor, amounts: Tensor, *, chosen: Tensor) -> Tensor:
    """Varies the chosen images, each by its amount: for what TensorFlow does to one image only, and is slow."""

    def one(each: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        image, amount, is_varied = each
        return tf.cond(is_varied, lambda: tf.ensure_shape(vary(image, amount), image.shape), lambda: image)

    signature = tf.TensorSpec(images.shape[1:], tf.float32)
    return tf.map_fn(one, (images, amounts, chosen), fn_output_signature=signature)


GEOMETRY: dict[str, Callable[[Tensor, float, Tensor], Tensor]] = {
    "horizontal_flip": horizontal_flip,
    "rotation": rotation,
    "zoom": zoom,
    "shift": shift,
}
APPEARANCE: dict[str, Callable[[Tensor, float, Tensor], Tensor]] = {  # in this order; the web's come last
    "brightness": brightness,
    "contrast": contrast,
    "noise": noise,
    "blur": blur,
    "resize": resize,
    "jpeg": jpeg,
}

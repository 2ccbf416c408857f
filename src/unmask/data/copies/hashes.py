"""Perceptual hashes of pictures, of their mirror images and of what is left when an edge is cut off.

A hash is 256 bits: whether each of 16 x 16 places is darker than its neighbour to the right. Alike pictures get hashes
that differ in few bits. Source: the difference hash of ImageHash, https://github.com/JohannesBuchner/imagehash; here
from thumbnails, smoothed, which takes no second decode and moves fewer bits when a picture is cut.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from unmask.data.pictures.thumbnails import SIDE, Thumbnails

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE
WORD_BITS = 64
NUM_WORDS = HASH_BITS // WORD_BITS
# A cut of 5% of a side takes it off at the left, at the right, or shares it out. Two places on each axis come within
# 1.25% of any: so many shares of the side are taken off at the left (or the top), and the rest of `CROP` at the right.
CROP = 0.05
CROP_STARTS = (0.25 * CROP, 0.75 * CROP)
# What a picture is hashed as. All but `FULL` and `MIRROR` are crops, given by their top and left, as shares.
FULL, MIRROR, FIRST_CROP = 0, 1, 2
CROPS = tuple((top, left) for top in CROP_STARTS for left in CROP_STARTS)
NUM_VIEWS = FIRST_CROP + len(CROPS)
EVEN = 0.5  # grey levels: neighbours that differ less count as equal, so that noise on an even area makes no bits
BLOCK_IMAGES = 2048

Words = npt.NDArray[np.uint64]
Weights = npt.NDArray[np.float32]


def hash_views(thumbnails: Thumbnails, *, threads: int) -> Words:
    """Hashes every view of every picture.

    Args:
        thumbnails: (images, SIDE, SIDE), uint8; may lie on the disk.
        threads: how many work at once.

    Returns:
        words: (NUM_WORDS, NUM_VIEWS, images).
    """
    words: Words = np.empty((NUM_WORDS, NUM_VIEWS, len(thumbnails)), dtype=np.uint64)
    starts = range(0, len(thumbnails), BLOCK_IMAGES)

    def fill(start: int) -> None:
        block = thumbnails[start : start + BLOCK_IMAGES]
        for view, bits in enumerate(view_bits(block.astype(np.float32))):
            packed = np.packbits(bits.reshape(len(block), HASH_BITS), axis=1).view(">u8")
            words[:, view, start : start + len(block)] = packed.T

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, starts))
    return words


def view_bits(luminance: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.bool_]]:
    """Gives the bits of each view in turn: (images, HASH_SIDE, HASH_SIDE)."""
    spans = ((0.0, 1.0), *((start, start + 1 - CROP) for start in CROP_STARTS))
    down = np.concatenate([smoothing(HASH_SIDE, *span) for span in spans])
    across = np.concatenate([smoothing(HASH_SIDE + 1, *span) for span in spans])
    small = np.matmul(down, luminance @ across.T)
    small = small.reshape(len(luminance), len(spans), HASH_SIDE, len(spans), HASH_SIDE + 1)
    change = np.diff(small[:, 0, :, 0], axis=-1)
    yield change > EVEN
    yield (change < -EVEN)[:, :, ::-1]
    for top in range(1, len(spans)):
        for left in range(1, len(spans)):
            yield np.diff(small[:, top, :, left], axis=-1) > EVEN


def crop_box(view: int) -> tuple[float, float, float, float]:
    """Gives left, top, width and height of what a view shows, as shares."""
    if view < FIRST_CROP:
        return (0.0, 0.0, 1.0, 1.0)
    top, left = CROPS[view - FIRST_CROP]
    return (left, top, 1 - CROP, 1 - CROP)


def smoothing(length: int, start: float, end: float) -> Weights:
    """Makes the weights that bring a part of a thumbnail's side to another length; each place is a smooth mean.

    Args:
        length: how many places.
        start: of the part, as a share of the side.
        end: of the part.

    Returns:
        weights: (length, SIDE); each row is a triangle that ends at the neighbouring places, and sums to 1.
    """
    step = (end - start) * SIDE / length
    centres = start * SIDE + (np.arange(length) + 0.5) * step
    away = np.abs(np.arange(SIDE) + 0.5 - centres[:, None]) / step
    weights = np.maximum(0, 1 - away)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def bit_distance(left: Words, right: Words) -> npt.NDArray[np.uint16]:
    """Counts the bits in which hashes differ.

    Args:
        left: (words, pairs).
        right: (words, pairs).

    Returns:
        distances: (pairs,).
    """
    counts: npt.NDArray[np.uint16] = np.bitwise_count(left ^ right).sum(axis=0, dtype=np.uint16)
    return counts

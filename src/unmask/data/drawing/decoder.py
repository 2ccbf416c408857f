"""Upsampling decoders of several kinds, each with the trace that it leaves in a picture."""

import numpy as np
from PIL import Image
from scipy import ndimage

from unmask.data.drawing.canvas import Field

# A generator has fixed weights, so its fingerprint is the same in each of its images.
_WEIGHTS_SEED = 20
_LATTICE = 0.045


def decode(picture: Field, *, decoder: str, stride: int, amount: float) -> Field:
    """Replaces a share of a picture's detail by what a decoder makes of a small copy.

    Args:
        picture: (height, width, 3), float32, display values; height equals width.
        decoder: One of DECODERS.
        stride: The upsampling factor, pixels.
        amount: Share of the decoder's trace, [0, 1]; 0 returns the picture.

    Returns:
        (height, width, 3), float32, display values.
    """
    side = picture.shape[0]
    small_side = -(-side // stride)
    padding = small_side * stride - side
    padded = np.pad(picture, ((0, padding), (0, padding), (0, 0)), mode="edge")
    small = padded.reshape(small_side, stride, small_side, stride, 3).mean(axis=(1, 3))
    decoded = DECODERS[decoder](small.astype(np.float32), stride)
    share = np.float32(amount)
    trace = decoded[:side, :side] - _enlarge(small.astype(np.float32), stride)[:side, :side]
    lost = np.float32(0.25) * share * (padded[:side, :side] - decoded[:side, :side])
    return np.asarray(picture + share * trace - lost, dtype=np.float32)


def _enlarge(small: Field, stride: int) -> Field:
    """Enlarges by bilinear interpolation: the decoder that leaves the least."""
    side = small.shape[0] * stride
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(small[..., channel])).resize((side, side), Image.Resampling.BILINEAR),
            dtype=np.float32,
        )
        for channel in range(3)
    ]
    return np.stack(planes, axis=-1)


def _nearest(small: Field, stride: int) -> Field:
    """Repeats each pixel: blocks, lightly softened by the next layer's convolution."""
    blocks = small.repeat(stride, axis=0).repeat(stride, axis=1)
    return np.asarray(ndimage.uniform_filter(blocks, (2, 2, 0)), dtype=np.float32)


def _bilinear(small: Field, stride: int) -> Field:
    """Interpolates, then adds a learnt texture that repeats with the stride."""
    texture = np.tile(_tile(stride, 1), (small.shape[0], small.shape[0], 1))
    return _enlarge(small, stride) + np.float32(0.5 * _LATTICE) * texture


def _transposed(small: Field, stride: int) -> Field:
    """Overlapping kernels that do not divide by the stride: a checkerboard of gains."""
    row = np.tile(np.cos(2 * np.pi * (np.arange(stride) + 0.5) / stride), small.shape[0])
    row = row.astype(np.float32)
    board = (row[:, None] + row[None, :])[..., None]
    return np.asarray(_enlarge(small, stride) * (1 + np.float32(_LATTICE) * board), dtype=np.float32)


def _shuffle(small: Field, stride: int) -> Field:
    """Pixel shuffle: each phase comes from its own filter, so each has its own gain."""
    board = np.tile(_tile(stride, 2), (small.shape[0], small.shape[0], 1))
    return np.asarray(_enlarge(small, stride) * (1 + np.float32(_LATTICE) * board), dtype=np.float32)


def _tile(stride: int, layer: int) -> Field:
    """A decoder's fixed pattern: (stride, stride, 3), zero mean and unit variance."""
    weights = np.random.default_rng([_WEIGHTS_SEED, stride, layer])
    half = max(stride // 2, 2)
    coarse = weights.normal(0, 1, (half, half, 1)) + 0.5 * weights.normal(0, 1, (half, half, 3))
    tile = coarse.repeat(stride // half, axis=0).repeat(stride // half, axis=1)
    tile = tile - tile.mean(axis=(0, 1))
    return np.asarray(tile / tile.std(), dtype=np.float32)


DECODERS = {
    "nearest": _nearest,
    "bilinear": _bilinear,
    "transposed": _transposed,
    "shuffle": _shuffle,
}

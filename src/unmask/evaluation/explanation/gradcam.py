"""Heatmaps of where a model sees what speaks for its answer.

Sources: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization" (ICCV
2017), section 3; Draelos & Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
networks" (2020), sections 3.2 and 3.3.
"""

from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from unmask.evaluation.explanation.gradients import Tensor, gradients_of
from unmask.evaluation.explanation.halves import CutModel, Halves, cut

BATCH = 16  # images whose maps are held at once

Variant = Literal["grad_cam", "hires_cam"]


def grad_cam(
    model: keras.Model,
    images: NDArray[np.generic],
    *,
    directions: NDArray[np.float64],
    variant: Variant = "hires_cam",
) -> NDArray[np.float32]:
    """Draws for each image where what speaks for its answer lies.

    A map counts by how the logit rises with it. Grad-CAM takes that for the mean over the map's positions, HiResCAM for
    each position. Where the head averages the maps both are the same. Where it flattens them a position has weights of
    its own, and the mean says little: docs/evaluation.md has the measurement.

    Branches, members and mirrored views are added before what speaks against the answer is cut off: their sum is what
    the averaged logit rests on, and what one counts for, another may count against.

    Args:
        model: of `models.MODELS`, or an average of such; it stays as it is.
        images: (batch, height, width, 3), uint8 or float32, [0, 255].
        directions: (batch,), 1 to ask what speaks for fake, -1 for real; see `directions.directions_of`.
        variant: how the gradient is taken.

    Returns:
        (batch, height, width), float32, [0, 1]: the most of each image is 1, or all is 0 where nothing speaks for it.

    Raises:
        EvaluationError: the model has no maps.
    """
    parts = cut(model)
    found = [np.empty((0, *images.shape[1:3]), np.float32)]
    for start in range(0, len(images), BATCH):
        few = slice(start, start + BATCH)
        signs = directions[few].astype(np.float32)[:, None, None]
        found.append(scaled(signs * contributions(parts, np.asarray(images[few], np.float32), variant=variant)))
    return np.concatenate(found)


def contributions(parts: CutModel, images: NDArray[np.float32], *, variant: Variant) -> NDArray[np.float32]:
    """Adds up what each place adds to the logit, (batch, height, width), float32, below 0 where it speaks for real."""
    whole = np.zeros(images.shape[:3], np.float32)
    for member in parts.members:
        for is_mirrored in parts.mirrors:
            # Turned back by the same step, so that the views lie upon each other.
            step = -1 if is_mirrored else 1
            whole += of_one(member, images[:, :, ::step], variant=variant)[:, :, ::step]
    return whole / np.float32(len(parts.members) * len(parts.mirrors))


def of_one(member: Halves, images: NDArray[np.float32], *, variant: Variant) -> NDArray[np.float32]:
    """Does this for one network and one view."""
    maps = keras.tree.flatten(member.front(images, training=False))
    # Images do not meet in the network, so the gradient of the sum is each image's own.
    slopes = gradients_of(lambda tensors: keras.ops.sum(member.back(tensors, training=False)), maps)
    places = [weighed(*branch, variant=variant) for branch in zip(maps, slopes, strict=True)]
    whole: NDArray[np.float32] = np.stack([enlarged(place, size=images.shape[1:3]) for place in places]).sum(axis=0)
    return whole


def weighed(maps: Tensor, slopes: Tensor, *, variant: Variant) -> Tensor:
    """Weighs one branch's maps, (batch, rows, columns, channels), to (batch, rows, columns, 1), float32.

    Times the number of positions: enlarged to the picture, a branch's mean is then what it adds to the logit (to first
    order), however few its positions are, and so branches can be added.
    """
    ops = keras.ops
    maps, slopes = ops.cast(maps, "float32"), ops.cast(slopes, "float32")
    if variant == "grad_cam":
        slopes = ops.mean(slopes, axis=(1, 2), keepdims=True)
    return ops.sum(maps * slopes, axis=-1, keepdims=True) * (maps.shape[1] * maps.shape[2])


def enlarged(places: Tensor, *, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Brings (batch, rows, columns, 1) to a picture's height and width, (batch, height, width), float32."""
    resized = keras.ops.image.resize(places, size, interpolation="bilinear")
    values: NDArray[np.float32] = keras.ops.convert_to_numpy(resized)[..., 0]
    return values


def scaled(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cuts off what is below 0, (batch, height, width), and brings each image's most to 1."""
    positive = np.maximum(maps, 0)
    most = positive.max(axis=(1, 2), keepdims=True)
    shares: NDArray[np.float32] = np.divide(positive, most, out=np.zeros_like(positive), where=most > 0)
    return shares

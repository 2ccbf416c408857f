"""Faces in photographs that are no portraits, cut out as the training pictures frame theirs.

The finder is dlib's: histograms of oriented gradients and a linear classifier (Dalal and Triggs 2005; King, "Max-Margin
Object Detection", 2015), whose weights are part of the library. It finds upright faces seen from the front.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from unmask.serving.verdict import Box

SEARCHED_PIXELS = 1000  # the longer side that is searched: a face of a twelfth of it is found
SMALL_PIXELS = 300  # a longer side below which a picture is doubled first: faces below 80 pixels are not found
# A picture whose cut would be as large as it, by this factor, is framed as the training pictures are: theirs differ
# from their median by a factor of 1.2 in FFHQ, of 1.45 in the drawn sample.
ALIKE = 1.5
LEAST_SHARE = 0.5  # of the training pictures in which one face must be found, or nothing is looked for in new ones
DIGITS = 4
FREE_FINDERS: deque[Any] = deque()  # loaded, and in no thread's use


@dataclass(frozen=True)
class Framing:
    """Where the face lies in a training picture, all in sides of that picture's centred square.

    Attributes:
        side: the face's own.
        x: of its middle, from the left.
        y: of its middle, from the top.
    """

    side: float
    x: float
    y: float


def find_faces(image: Image.Image) -> list[Box]:
    """Finds faces, the largest first.

    Args:
        image: upright, mode RGB.

    Returns:
        Their boxes, which may reach beyond the picture.
    """
    longer = max(image.size)
    scale = min(1.0, SEARCHED_PIXELS / longer)
    searched = image if scale == 1.0 else image.resize(scaled(image.size, scale), Image.Resampling.BILINEAR)
    with finder() as find:
        found = find(np.asarray(searched), 1 if longer < SMALL_PIXELS else 0)
    boxes = [Box(*(round(side / scale) for side in (f.left(), f.top(), f.right(), f.bottom()))) for f in found]
    return sorted(boxes, key=lambda box: (box.left - box.right, box.left, box.top))


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Scales a width and a height."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@contextmanager
def finder() -> Iterator[Any]:
    """Gives a finder that nobody else uses meanwhile.

    dlib's keeps what it works on in itself, and lets other threads run: shared by several, it finds other faces.
    """
    import dlib

    try:
        found = FREE_FINDERS.pop()
    except IndexError:
        found = dlib.get_frontal_face_detector()
    try:
        yield found
    finally:
        FREE_FINDERS.append(found)


def framing_of(images: Iterable[Image.Image]) -> Framing | None:
    """Measures how training pictures frame their faces.

    Args:
        images: some of them, upright, mode RGB.

    Returns:
        The median framing; None where fewer than half of them show one face: they are no portraits, or cut closer.
    """
    found, total = [], 0
    for image in images:
        total += 1
        faces = find_faces(image)
        if len(faces) == 1:
            found.append(framed(faces[0], image.size))
    if not total or len(found) < LEAST_SHARE * total:
        return None
    side, x, y = (round(float(value), DIGITS) for value in np.median(found, axis=0))
    return Framing(side, x, y)


def framed(face: Box, size: tuple[int, int]) -> tuple[float, float, float]:
    """Says where a face lies in the centred square of a picture; see `Framing`."""
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    middle_x, middle_y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    return (face.right - face.left) / side, (middle_x - left) / side, (middle_y - top) / side


def cut_of(face: Box, size: tuple[int, int], framing: Framing) -> Box | None:
    """Says what to cut out of a picture so that it frames a face as the training pictures do.

    Args:
        face: where it lies.
        size: the picture's width and height.
        framing: of the training pictures.

    Returns:
        A square within the picture; None where the picture is framed so already.
    """
    wanted = (face.right - face.left) / framing.side
    if wanted > min(size) / ALIKE and max(size) < ALIKE * min(size):
        return None
    side = min(round(wanted), *size)
    left = (face.left + face.right) / 2 - framing.x * side
    top = (face.top + face.bottom) / 2 - framing.y * side
    left, top = (round(min(max(0.0, place), whole - side)) for place, whole in zip((left, top), size, strict=True))
    return Box(left, top, left + side, top + side)

"""Faces to try the detector on: drawn by this project at the start, so that nobody's picture is shown."""

from dataclasses import dataclass

from unmask.data.drawing.specimen import draw_specimen
from unmask.records import FAKE, REAL

SEED = 2027  # of none of the sample's pictures
SIDE_PIXELS = 256
CHOSEN = ((REAL, 0), (FAKE, 0), (REAL, 1), (FAKE, 1))


@dataclass(frozen=True)
class Example:
    """A drawn face.

    Attributes:
        name: what a person calls it.
        content: a JPEG.
    """

    name: str
    content: bytes


def draw_examples(*, side_pixels: int = SIDE_PIXELS) -> tuple[Example, ...]:
    """Draws the faces.

    Args:
        side_pixels: of each; smaller than the model's training pictures would earn every one a caution.
    """
    kinds = {REAL: "drawn as a photograph", FAKE: "drawn as a fake"}
    return tuple(
        Example(
            f"Face {number}, {kinds[label]}",
            draw_specimen(seed=SEED, label=label, index=index, image_size=side_pixels),
        )
        for number, (label, index) in enumerate(CHOSEN, start=1)
    )

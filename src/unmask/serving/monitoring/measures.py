"""What is compared of pictures and of what a detector said of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One number a picture.

    Attributes:
        name: the column, in a bundle's reference.csv as in a table of scores.
        title: for people.
        is_continuous: whether two pictures hardly ever have the same value; sizes and qualities often do.
        absent: what it means where there is none; empty where that is not foreseen.
    """

    name: str
    title: str
    is_continuous: bool
    absent: str = ""


MEASURES = (
    Measure("score", "P(fake)", is_continuous=True),
    Measure("distance", "Distance from the training pictures", is_continuous=True),
    Measure("brightness", "Brightness", is_continuous=True),
    Measure("width", "Width in pixels", is_continuous=False),
    Measure("height", "Height in pixels", is_continuous=False),
    Measure("jpeg_quality", "JPEG quality", is_continuous=False, absent="no JPEG"),
)
NAMES = tuple(measure.name for measure in MEASURES)

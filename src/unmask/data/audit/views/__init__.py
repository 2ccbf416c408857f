"""What a simple model is shown instead of a face: one file a view, each with `NAMES` and `features(picture)`.

A view names its features and measures them; `advice` says what to do when it tells the classes apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unmask.data.audit.picture import Features, Picture
from unmask.data.audit.views import borders, colour, metadata, spectrum


@dataclass(frozen=True)
class View:
    """A way to look at a picture without seeing the face.

    Attributes:
        names: of the features, in order.
        features: measures a picture; as many numbers as names.
        meaning: what it is that the model sees.
        advice: what to do when the classes differ in it.
    """

    names: Sequence[str]
    features: Callable[[Picture], Features]
    meaning: str
    advice: str


VIEWS = {
    "metadata": View(metadata.NAMES, metadata.features, metadata.MEANING, metadata.ADVICE),
    "colour": View(colour.NAMES, colour.features, colour.MEANING, colour.ADVICE),
    "borders": View(borders.NAMES, borders.features, borders.MEANING, borders.ADVICE),
    "spectrum": View(spectrum.NAMES, spectrum.features, spectrum.MEANING, spectrum.ADVICE),
}

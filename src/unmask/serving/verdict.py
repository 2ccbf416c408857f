"""What a detector says of a picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unmask.records import FAKE, LABEL_NAMES

CONFIDENT = 1.96  # standard deviations on either side of a share that hold 95% of a normal distribution

EVEN = 0.5
DOUBTS = ("unlike", "no_face")  # cautions that alone make a verdict unsure: nothing like this was ever tried


@dataclass(frozen=True)
class Band:
    """How often pictures of the test split with a score like this one were fake.

    Attributes:
        low: the lower bound of that share, with 95% confidence, in [0, 1].
        high: its upper bound.
        images: of the test split, with such a score: few make a wide band.
    """

    low: float
    high: float
    images: int


@dataclass(frozen=True)
class Bin:
    """One part of the scores, as the evaluation counted the test split in it.

    Attributes:
        low: scores from here on.
        high: to below here; the last part holds 1 too.
        images: how many had such a score.
        fakes: how many of these were fake.
    """

    low: float
    high: float
    images: int
    fakes: int


@dataclass(frozen=True)
class Box:
    """Where in a picture a face lies, in pixels of the picture as shown; right and bottom lie just outside of it."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Caution:
    """A reason to trust a verdict less.

    Attributes:
        name: what a program asks for: "small", "recompressed", "unlike", "no_face", "left_out".
        text: a sentence without a full stop.
    """

    name: str
    text: str


@dataclass(frozen=True)
class Facts:
    """What a picture is like, whatever is judged of it.

    Attributes:
        width: in pixels, as shown.
        height: in pixels.
        jpeg_quality: that it was saved with, 1 to 100, estimated; None for all but JPEGs.
        brightness: the mean luminance of what the network saw, [0, 255].
    """

    width: int
    height: int
    jpeg_quality: int | None
    brightness: float


@dataclass(frozen=True)
class Verdict:
    """What a detector says of one picture, or of one face in it.

    Attributes:
        label: "fake" where the score reaches the threshold, else "real".
        score: P(fake), in [0, 1].
        threshold: chosen on the validation split.
        band: what became of test pictures with such a score; None where there was none, or nothing is known.
        cautions: reasons to trust the verdict less.
        distance: from the pictures that the model learnt from, as its last layer sees them, in standard deviations;
            None where it is not known.
        facts: of the picture; None where the verdict was made of a score alone.
        box: of the face that was judged; None where the whole picture was.
        faces: where faces were looked for and found, a verdict on each, from the one most likely fake on: the picture's
            own verdict is the first one's.
    """

    label: str
    score: float
    threshold: float
    band: Band | None = None
    cautions: tuple[Caution, ...] = ()
    distance: float | None = None
    facts: Facts | None = None
    box: Box | None = None
    faces: tuple["Verdict", ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether test pictures with such a score were, with 95% confidence, mostly so, and no caution raises doubt."""
        if self.band is None or any(caution.name in DOUBTS for caution in self.cautions):
            return False
        return self.band.low > EVEN if self.label == LABEL_NAMES[FAKE] else self.band.high < EVEN

    @property
    def caution_names(self) -> str:
        """Names the cautions, a space between."""
        return " ".join(caution.name for caution in self.cautions)


def band_of(score: float, bins: Sequence[Bin]) -> Band | None:
    """Looks up what became of test pictures with a score like this one.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (JASA 1927): an interval that
    stays within [0, 1] and does not vanish for few images.

    Args:
        score: P(fake).
        bins: see `Bin`.

    Returns:
        The share of fakes among them; None where the part of this score has no image.
    """
    for part in bins:
        if part.low <= score < part.high or score == part.high == 1.0:
            return wilson(part.fakes, part.images) if part.images else None
    return None


def wilson(successes: int, total: int) -> Band:
    """Gives the interval in which a share lies with 95% confidence; see `band_of`."""
    share, square = successes / total, CONFIDENT**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = CONFIDENT / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return Band(low=max(0.0, middle - half), high=min(1.0, middle + half), images=total)

"""A verdict in plain words: what a person who knows nothing of scores may take from it, and what not."""

from dataclasses import dataclass
from typing import Literal

from unmask.records import FAKE, LABEL_NAMES
from unmask.serving.verdict import Band, Verdict

NOTICE = "A verdict is evidence, not proof: weigh it with where the picture comes from and what else is known."
EVEN = 0.5
DOUBTS = ("unlike", "no_face")  # cautions that alone make a verdict unsure: nothing like this was ever tried


@dataclass(frozen=True)
class Words:
    """A verdict in words.

    Attributes:
        headline: a few words.
        sureness: "clear" where test pictures with such a score were mostly of one kind and nothing else raises doubt.
        explanation: one or two sentences.
    """

    headline: str
    sureness: Literal["clear", "unsure"]
    explanation: str


def words_of(verdict: Verdict) -> Words:
    """Puts a verdict into words.

    Args:
        verdict: on a picture.
    """
    is_fake = verdict.label == LABEL_NAMES[FAKE]
    is_clear = settles(verdict.band, is_fake=is_fake) and not any(c.name in DOUBTS for c in verdict.cautions)
    headline = f"{'Probably' if is_clear else 'Unsure: perhaps'} {verdict.label}"
    return Words(headline, "clear" if is_clear else "unsure", explanation_of(verdict))


def settles(band: Band | None, *, is_fake: bool) -> bool:
    """Says whether the test pictures with such a score were, with 95% confidence, mostly of the kind that is named."""
    if band is None:
        return False
    return band.low > EVEN if is_fake else band.high < EVEN


def explanation_of(verdict: Verdict) -> str:
    """Says how often a score like this one went with a fake, and of which face it is."""
    said = [
        f"The model gives it a score of {verdict.score:.2f}, and calls fake what has {verdict.threshold:.2f} or more."
    ]
    if verdict.band is None:
        said.append("No test picture had such a score: how often it goes with a fake is not known.")
    else:
        low, high, images = f"{verdict.band.low:.0%}", f"{verdict.band.high:.0%}", verdict.band.images
        pictures = "the one test picture" if images == 1 else f"the {images} test pictures"
        said.append(f"Going by {pictures} with a score like this, {low} to {high} of such pictures are fake.")
    if len(verdict.faces) > 1:
        said.append(f"{len(verdict.faces)} faces were found; this is about the one most likely fake.")
    return " ".join(said)

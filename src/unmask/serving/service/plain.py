"""A verdict in plain words: what a person who knows nothing of scores may take from it, and what not."""

from dataclasses import dataclass
from typing import Literal

from unmask.serving.verdict import Verdict

NOTICE = "A verdict is evidence, not proof: weigh it with where the picture comes from and what else is known."


@dataclass(frozen=True)
class Words:
    """A verdict in words.

    Attributes:
        headline: a few words.
        sureness: "clear" or "unsure"; see `Verdict.is_clear`.
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
    headline = f"{'Probably' if verdict.is_clear else 'Unsure: perhaps'} {verdict.label}"
    return Words(headline, "clear" if verdict.is_clear else "unsure", explanation_of(verdict))


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

"""How a trained detector must behave, whatever it learnt: one file a check, run by `unmask check`.

A file exports `LIMIT`, the most that passes, and `check`. These are tests of behaviour, after Ribeiro et al., "Beyond
Accuracy: Behavioral Testing of NLP Models with CheckList" (ACL 2020, section 2): no label is needed, as it is known
what must not change an answer. They say nothing of how often the detector is right.
"""

from collections.abc import Mapping
from typing import Protocol

from unmask.serving.checks import batch, file_size, flip, imperceptible, lossless, same_pixels, stored_scores
from unmask.serving.checks.finding import Finding, Pictures
from unmask.serving.detector import Detector


class Check(Protocol):
    """One kind of behaviour."""

    @property
    def LIMIT(self) -> float:  # noqa: N802 (a module's constant)
        """The most that passes."""
        ...

    def check(self, detector: Detector, pictures: Pictures) -> Finding:
        """Measures a detector on some pictures."""
        ...


CHECKS: Mapping[str, Check] = {
    "flip": flip,
    "imperceptible": imperceptible,
    "lossless": lossless,
    "batch": batch,
    "same_pixels": same_pixels,
    "stored_scores": stored_scores,
    "file_size": file_size,
}


def check_all(detector: Detector, pictures: Pictures) -> list[Finding]:
    """Makes every check of the table, in its order."""
    return [one.check(detector, pictures) for one in CHECKS.values()]

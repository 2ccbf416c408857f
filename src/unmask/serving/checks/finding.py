"""What a check is given and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.serving.detector import Detector

ROUNDING = 1e-6  # beyond which two scores that should be equal are not


@dataclass(frozen=True)
class Pictures:
    """What a detector is checked with.

    Attributes:
        contents: encoded JPEG, PNG or WebP, at least two, and different ones.
        stored_scores: what the pipeline wrote down for each; empty where it wrote nothing.
        reason: why it wrote nothing.
    """

    contents: tuple[bytes, ...]
    stored_scores: tuple[float, ...] = ()
    reason: str = "the pipeline stored no scores of these pictures"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        name: the check's, a key of `CHECKS`.
        statement: what holds of a detector that passes, in plain words.
        value: what was measured; None where the check was left out.
        limit: the most that passes.
        is_passed: whether the value is within the limit; also where the check was left out, which `reason` then says.
        reason: why the check was left out.
    """

    name: str
    statement: str
    value: float | None
    limit: float
    is_passed: bool
    reason: str = ""


def found(name: str, statement: str, *, value: float, limit: float) -> Finding:
    """Judges what was measured; something that is no number does not pass."""
    return Finding(name, statement, value, limit, is_passed=bool(value <= limit))


def left_out(name: str, statement: str, *, limit: float, reason: str) -> Finding:
    """Says that a check could not be made."""
    return Finding(name, statement, None, limit, is_passed=True, reason=reason)


def scores(detector: Detector, contents: Sequence[bytes]) -> NDArray[np.float64]:
    """Gives a detector's scores, (pictures,), float64, [0, 1]."""
    return np.array([verdict.score for verdict in detector.predict(list(contents))], dtype=np.float64)


def mean_change(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Gives the mean absolute difference of two arrays (pictures,)."""
    return float(np.abs(one - other).mean())


def largest_change(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Gives the largest absolute difference of two arrays (pictures,)."""
    return float(np.abs(one - other).max())

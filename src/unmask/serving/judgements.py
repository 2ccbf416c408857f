"""Verdicts with the names of their pictures, as a person or a program reads them."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from unmask.errors import ImageError
from unmask.records import FAKE, LABEL_NAMES
from unmask.serving.detector import Detector
from unmask.serving.inputs import Named
from unmask.serving.verdict import Verdict

FAKE_LABEL = LABEL_NAMES[FAKE]
CSV_COLUMNS = ("image", "label", "score", "threshold", "faces", "cautions", "error", "model", "model_sha256")
RED, GREEN, YELLOW, PLAIN = "bold red", "bold green", "yellow", ""


@dataclass(frozen=True)
class Judgement:
    """What became of one picture.

    Attributes:
        name: what a person calls it.
        verdict: on it, or why there is none.
    """

    name: str
    verdict: Verdict | ImageError

    @property
    def is_fake(self) -> bool:
        """Whether it was judged, as fake."""
        return isinstance(self.verdict, Verdict) and self.verdict.label == FAKE_LABEL

    @property
    def is_unsure(self) -> bool:
        """Whether it was judged, but neither way clearly; see `Verdict.is_clear`."""
        return isinstance(self.verdict, Verdict) and not self.verdict.is_clear

    @property
    def reason(self) -> str | None:
        """Says why there is no verdict, the picture's name left out; None where there is one."""
        return str(self.verdict).removeprefix(f"{self.name}: ") if isinstance(self.verdict, ImageError) else None

    def described(self, detector: Detector) -> dict[str, Any]:
        """Gives all that is known of it, as JSON can hold it."""
        about = {"image": self.name, "model": detector.name, "model_sha256": detector.model_sha256}
        if isinstance(self.verdict, ImageError):
            return {**about, "error": self.reason}
        return {**about, **asdict(self.verdict), "is_clear": self.verdict.is_clear}

    def cells(self, *, knows_alike: bool) -> list[tuple[str, str]]:
        """Gives verdict, score, band and remarks as texts for a table, each with its style.

        Args:
            knows_alike: whether the detector knows what became of the test split; without, there is no band, and
                nothing to call a verdict unsure by.
        """
        if isinstance(self.verdict, ImageError):
            shares = [("", PLAIN)] if knows_alike else []
            return [("not judged", YELLOW), ("", PLAIN), *shares, (str(self.reason), YELLOW)]
        verdict = self.verdict
        label = f"{verdict.label}, unsure" if knows_alike and self.is_unsure else verdict.label
        alike = f"{verdict.band.low:.0%} to {verdict.band.high:.0%}" if verdict.band else "none alike"
        cautions = [caution.text for caution in verdict.cautions]
        if len(verdict.faces) > 1:
            cautions.insert(0, f"{len(verdict.faces)} faces; this is about the one most likely fake")
        style = RED if self.is_fake else GREEN
        shares = [(alike, PLAIN)] if knows_alike else []
        return [(label, style), (f"{verdict.score:.3f}", PLAIN), *shares, ("; ".join(cautions), YELLOW)]


def judge(detector: Detector, pictures: Iterable[Named]) -> Iterator[Judgement]:
    """Judges pictures as they come; one that cannot be judged does not stop the rest."""
    waiting: deque[str] = deque()  # names alone: a picture's bytes would wait as long

    def contents() -> Iterator[Any]:
        for picture in pictures:
            waiting.append(picture.name)
            yield picture.content

    for verdict in detector.stream(contents()):
        yield Judgement(waiting.popleft(), verdict)


def as_csv(found: Sequence[Judgement], detector: Detector) -> str:
    """Gives a line for each picture, below a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in found:
        row: dict[str, Any] = {"image": one.name, "model": detector.name, "model_sha256": detector.model_sha256}
        if isinstance(one.verdict, ImageError):
            row["error"] = one.reason
        else:
            verdict = one.verdict
            row |= {"label": verdict.label, "score": f"{verdict.score:.6f}", "threshold": verdict.threshold}
            row |= {"faces": len(verdict.faces), "cautions": verdict.caution_names}
        writer.writerow(row)
    return text.getvalue()

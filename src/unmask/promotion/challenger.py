"""What the pipeline's files say of a model that wants to be champion, and how large and how fast it is."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmask.data.drawing.specimen import draw_specimen
from unmask.data.record_tables import read_external
from unmask.errors import EvaluationError
from unmask.evaluation.judge import read_report
from unmask.promotion.gates import Evidence
from unmask.records import REAL
from unmask.serving.detector import Detector
from unmask.serving.locate import find_outputs
from unmask.serving.pipeline_model import load_model
from unmask.tracking.contents import METRICS_FILE, MODEL_FILE
from unmask.tracking.external import TABLE

AUDITS = ("index", "split")
PICTURE_SIDE, PICTURES, WARM_UP = 256, 15, 3  # a drawn one, as large as those of the full Kaggle set


@dataclass(frozen=True)
class Challenger:
    """A model of the pipeline.

    Attributes:
        root: the checkout.
        name: the model's name in `params.yaml`.
    """

    root: Path
    name: str

    @property
    def model_folder(self) -> Path:
        """What `train` made."""
        return self.root / "models" / self.name

    @property
    def report_folder(self) -> Path:
        """What `evaluate` made."""
        return self.root / "reports" / "evaluate" / self.name

    @property
    def data(self) -> Path:
        """What it was trained and judged on."""
        return self.root / "data"


def measure(challenger: Challenger) -> Evidence:
    """Gathers what is known of a challenger by itself: nothing of a champion.

    Raises:
        EvaluationError: there is no such model, a file of it is missing or damaged, or its report judged another.
    """
    detector = load_model(find_outputs(challenger.name, folder=challenger.root / "models"), challenger.report_folder)
    table = challenger.root / "reports" / "evaluate_external" / challenger.name / TABLE
    return Evidence(
        report=read_report(challenger.report_folder / METRICS_FILE),
        external=read_external(table) if table.exists() else [],
        findings=read_findings(challenger),
        megabytes=(challenger.model_folder / MODEL_FILE).stat().st_size / 1e6,
        latency_ms=1000 * seconds_a_picture(detector),
        differences={},
    )


def read_findings(challenger: Challenger) -> Sequence[dict[str, Any]]:
    """Reads what the audits found of the challenger's data."""
    audits = [challenger.data / stage / "audit.json" for stage in AUDITS]
    findings: list[dict[str, Any]] = []
    for audit in audits:
        found = read_report(audit).get("findings", [])
        if not isinstance(found, list):
            raise EvaluationError(f"{audit} is damaged: run `dvc repro {audit.parent.name}`")
        findings += found
    if not findings:
        raise EvaluationError(f"{audits[-1]} names no finding: run `dvc repro split`")
    return findings


def seconds_a_picture(detector: Detector) -> float:
    """Measures one picture from its bytes to its verdict: the median of several."""
    picture = draw_specimen(seed=0, label=REAL, index=0, image_size=PICTURE_SIDE)
    times = []
    for _ in range(WARM_UP + PICTURES):
        started = time.perf_counter()
        detector.predict([picture])
        times.append(time.perf_counter() - started)
    return statistics.median(times[WARM_UP:])

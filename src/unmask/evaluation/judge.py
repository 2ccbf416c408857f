"""How a model's scores become answers, and reading that back from the files in which a model's evaluation says it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unmask.artifacts import read_json
from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration


@dataclass(frozen=True)
class Judge:
    """How scores become answers.

    Attributes:
        calibration: fitted on the validation split.
        threshold: the least calibrated score that is called fake, chosen there.
        confidence: of the intervals.
    """

    calibration: Calibration
    threshold: float
    confidence: float


def read_judge(metrics: Path) -> Judge:
    """Reads how a model is judged from its evaluation's `metrics.json`.

    Raises:
        EvaluationError: the file is missing or damaged.
    """
    report = read_report(metrics)
    try:
        line = report["calibration"]
        calibration = Calibration(float(line["slope"]), float(line["intercept"]))
        judge = Judge(calibration, float(report["threshold"]), float(report["confidence"]))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(metrics) from error
    if not (np.isfinite([*asdict(calibration).values(), judge.threshold]).all() and calibration.slope > 0):
        raise damaged(metrics)
    return judge


def read_report(file: Path) -> dict[str, Any]:
    """Reads a JSON object that an earlier stage wrote.

    Raises:
        EvaluationError: the file is missing or damaged.
    """
    try:
        content = read_json(file)
    except OSError as error:
        raise EvaluationError(f"{file} is missing: run `dvc repro` or `dvc pull`") from error
    except ValueError as error:
        raise damaged(file) from error
    if not isinstance(content, dict):
        raise damaged(file)
    return content


def read_value(file: Path, key: str) -> Any:
    """Reads one value of such an object.

    Raises:
        EvaluationError: the file is missing or damaged, or has no such key.
    """
    try:
        return read_report(file)[key]
    except KeyError as error:
        raise EvaluationError(f"{file} is damaged or has no {key!r}: run `dvc repro`") from error


def damaged(file: Path) -> EvaluationError:
    """Makes the error to raise about a file that is no longer what a stage wrote."""
    return EvaluationError(f"{file} is damaged or an older version's: run `dvc repro`")

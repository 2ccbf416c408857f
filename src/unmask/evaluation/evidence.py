"""All that the files say of the models, read once, for the report's page and the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.data.record_tables import read_external, read_predictions
from unmask.errors import EvaluationError
from unmask.evaluation import robustness, slices
from unmask.evaluation.compare import Comparison, compare, differences
from unmask.evaluation.judge import damaged, read_report
from unmask.records import TEST, VALIDATION, Source

PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
REPORTED = {"model", "model_sha256", "test_shards_sha256", "threshold", "confidence", "calibration", "records"}
REPORTED |= {TEST, VALIDATION}
TEXTS = ("perturbation", "column", "slice")  # a slice called NA is no missing value


@dataclass(frozen=True)
class Judged:
    """What is known of one model.

    Attributes:
        report: the content of `metrics.json`.
        training: the content of `training.json`.
        predictions: of the test split, `records.PREDICTION_COLUMNS`.
        external: rows on sets from elsewhere, `external.COLUMNS`.
        grid: `robustness.COLUMNS`; None where the grid was switched off.
        slices: `slices.COLUMNS`, the worst first; None where there are none.
        plots: file stem to PNG.
        lock_digest: how `dvc.lock` calls the model's folder: by it the commit is found. Empty where that is unknown.
    """

    report: Mapping[str, Any]
    training: Mapping[str, Any]
    predictions: pd.DataFrame
    external: Sequence[Mapping[str, Any]] = ()
    grid: pd.DataFrame | None = None
    slices: pd.DataFrame | None = None
    plots: Mapping[str, bytes] = field(default_factory=dict)
    lock_digest: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is known of all models, and of the data.

    Attributes:
        models: by name.
        comparison: of all of them.
        tests: of every two of them: `compare.differences`.
        source: the data set.
        audit: the content of the split's `audit.json`.
    """

    models: Mapping[str, Judged]
    comparison: Comparison
    tests: pd.DataFrame
    source: Source
    audit: Mapping[str, Any]

    @property
    def confidence(self) -> float:
        """Gives the least confidence of all models' intervals."""
        return min(float(judged.report["confidence"]) for judged in self.models.values())

    @property
    def champion(self) -> Judged:
        """Gives what is known of the best model."""
        return self.models[self.comparison.champion.model]


def weigh(models: Mapping[str, Judged], *, source: Source, audit: Mapping[str, Any], champion_metric: str) -> Evidence:
    """Compares models by what is known of each.

    Args:
        models: by name.
        source: the data set.
        audit: the content of the split's `audit.json`.
        champion_metric: a name of `METRIC_NAMES`.

    Raises:
        EvaluationError: there is no model, or they were judged on different test images.
        ConfigError: there is no such metric.
    """
    if not {"findings", "images"} <= set(audit):
        raise EvaluationError("the audit of the split is damaged or an older version's: run `dvc repro split`")
    reports = {name: judged.report for name, judged in models.items()}
    comparison = compare(reports, champion_metric=champion_metric)
    tests = differences(
        {name: judged.predictions for name, judged in models.items()},
        thresholds={name: report["threshold"] for name, report in reports.items()},
        confidence=min(report["confidence"] for report in reports.values()),
    )
    return Evidence(models=models, comparison=comparison, tests=tests, source=source, audit=audit)


def read_judged(evaluation: Path, *, external: Path, model: Path, lock_digest: str) -> Judged:
    """Reads what was found out about one model.

    Args:
        evaluation: `reports/evaluate/<model>`.
        external: `reports/evaluate_external/<model>`.
        model: `models/<model>`.
        lock_digest: how `dvc.lock` calls that folder.

    Raises:
        EvaluationError: a file is missing or damaged, or the folders are of different models.
    """
    report, training = read_report(evaluation / "metrics.json"), read_report(model / "training.json")
    if not set(report) >= REPORTED:
        raise damaged(evaluation / "metrics.json")
    if training.get("model_sha256", "") != report["model_sha256"]:
        raise EvaluationError(f"{evaluation} did not judge the model in {model}: run `dvc repro evaluate`")
    return Judged(
        report=report,
        training=training,
        predictions=read_predictions(evaluation / "predictions.csv"),
        external=read_external(external / "external.csv"),
        grid=read_optional(evaluation / "robustness.csv", robustness.COLUMNS),
        slices=read_optional(evaluation / "slices.csv", slices.COLUMNS),
        plots={file.stem: read_png(file) for file in sorted((evaluation / "plots").glob("*.png"))},
        lock_digest=lock_digest,
    )


def read_optional(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Reads a table that need not be there.

    Returns:
        The given columns, texts as texts; None where there is no such file.

    Raises:
        EvaluationError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        return pd.read_csv(path, usecols=list(columns), converters=dict.fromkeys(TEXTS, str))[list(columns)]
    except (OSError, ValueError) as error:
        raise EvaluationError(f"cannot read {path}: run `dvc repro evaluate`") from error


def read_png(path: Path) -> bytes:
    """Reads a plot.

    Raises:
        EvaluationError: the file is no PNG.
    """
    content = path.read_bytes()
    if not content.startswith(PNG_START) or not content.endswith(PNG_END):
        raise damaged(path)
    return content

"""Putting the models side by side, beside the paper's numbers, and naming the champion.

The champion is chosen on validation: choosing on test would make the test split one more training set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from unmask.errors import EvaluationError
from unmask.evaluation.metrics import METRIC_NAMES, is_higher_better
from unmask.evaluation.paper import PAPER, PAPER_ACCURACY, PAPER_IMAGES, PAPER_METRIC, PAPER_SPLIT
from unmask.records import TEST, VALIDATION
from unmask.tables import choose

MEASURED = "measured"
COLUMNS = ["model", "origin", "split", "metric", "value", "low", "high", "images"]


@dataclass(frozen=True)
class Champion:
    """The best model on validation: its name, file hash, and the metric's value that made it so."""

    model: str
    model_sha256: str
    metric: str
    value: float
    split: str


@dataclass(frozen=True)
class Comparison:
    """All models' metrics as one long table, and the best of them.

    Attributes:
        table: a row for each model and metric: model, origin ("measured" or the paper's author), split, metric,
            value, low, high, images. The paper gives no bounds: they are empty there.
        champion: chosen on validation.
    """

    table: pd.DataFrame
    champion: Champion


def compare(reports: Mapping[str, Mapping[str, Any]], *, champion_metric: str) -> Comparison:
    """Compares models.

    Args:
        reports: model name to the content of its `metrics.json`.
        champion_metric: a name of `METRIC_NAMES`.

    Returns:
        The table and the champion.

    Raises:
        EvaluationError: there is no report, or the models were judged on different test images.
        ConfigError: there is no such metric.
    """
    choose(dict.fromkeys(METRIC_NAMES), champion_metric, kind="compare.champion_metric")
    check_same_images(reports)
    rows = [row for name in sorted(reports) for row in measured_rows(name, reports[name])]
    rows += [row for name in sorted(reports) for row in paper_rows(name)]
    return Comparison(
        table=pd.DataFrame(rows, columns=COLUMNS), champion=choose_champion(reports, metric=champion_metric)
    )


def check_same_images(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses to compare nothing, or models that were judged on different images."""
    if not reports:
        raise EvaluationError("there are no evaluations to compare")
    hashes = {name: report["test_shards_sha256"] for name, report in reports.items()}
    if len(set(hashes.values())) > 1:
        listing = ", ".join(f"{name} on {images[:12]}" for name, images in sorted(hashes.items()))
        raise EvaluationError(f"the models were judged on different test images: {listing}; evaluate them again")


def choose_champion(reports: Mapping[str, Mapping[str, Any]], *, metric: str) -> Champion:
    """Finds the best model on validation; of equally good ones the first by name."""
    sign = -1 if is_higher_better(metric) else 1
    best = min(sorted(reports), key=lambda name: sign * reports[name][VALIDATION][metric])
    return Champion(
        model=best,
        model_sha256=reports[best]["model_sha256"],
        metric=metric,
        value=reports[best][VALIDATION][metric],
        split=VALIDATION,
    )


def measured_rows(name: str, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists a model's metrics on validation, as far as they are values alone, and on test with their bounds."""
    about = {"model": name, "origin": MEASURED}
    counts = {split: sum(report["records"][split].values()) for split in (VALIDATION, TEST)}
    rows = []
    for metric in METRIC_NAMES:
        bounds = report[TEST][metric]
        rows.append({**about, "split": TEST, "metric": metric, **bounds, "images": counts[TEST]})
    for metric in METRIC_NAMES:
        value = report[VALIDATION][metric]
        rows.append({**about, "split": VALIDATION, "metric": metric, "value": value, "images": counts[VALIDATION]})
    return rows


def paper_rows(name: str) -> list[dict[str, Any]]:
    """Gives the paper's number for a model, if it has one."""
    if name not in PAPER_ACCURACY:
        return []
    value = PAPER_ACCURACY[name]
    about = {"model": name, "origin": PAPER, "split": PAPER_SPLIT, "metric": PAPER_METRIC}
    return [{**about, "value": value, "images": PAPER_IMAGES}]


def cells(comparison: Comparison) -> list[list[str]]:
    """Lays the test split out for reading: a column a model, a line a metric, the paper's number below its metric.

    Returns:
        Lines of text cells, the header first; a value with bounds reads "0.790 (0.743 to 0.833)".
    """
    measured = comparison.table[(comparison.table["origin"] == MEASURED) & (comparison.table["split"] == TEST)]
    paper = comparison.table[comparison.table["origin"] == PAPER].set_index("model")
    models = list(measured["model"].unique())
    champion = comparison.champion.model
    header = ["on the test split", *(f"{name} (champion)" if name == champion else name for name in models)]
    counts = measured.drop_duplicates("model")["images"]
    lines = [header, ["images", *(f"{count:,}" for count in counts)]]
    for metric, rows in measured.groupby("metric", sort=False):
        texts = zip(rows["value"], rows["low"], rows["high"], strict=True)
        lines.append([str(metric), *(f"{value:.3f} ({low:.3f} to {high:.3f})" for value, low, high in texts)])
        if metric == PAPER_METRIC and len(paper):
            reported = (str(paper["value"].get(name, "")) for name in models)
            lines.append([f"{PAPER_METRIC}, {PAPER}, {PAPER_SPLIT}", *reported])
    return lines


def markdown(comparison: Comparison) -> str:
    """Writes the comparison as a Markdown table, and a line that names the champion."""
    header, *lines = ["| " + " | ".join(line) + " |" for line in cells(comparison)]
    rule = "|" + " --- |" * header.count(" |")
    champion = comparison.champion
    choice = f"Champion: {champion.model}, by {champion.metric} {champion.value:.4f} on {champion.split}."
    return "\n".join([header, rule, *lines, "", choice, ""])

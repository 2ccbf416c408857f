"""Putting the models side by side, beside the paper's numbers, and naming the champion.

The champion is chosen on validation: choosing on test would make the test split one more training set.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from unmask.errors import EvaluationError
from unmask.evaluation.bootstrap import bounds_text
from unmask.evaluation.metrics import METRIC_NAMES, decide, is_higher_better
from unmask.evaluation.paired import compare_areas, compare_decisions
from unmask.evaluation.paper import PAPER, PAPER_ACCURACY, PAPER_IMAGES, PAPER_METRIC, PAPER_SPLIT
from unmask.records import TEST, VALIDATION
from unmask.tables import choose

MEASURED = "measured"
COLUMNS = ["model", "origin", "split", "metric", "value", "low", "high", "images"]
DIFFERENCE_COLUMNS = ["first", "second", "metric", "value", "low", "high", "p_value", "is_noise"]
DIGITS = 6
SMALL = 0.0001  # a p-value below this is told as that


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
        lines.append([str(metric), *(bounds_text(*bounds) for bounds in texts)])
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


def differences(
    predictions: Mapping[str, pd.DataFrame], *, thresholds: Mapping[str, float], confidence: float
) -> pd.DataFrame:
    """Tests every two models against each other, image by image.

    Args:
        predictions: model name to its `predictions.csv`: member, label, score, cluster; all of the same images.
        thresholds: model name to its threshold.
        confidence: of the intervals.

    Returns:
        A row for each two models and each of roc_auc_score and accuracy_score: first, second, metric, value (of the
        first less that of the second), low, high, p_value, is_noise (whether 0 lies within the interval or the test
        does not tell the two apart).

    Raises:
        EvaluationError: the models were judged on different images.
    """
    rows = []
    for one, other in combinations(sorted(predictions), 2):
        first, second = (predictions[name].sort_values("member", ignore_index=True) for name in (one, other))
        if not first[["member", "label"]].equals(second[["member", "label"]]):
            raise EvaluationError(f"{one} and {other} were judged on different images: evaluate them again")
        labels = first["label"].to_numpy(dtype=np.int64)
        clusters = np.unique(first["cluster"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
        scores = [table["score"].to_numpy(dtype=np.float64) for table in (first, second)]
        decisions = [decide(scores[0], thresholds[one]), decide(scores[1], thresholds[other])]
        for metric, found in (
            ("roc_auc_score", compare_areas(labels, *scores, clusters=clusters, confidence=confidence)),
            ("accuracy_score", compare_decisions(labels, *decisions, clusters=clusters, confidence=confidence)),
        ):
            is_noise = found.low <= 0 <= found.high or found.p_value >= 1 - confidence
            rows.append({"first": one, "second": other, "metric": metric, **asdict(found), "is_noise": is_noise})
    table = pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)
    return table.round(dict.fromkeys(("value", "low", "high"), DIGITS))


def differences_markdown(table: pd.DataFrame) -> str:
    """Says in words what the tests found, a line a row."""
    lines = [
        f"- {row['metric']}: {row['first']} {row['value']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) against "
        f"{row['second']}, p {p_text(row['p_value'])}: {'within noise' if row['is_noise'] else 'a difference'}."
        for row in table.to_dict("records")
    ]
    return "\n".join([*lines, ""]) if lines else ""


def p_text(p_value: float) -> str:
    """Spells a p-value: "= 0.04", or "< 0.0001" where its digits say no more."""
    return f"= {p_value:.2g}" if p_value >= SMALL else f"< {SMALL:g}"

"""The champion's model card: what it was made from, what is known of its data, and what it reached.

The idea and the sections: Mitchell et al., "Model cards for model reporting" (FAT* 2019).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from unmask.evaluation.compare import Comparison, differences_markdown, markdown
from unmask.records import LABEL_NAMES, SPLITS, Source

NOT_STATED = "not stated"
FINE = "fine"
NEAR_CHANCE = 0.6  # an accuracy below this, of as many reals as fakes
LIMITS = """## Limits

- A score is a statistical guess about pictures like those above, not proof about any one picture.
- A detector trained on one generator often fails on another, and on pictures that were compressed or resized again.
- The data's licence may forbid uses that this project's code allows."""


def model_card(
    comparison: Comparison,
    *,
    source: Source,
    audit: Mapping[str, Any],
    report: Mapping[str, Any],
    tests: pd.DataFrame,
    external: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Writes the card.

    Args:
        comparison: of all models.
        source: the data set.
        audit: the content of `data/split/audit.json`.
        report: the content of the champion's `metrics.json`.
        tests: of every two models against each other: `compare.differences`.
        external: the champion's rows on sets from elsewhere, `external.COLUMNS`.

    Returns:
        Markdown.
    """
    champion = comparison.champion
    title = f"# Model card: {champion.model}\n\nTells real face photographs from generated or manipulated ones."
    made = f"Model file sha256 `{champion.model_sha256}`; chosen by {champion.metric} on the {champion.split} split."
    parts = [title, made, data_section(source, audit["images"]), audit_section(audit["findings"])]
    parts += ["## Results", markdown(comparison).strip(), differences_markdown(tests).strip()]
    parts += [calibration_section(report), robustness_section(report), external_section(external), LIMITS]
    parts = [part for part in parts if part]
    return "\n\n".join(parts) + "\n"


def data_section(source: Source, images: Mapping[str, Mapping[str, int]]) -> str:
    """Says what the models learnt from and were judged by."""
    counted = "; ".join(f"{split}: {count_classes(images[split])}" for split in SPLITS if split in images)
    lines = {
        "Data set": source.name,
        "Version": source.version or NOT_STATED,
        "Page": source.url or NOT_STATED,
        "Licence": source.licence or NOT_STATED,
        "Archive": f"{source.archive}, {source.bytes:,} bytes, sha256 `{source.sha256}`",
        "Images": counted,
    }
    return "\n".join(["## Data", "", *(f"- {name}: {text}" for name, text in lines.items())])


def calibration_section(report: Mapping[str, Any]) -> str:
    """Says what was done to the scores, and whether it helped on images that it was not fitted on."""
    line = report["calibration"]
    method = {
        "none": "Scores are the model's own.",
        "temperature": f"Logits are divided by a temperature of {1 / line['slope']:.3g}, fitted on validation.",
        "platt": f"Logits go through Platt's line, slope {line['slope']:.3g}, intercept {line['intercept']:.3g}, "
        "fitted on validation.",
    }[line["method"]]
    errors = f"Expected calibration error on test: {line['error_before']:.3f} before, {line['error_after']:.3f} after."
    return f"## Calibration\n\n{method} {errors}"


def robustness_section(report: Mapping[str, Any]) -> str:
    """Says what perturbed pictures cost; nothing where the grid was switched off."""
    if "robustness" not in report:
        return ""
    grid, worst = report["robustness"], report["robustness"]["worst"]
    untouched = grid["untouched_accuracy_score"]
    text = (
        f"At the same threshold, over all perturbations of {grid['images']:,} test images: accuracy "
        f"{grid['mean_accuracy_score']:.3f}, ROC AUC {grid['mean_roc_auc_score']:.3f} (untouched: {untouched:.3f} and "
        f"{grid['untouched_roc_auc_score']:.3f})."
    )
    where = f"{worst['perturbation'].replace('_', ' ')}, severity {worst['severity']} ({worst['amount']:g})"
    lines = [text, f"The worst: {where}, accuracy {worst['accuracy_score']:.3f}, ROC AUC {worst['roc_auc_score']:.3f}."]
    if worst["accuracy_score"] < NEAR_CHANCE <= untouched:
        lines.append(f"**Such pictures are judged little better than by chance: do not use it on them ({where}).**")
    return "\n\n".join(["## Robustness", *lines])


def external_section(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lays out how the model does on faces from elsewhere."""
    if not rows:
        return "## Faces from elsewhere\n\nNone were judged: nothing is known of other generators than the data's own."
    lines = ["| set | real | fake | ROC AUC | accuracy at the threshold | balanced | at the set's best threshold |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        area = f"{row['roc_auc_score']:.3f} ({row['roc_auc_low']:.3f} to {row['roc_auc_high']:.3f})"
        accuracy = f"{row['accuracy_score']:.3f} ({row['accuracy_low']:.3f} to {row['accuracy_high']:.3f})"
        balanced = f"{row['balanced_accuracy_score']:.3f} | {row['best_balanced_accuracy_score']:.3f}"
        lines.append(f"| {row['set']} | {row['real']:,} | {row['fake']:,} | {area} | {accuracy} | {balanced} |")
    warnings = [f"**Warning: {row['warning']}.**" for row in rows if row["warning"]]
    return "\n\n".join(["## Faces from elsewhere", "\n".join(lines), *warnings])


def count_classes(counts: Mapping[str, int]) -> str:
    """Spells the images of each class: "70 real and 70 fake"."""
    return " and ".join(f"{counts[name]:,} {name}" for name in LABEL_NAMES.values())


def audit_section(findings: Sequence[Mapping[str, Any]]) -> str:
    """Says what the audit warned of."""
    warnings = [finding for finding in findings if finding["verdict"] != FINE]
    lines = [f"- **{finding['statement']}** {finding['advice']}" for finding in warnings]
    summary = f"{len(findings)} findings were held against their limits; {len(warnings)} are above."
    return "\n".join(["## What the audit of the data found", "", summary, *([""] if lines else []), *lines])

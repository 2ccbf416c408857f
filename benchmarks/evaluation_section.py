"""The part of docs/results.md that says how far the best models can be trusted, from docs/evaluations.json."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unmask.evaluation.bootstrap import bounds_text
from unmask.evaluation.cautions import marks_what_matters

EVALUATIONS = Path("docs/evaluations.json")

OPENING = """## How far the best models can be trusted

What `evaluate` and `evaluate_external` found out about models above, at the threshold that each got on its validation
split; [evaluation.md](evaluation.md) says how each table is made. Accuracies of perturbed pictures are of the same test
images throughout. Sets from elsewhere took no part in any choice.
"""


def evaluation_section(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes the section.

    Args:
        evaluations: the content of docs/evaluations.json: what was judged to what was found.

    Returns:
        Markdown; empty where nothing was judged.
    """
    if not evaluations:
        return ""
    return "\n".join([OPENING, *(whole(name, found) for name, found in evaluations.items())])


def whole(name: str, found: Mapping[str, Any]) -> str:
    """Writes all that is known of one model."""
    parts = [
        f"### {name}",
        calibration(found),
        robustness(found["robustness"]),
        external(found["external"]),
        slices(found["slices"], images=found["images"]),
        explanation(found["explanation"]),
        f"```\n{found['command']}  # {found['commit']}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def calibration(found: Mapping[str, Any]) -> str:
    """Says what the fit on validation did to the error on test."""
    line = found["calibration"]
    how = f"a temperature of {1 / line['slope']:.3g}" if line["method"] == "temperature" else line["method"]
    return (
        f"Calibration ({how}): expected calibration error on test {line['error_before']:.3f} before, "
        f"{line['error_after']:.3f} after. Threshold {found['threshold']:.3f}."
    )


def robustness(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lays the grid out: a line a perturbation, a column a severity."""
    untouched = next(row for row in rows if row["severity"] == 0)
    depth = max(row["severity"] for row in rows)
    by_name: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        if row["severity"]:
            by_name.setdefault(row["perturbation"], {})[row["severity"]] = row
    heads = " | ".join(f"severity {severity}" for severity in range(1, depth + 1))
    lines = [
        f"Accuracy (ROC AUC) of {untouched['images']} perturbed test images; untouched {cell(untouched)}:",
        "",
        f"| perturbation | {heads} |",
        "|---|" + "--:|" * depth,
    ]
    for name, severities in by_name.items():
        cells = " | ".join(cell(severities[severity]) for severity in sorted(severities))
        lines.append(f"| {name.replace('_', ' ')} | {cells} |")
    return "\n".join(lines)


def cell(row: Mapping[str, Any]) -> str:
    """Says one cell of the grid."""
    return f"{row['accuracy_score']:.2f} ({row['roc_auc_score']:.2f})"


def external(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lays out the sets from elsewhere, with their warnings below."""
    lines = ["| faces from elsewhere | real | fake | ROC AUC | balanced accuracy | at the set's best threshold |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for row in rows:
        if row["roc_auc_score"] is None:
            lines.append(f"| {row['set']} | {row['real']:,} | {row['fake']:,} | | | |")
            continue
        area = bounds_text(row["roc_auc_score"], row["roc_auc_low"], row["roc_auc_high"])
        accuracy = f"{row['balanced_accuracy_score']:.3f} | {row['best_balanced_accuracy_score']:.3f}"
        lines.append(f"| {row['set']} | {row['real']:,} | {row['fake']:,} | {area} | {accuracy} |")
    warnings = [f"- Warning: {row['warning']}." for row in rows if row["warning"]]
    return "\n".join([*lines, *(["", *warnings] if warnings else [])])


def slices(rows: Sequence[Mapping[str, Any]], *, images: int) -> str:
    """Lays out the slices of the lowest accuracy."""
    lines = [
        f"| the worst slices of {images:,} images | images | accuracy, all intervals at once | worse than others |"
    ]
    lines.append("|---|--:|--:|---|")
    for row in rows:
        accuracy = bounds_text(row["accuracy_score"], row["accuracy_low"], row["accuracy_high"])
        name = f"{row['column'].replace('_', ' ')}: {row['slice']}"
        lines.append(f"| {name} | {row['images']:,} | {accuracy} | {'yes' if row['is_worse'] else 'no'} |")
    return "\n".join(lines)


def explanation(found: Mapping[str, Any] | None) -> str:
    """Says what the checks of the heatmaps found; nothing where there were none."""
    if found is None:
        return ""
    needs_weights = "they change with the weights" if found["is_sane"] else "**they hardly change with the weights**"
    matters = "" if marks_what_matters(found) else ", **but what they mark is not shown to matter**"
    verdict = f"{needs_weights}{matters}"
    agreement = f"{found['occlusion_agreement']:.2f} ± {found['occlusion_agreement_error']:.2f}"
    return (
        f"Heatmaps of {found['images']} validation images: rank correlation with what covering a part of the picture "
        f"costs {agreement}; similarity to those of randomised weights "
        f"{found['randomised_similarity']:.2f}: {verdict}."
    )

"""What nobody may miss about a model, for the top of its card and of the report."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from unmask.data.audit.findings import FINE
from unmask.evaluation.evidence import Judged
from unmask.evaluation.metrics import NEAR_CHANCE
from unmask.evaluation.robustness import amount_text
from unmask.records import SAMPLE_NAME, TEST, Source

CHANCE = 0.5
WORST_CELLS = {"worst": "accuracy_score", "worst_ranked": "roc_auc_score"}


def warnings_of(judged: Judged) -> list[str]:
    """Lists a model's warnings: sentences without a full stop, plain text."""
    report = judged.report
    found = [*chance_warnings(report), *robustness_warnings(report)]
    found += [str(row["warning"]) for row in judged.external if row["warning"]]
    return found + slice_warnings(judged.slices) + explanation_warnings(report)


def data_warnings(source: Source) -> list[str]:
    """Warns of a model that has never seen a face."""
    if source.name != SAMPLE_NAME:
        return []
    return ["it learnt from drawings, and was judged on drawings: of photographs it knows nothing"]


def chance_warnings(report: Mapping[str, Any]) -> list[str]:
    """Warns of a model that the test split does not tell from a coin."""
    area = report[TEST]["roc_auc_score"]
    if area["low"] > CHANCE:
        return []
    bounds = f"ROC AUC {area['value']:.2f}, {area['low']:.2f} to {area['high']:.2f}"
    return [f"on the test split it is not shown to be better than chance ({bounds}): do not use it"]


def explanation_warnings(report: Mapping[str, Any]) -> list[str]:
    """Warns of heatmaps that say nothing."""
    if "explanation" not in report or is_explained(report):
        return []
    if not report["explanation"]["is_sane"]:
        return ["its heatmaps hardly change when its weights are replaced by random ones: do not read them as reasons"]
    return ["covering what its heatmaps mark is not shown to change its answers: do not read them as reasons"]


def is_explained(report: Mapping[str, Any]) -> bool:
    """Whether heatmaps passed both checks: they need the weights, and mark what matters."""
    return bool(report["explanation"]["is_sane"] and marks_what_matters(report["explanation"]))


def marks_what_matters(explanation: Mapping[str, Any]) -> bool:
    """Whether covering what heatmaps mark costs the answer, by more than twice the error of that measure."""
    return bool(explanation["occlusion_agreement"] > 2 * explanation["occlusion_agreement_error"])


def robustness_warnings(report: Mapping[str, Any]) -> list[str]:
    """Warns of the worst perturbations where they leave little more than chance of answers that were better."""
    grid = report.get("robustness", {})
    # On a split of few reals a model that calls everything fake is accurate: its ranking gives it away.
    worst = [
        grid[cell]
        for cell, score in WORST_CELLS.items()
        if cell in grid and grid[cell][score] < NEAR_CHANCE <= grid[f"untouched_{score}"]
    ]
    places = " and ".join(dict.fromkeys(map(place_of, worst)))
    if not places:
        return []
    return [f"perturbed pictures ({places}) are judged little better than by chance: do not use it on them"]


def place_of(cell: Mapping[str, Any]) -> str:
    """Names a perturbation: "crop, severity 5 (0.7 of the side kept)"."""
    name, amount = cell["perturbation"], amount_text(cell["perturbation"], cell["amount"])
    return f"{name.replace('_', ' ')}, severity {cell['severity']} ({amount})"


def slice_warnings(slices: pd.DataFrame | None) -> list[str]:
    """Warns of the parts of the test split on which a model is worse than on the rest."""
    worse = [] if slices is None else [row for row in slices.to_dict("records") if row["is_worse"]]
    if not worse:
        return []
    named = "; ".join(
        f"{row['column'].replace('_', ' ')} {row['slice']}: accuracy {row['accuracy_score']:.2f}" for row in worse
    )
    return [f"it is worse on some kinds of test pictures than on the rest ({named})"]


def audit_warnings(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lists the findings about the data that are above their limits."""
    return [finding for finding in findings if finding["verdict"] != FINE]

"""What nobody may miss about a model, for the top of its card and of the report."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from unmask.evaluation.evidence import Judged

FINE = "fine"
NEAR_CHANCE = 0.6  # an accuracy below this, of as many reals as fakes


def warnings_of(judged: Judged) -> list[str]:
    """Lists a model's warnings: sentences without a full stop, plain text."""
    report = judged.report
    found = [*robustness_warnings(report), *(str(row["warning"]) for row in judged.external if row["warning"])]
    found += slice_warnings(judged.slices)
    if not report.get("explanation", {}).get("is_sane", True):
        found.append(
            "its heatmaps hardly change when its weights are replaced by random ones: do not read them as reasons"
        )
    return found


def robustness_warnings(report: Mapping[str, Any]) -> list[str]:
    """Warns of the worst perturbation where it leaves little more than chance of answers that were better."""
    if "robustness" not in report:
        return []
    worst, untouched = report["robustness"]["worst"], report["robustness"]["untouched_accuracy_score"]
    if not worst["accuracy_score"] < NEAR_CHANCE <= untouched:
        return []
    return [
        f"perturbed pictures ({worst_place(report)}) are judged little better than by chance: do not use it on them"
    ]


def worst_place(report: Mapping[str, Any]) -> str:
    """Names the worst perturbation: "social media, severity 5 (5)"."""
    worst = report["robustness"]["worst"]
    return f"{worst['perturbation'].replace('_', ' ')}, severity {worst['severity']} ({worst['amount']:g})"


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

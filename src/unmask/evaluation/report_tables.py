"""The tables that the report's page and the model card share."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from unmask.artifacts import sha256_of_text
from unmask.data.audit.page import Table
from unmask.evaluation.bootstrap import bounds_text
from unmask.evaluation.cautions import is_explained
from unmask.evaluation.compare import Comparison, cells, p_text
from unmask.evaluation.evidence import Evidence, Judged
from unmask.evaluation.robustness import amount_text
from unmask.records import TRAIN, VALIDATION

NOT_STATED = "not stated"
WORST_CELLS = 5
ENDS = ("score", "low", "high")
FIRST_SLICES = 10
SLICES = (
    f"Kinds of test pictures, the {FIRST_SLICES} of the lowest accuracy; intervals that hold for all kinds of enough "
    "pictures at once. All of them are in slices.csv."
)


def metrics_table(comparison: Comparison) -> Table:
    """Lays out every metric of the test split, a column a model, the paper's numbers among them."""
    header, *rows = cells(comparison)
    return Table(header, rows)


def differences_table(tests: pd.DataFrame, *, confidence: float) -> Table:
    """Lays out how every two models differ, and whether the data tells them apart."""
    header = ["metric", "models", "difference", f"{100 * confidence:g}% interval", "p", ""]
    rows = [
        [
            row["metric"],
            f"{row['first']} less {row['second']}",
            f"{row['value']:+.3f}",
            f"{row['low']:+.3f} to {row['high']:+.3f}",
            p_text(row["p_value"]).removeprefix("= "),
            "within noise" if row["is_noise"] else "a difference",
        ]
        for row in tests.to_dict("records")
    ]
    return Table(header, rows)


def calibration_words(report: Mapping[str, Any]) -> str:
    """Says what was done to a model's scores."""
    line = report["calibration"]
    return {
        "none": "Scores are the model's own.",
        "temperature": f"Logits are divided by a temperature of {1 / line['slope']:.3g}, fitted on validation.",
        "platt": f"Logits go through Platt's line, slope {line['slope']:.3g}, intercept {line['intercept']:.3g}, "
        "fitted on validation.",
    }[line["method"]]


def calibration_table(models: Mapping[str, Judged]) -> Table:
    """Lays out the expected calibration error on test before and after calibration."""
    rows: list[list[str | int | float]] = []
    for name, judged in models.items():
        line = judged.report["calibration"]
        errors = [f"{line[key]:.3f}" for key in ("error_before", "error_after")]
        rows.append([name, *errors, calibration_words(judged.report)])
    return Table(["model", "error before", "error after", "what was done to the scores"], rows)


def worst_cells_table(grid: pd.DataFrame, *, caption: str = "") -> Table:
    """Lays out the perturbations that cost a model most."""
    perturbed = grid[grid["severity"] > 0].sort_values("accuracy_score", kind="stable").head(WORST_CELLS)
    header = ["perturbation", "severity", "what it means", "accuracy", "ROC AUC", "mean score moves by"]
    rows = [
        [
            row["perturbation"].replace("_", " "),
            row["severity"],
            amount_text(row["perturbation"], row["amount"]),
            bounds_text(row["accuracy_score"], row["accuracy_low"], row["accuracy_high"]),
            bounds_text(row["roc_auc_score"], row["roc_auc_low"], row["roc_auc_high"]),
            f"{row['mean_score_shift']:+.3f}",
        ]
        for row in perturbed.to_dict("records")
    ]
    return Table(header, rows, caption)


def external_table(external: Sequence[Mapping[str, Any]], *, caption: str = "") -> Table:
    """Lays out how a model does on faces from elsewhere."""
    header = ["set", "real", "fake", "ROC AUC", "accuracy at the threshold", "balanced", "at the set's best threshold"]
    rows: list[list[str | int | float]] = [
        [
            str(row["set"]),
            int(row["real"]),
            int(row["fake"]),
            "" if row["roc_auc_score"] is None else bounds_text(*(row[f"roc_auc_{end}"] for end in ENDS)),
            bounds_text(*(row[f"accuracy_{end}"] for end in ENDS)),
            number(row["balanced_accuracy_score"]),
            number(row["best_balanced_accuracy_score"]),
        ]
        for row in external
    ]
    return Table(header, rows, caption)


def slices_table(slices: pd.DataFrame, *, caption: str = "") -> Table:
    """Lays out the kinds of test pictures that a model does worst on, in the order they come in."""
    header = ["kind", "which", "images", "real", "fake", "accuracy", "ROC AUC", ""]
    rows = [
        [
            row["column"].replace("_", " "),
            row["slice"],
            int(row["images"]),
            int(row["real"]),
            int(row["fake"]),
            bounds_text(row["accuracy_score"], row["accuracy_low"], row["accuracy_high"]),
            number(row["roc_auc_score"]),
            "worse than the rest" if row["is_worse"] else "",
        ]
        for row in slices.head(FIRST_SLICES).to_dict("records")
    ]
    return Table(header, rows, caption)


def explanation_table(models: Mapping[str, Judged]) -> Table:
    """Lays out whether a model's heatmaps say what it looks at; no rows where nobody measured that."""
    header = ["model", "images", "agreement with occlusion", "likeness after randomising", "says something"]
    rows: list[list[str | int | float]] = []
    for name, judged in models.items():
        if found := judged.report.get("explanation"):
            agreement = f"{found['occlusion_agreement']:.3f} ± {found['occlusion_agreement_error']:.3f}"
            likeness = f"{found['randomised_similarity']:.3f}"
            rows.append(
                [name, int(found["images"]), agreement, likeness, "yes" if is_explained(judged.report) else "no"]
            )
    return Table(header, rows)


def lineage_table(evidence: Evidence, *, models: Sequence[str]) -> Table:
    """Names what each model was made of and judged by: hashes and versions, the same on every machine.

    There is no commit: this is a cached output, and the same files may be met at another commit.
    """
    columns = [lineage(evidence, evidence.models[name]) for name in models]
    return Table(["", *models], [[key, *(column[key] for column in columns)] for key in columns[0]])


def lineage(evidence: Evidence, judged: Judged) -> dict[str, str]:
    """Names what one model was made of and judged by."""
    training, splits = judged.training, judged.training.get("splits", {})
    versions = training.get("versions", {})
    return {
        "model file, sha256": judged.report["model_sha256"],
        "model folder in dvc.lock": judged.lock_digest or NOT_STATED,
        "parameters, sha256": sha256_of_text(json.dumps(training.get("parameters", {}), sort_keys=True)),
        "training shards, sha256": splits.get(TRAIN, {}).get("sha256", NOT_STATED),
        "validation shards, sha256": splits.get(VALIDATION, {}).get("sha256", NOT_STATED),
        "test shards, sha256": judged.report["test_shards_sha256"],
        "data archive, sha256": evidence.source.sha256,
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions.items())) or NOT_STATED,
    }


def commit_command(judged: Judged) -> str:
    """Gives the command that names the commits whose `dvc.lock` holds a model; empty where that is unknown."""
    return f"git log -S{judged.lock_digest} --oneline -- dvc.lock" if judged.lock_digest else ""


def run_query(judged: Judged) -> str:
    """Gives what finds a model's run in MLflow's search box."""
    return f'tags.model_sha256 = "{judged.report["model_sha256"]}"'


def number(value: float | None) -> str:
    """Spells a score of three digits; nothing where there is none."""
    return "" if pd.isna(value) else f"{value:.3f}"

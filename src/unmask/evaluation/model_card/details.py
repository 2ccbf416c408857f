"""Warnings, model details, intended use, factors and metrics: what a model is, and what is asked of it."""

from collections.abc import Mapping
from typing import Any

from unmask.data.audit.page import Table
from unmask.evaluation.cautions import audit_warnings, data_warnings, warnings_of
from unmask.evaluation.evidence import Evidence
from unmask.evaluation.model_card.markdown import bullets, code, facts, plain, section, subsection, table_lines
from unmask.evaluation.report_tables import commit_command, lineage_table, run_query

INTENDED = (
    "Research, teaching and comparison of detectors, on pictures like those it was trained on: one face each, cut out "
    "in the same way.",
    "One hint among others for a person who then looks at the picture and where it comes from.",
)
FORBIDDEN = (
    "Proof about any one picture, or any decision about a person that rests on a score: accusation, dismissal, "
    "refusal, removal of a post without a person's review.",
    "Finding out who somebody is, or anything about them: it says nothing of a person.",
    "Teaching a generator to pass as real.",
    "Pictures of other kinds than those it was judged on: whole scenes, drawings, films, sound, and the kinds that the "
    "warnings name.",
)


def warnings(evidence: Evidence) -> str:
    """Says first what nobody may miss."""
    sentences = [*data_warnings(evidence.source), *warnings_of(evidence.champion)]
    found = [f"**Warning: {plain(sentence)}.**" for sentence in sentences]
    if audit_warnings(evidence.audit["findings"]):
        found.append("**Warning: the audit of the data found something above its limits, see Training data.**")
    return section("Warnings", bullets(found) or "None was raised by what was measured.")


def model_details(evidence: Evidence) -> str:
    """Says what the model is, how it was trained, and where it comes from."""
    champion, judged = evidence.comparison.champion, evidence.champion
    training = judged.training
    size = training.get("image_size")
    known = {
        "Model": champion.model,
        "Input": f"RGB pictures of {size} x {size} pixels, values 0 to 255" if size else "",
        "Output": "a logit; its calibrated sigmoid is P(fake)",
        "Weights": f"{training['weights']:,}" if "weights" in training else "",
        "Epochs": epochs(training) if {"epochs", "best_epoch"} <= set(training) else "",
        "Model file sha256": code(champion.model_sha256),
        "Chosen by": f"{champion.metric} {champion.value:.4f} on the {champion.split} split",
    }
    recipe = Table(
        ["parameter", "value"], [[name, str(value)] for name, value in training.get("parameters", {}).items()]
    )
    return section(
        "Model details",
        facts({name: text for name, text in known.items() if text}),
        subsection("Recipe", table_lines(recipe) if recipe.rows else ""),
        lineage(evidence),
    )


def epochs(training: Mapping[str, Any]) -> str:
    """Says how long training took, and which epoch was kept."""
    return f"{training['epochs']}; the weights are those after epoch {training['best_epoch'] + 1}"


def lineage(evidence: Evidence) -> str:
    """Says by which hashes the model's commit, data and run are found."""
    judged = evidence.champion
    table = lineage_table(evidence, models=[evidence.comparison.champion.model])
    ways = {"Its run in MLflow": f"{code(run_query(judged))} in the search box of {code('unmask ui')}"}
    if command := commit_command(judged):
        ways["Its commit"] = f"the last line of {code(command)}"
    return subsection("Lineage", table_lines(table), facts(ways))


def intended_use(_: Evidence) -> str:
    """Says what the model is for, and what it must not be used for."""
    return section("Intended use", subsection("For", bullets(INTENDED)), subsection("Not for", bullets(FORBIDDEN)))


def factors(evidence: Evidence) -> str:
    """Says which kinds of pictures were told apart when it was judged, and which were not."""
    judged = evidence.champion
    lines = []
    if judged.grid is not None:
        names = judged.grid[judged.grid["severity"] > 0]["perturbation"].unique()
        lines.append(f"Perturbations: {', '.join(name.replace('_', ' ') for name in names)}.")
    if judged.slices is not None and not judged.slices.empty:
        names = judged.slices["column"].unique()
        lines.append(f"Kinds of test pictures: by {plain(', '.join(name.replace('_', ' ') for name in names))}.")
    if judged.external:
        lines.append(f"Sets from elsewhere: {plain(', '.join(str(row['set']) for row in judged.external))}.")
    lines.append(
        "Not told apart: age, sex, skin colour, and anything else about the people shown. The data does not state "
        "them; how errors differ between groups of people is unknown."
    )
    return section("Factors", bullets(lines))


def metrics(evidence: Evidence) -> str:
    """Says what is measured, at which threshold, and how sure the numbers are."""
    report = evidence.champion.report
    rule = report.get("threshold_rule", "")
    chosen = f"chosen on validation by the rule {code(rule)}" if rule else "chosen on validation"
    lines = [
        f"Fake is what scores {report['threshold']:.4g} or more: a threshold {chosen}.",
        "ROC AUC, average precision and recall at few false alarms judge the ranking; Brier error, log loss and "
        "expected calibration error the scores; accuracy, precision, recall and F1 the answers at the threshold.",
        f"In brackets are {100 * report['confidence']:g}% intervals. Those of the metrics are bootstrap's over test "
        "images, those of other tables Wilson's for accuracy and DeLong's for ROC AUC; frames of one video and copies "
        "of one picture count as one throughout.",
        "Chance can only raise the calibration error: on few images its interval may lie above it.",
    ]
    return section("Metrics", bullets(lines))

"""Quantitative analyses: what the model reached, and what is left of it on pictures of other kinds."""

from unmask.evaluation.cautions import place_of
from unmask.evaluation.compare import differences_markdown, markdown
from unmask.evaluation.evidence import Evidence, Judged
from unmask.evaluation.model_card.markdown import section, subsection, table_lines
from unmask.evaluation.report_tables import (
    SLICES,
    calibration_words,
    explanation_table,
    external_table,
    slices_table,
    worst_cells_table,
)


def quantitative_analyses(evidence: Evidence) -> str:
    """Lays out every number, with its interval where it has one."""
    judged = evidence.champion
    results = subsection("Results", markdown(evidence.comparison).strip(), differences_markdown(evidence.tests).strip())
    parts = [results, calibration(judged), robustness(judged), external(judged), slices(judged)]
    return section("Quantitative analyses", *parts, explanation(evidence))


def calibration(judged: Judged) -> str:
    """Says what was done to the scores, and whether it helped on images that it was not fitted on."""
    line = judged.report["calibration"]
    errors = f"Expected calibration error on test: {line['error_before']:.3f} before, {line['error_after']:.3f} after."
    return subsection("Calibration", f"{calibration_words(judged.report)} {errors}")


def robustness(judged: Judged) -> str:
    """Says what perturbed pictures cost; nothing where the grid was switched off."""
    if "robustness" not in judged.report:
        return ""
    grid, worst = judged.report["robustness"], judged.report["robustness"]["worst"]
    text = (
        f"At the same threshold, over all perturbations of {grid['images']:,} test images: accuracy "
        f"{grid['mean_accuracy_score']:.3f}, ROC AUC {grid['mean_roc_auc_score']:.3f} (untouched: "
        f"{grid['untouched_accuracy_score']:.3f} and {grid['untouched_roc_auc_score']:.3f})."
    )
    place = f"The worst: {place_of(worst)}, accuracy {worst['accuracy_score']:.3f}, ROC AUC "
    cells = "" if judged.grid is None else table_lines(worst_cells_table(judged.grid))
    return subsection("Robustness", text, f"{place}{worst['roc_auc_score']:.3f}.", cells)


def external(judged: Judged) -> str:
    """Lays out how the model does on faces from elsewhere."""
    none = "None were judged: nothing is known of other generators than the data's own."
    text = table_lines(external_table(judged.external)) if judged.external else none
    return subsection("Faces from elsewhere", text)


def slices(judged: Judged) -> str:
    """Lays out the kinds of test pictures that the model does worst on; nothing where none were measured."""
    if judged.slices is None or judged.slices.empty:
        return ""
    return subsection("Slices", SLICES, table_lines(slices_table(judged.slices)))


def explanation(evidence: Evidence) -> str:
    """Says whether the model's heatmaps can be read as reasons; nothing where that was not measured."""
    table = explanation_table({evidence.comparison.champion.model: evidence.champion})
    return subsection("Explanation", table_lines(table)) if table.rows else ""

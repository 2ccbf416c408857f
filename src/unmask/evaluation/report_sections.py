"""What the report's page says: the warnings first, then who is best, by how much, and what each model does where."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from unmask.evaluation import robustness_plot
from unmask.evaluation.cautions import audit_warnings, data_warnings, warnings_of
from unmask.evaluation.evidence import Evidence, Judged
from unmask.evaluation.report_page import Picture, ReportPage, Section
from unmask.evaluation.report_tables import (
    SLICES,
    calibration_table,
    commit_command,
    differences_table,
    explanation_table,
    external_table,
    lineage_table,
    metrics_table,
    run_query,
    slices_table,
    worst_cells_table,
)

RELIABILITY = "reliability"  # shown with the calibration, for all models side by side
CAPTIONS: Mapping[str, str] = {  # of the plots that `evaluate` draws, in the order they are shown
    "confusion": "How many test images of each kind are called what, at the model's threshold.",
    "roc": "How many fakes are caught for how many real images called fake, at every threshold.",
    "precision_recall": "How many of the images called fake are fakes, for every share of fakes caught.",
    RELIABILITY: "Whether scores can be read as probabilities; on the diagonal they can.",
    "robustness": "What is left of the accuracy on perturbed pictures.",
    "worst": "The validation images that the model is most wrong about.",
    "uncertain": "The validation images that the model is least sure about.",
    "spectra": "The mean frequency spectra of real and of fake images.",
}


def comparison_page(evidence: Evidence, *, heatmap: bytes) -> ReportPage:
    """Lays out all that is known of the models.

    Args:
        evidence: what is known.
        heatmap: the PNG of `draw_heatmap`; empty where there is none.

    Returns:
        The page; a part about which nothing is known is left out.
    """
    champion = evidence.comparison.champion
    models = evidence.models
    sections = [
        warnings_section(evidence),
        champion_section(evidence),
        metrics_section(evidence),
        differences_section(evidence),
        calibration_section(models),
        robustness_section(models, heatmap),
        external_section(models),
        slices_section(models),
        explanation_section(models),
        *(plots_section(name, judged) for name, judged in models.items()),
        audit_section(evidence),
        lineage_section(evidence),
    ]
    return ReportPage(
        title="Comparison of the models",
        source=f"{', '.join(models)}, judged on the same test images of {evidence.source.name}. "
        f"Champion: {champion.model}.",
        sections=[section for section in sections if section is not None],
    )


def draw_heatmap(evidence: Evidence) -> Figure | None:
    """Draws the grids of perturbations of all models side by side; None where there is none."""
    grids = {name: judged.grid for name, judged in evidence.models.items() if judged.grid is not None}
    return robustness_plot.draw(grids) if grids else None


def warnings_section(evidence: Evidence) -> Section:
    """Gathers what nobody may miss, the champion's first."""
    champion = evidence.comparison.champion.model
    names = [champion, *(name for name in evidence.models if name != champion)]
    warnings = [f"Every model: {warning}." for warning in data_warnings(evidence.source)]
    warnings += [f"{name}: {warning}." for name in names for warning in warnings_of(evidence.models[name])]
    if found := audit_warnings(evidence.audit["findings"]):
        number = "once" if len(found) == 1 else f"{len(found)} times"
        warnings.append(
            f"The audit of the data warns {number}, see below: a score may say more of the data than of fakes."
        )
    return Section("Warnings", warnings=warnings, text="" if warnings else "None.")


def champion_section(evidence: Evidence) -> Section:
    """Says who is best, and how that was found."""
    champion = evidence.comparison.champion
    text = (
        f"{champion.model}: its {champion.metric} of {champion.value:.4f} on the {champion.split} split is the best. "
        "No stage reads the test split to choose: not the champion, nor any model's loss, best epoch, calibration or "
        "threshold. The differences below say whether it is better by more than chance."
    )
    return Section("Champion", text=text)


def metrics_section(evidence: Evidence) -> Section:
    """Shows every metric with its interval, beside the paper's number."""
    text = (
        f"On the test split, in brackets the {100 * evidence.confidence:g}% intervals. A name that ends in score is "
        "better higher, one in error or loss lower. Chance can only raise the calibration error: on few images its "
        "interval may lie above it."
    )
    return Section("Metrics", text=text, tables=[metrics_table(evidence.comparison)])


def differences_section(evidence: Evidence) -> Section | None:
    """Shows which differences the data tells from none."""
    if evidence.tests.empty:
        return None
    text = "Of every two models on the same images. Within noise: these images are too few to tell the two apart."
    return Section("Differences", text=text, tables=[differences_table(evidence.tests, confidence=evidence.confidence)])


def calibration_section(models: Mapping[str, Judged]) -> Section:
    """Shows whether scores can be believed."""
    text = "The expected calibration error on the test split: how far scores are from the share of fakes, on average."
    pictures = [
        Picture(judged.plots[RELIABILITY], f"{name}: {RELIABILITY}", CAPTIONS[RELIABILITY])
        for name, judged in models.items()
        if RELIABILITY in judged.plots
    ]
    return Section("Calibration", text=text, tables=[calibration_table(models)], pictures=pictures)


def robustness_section(models: Mapping[str, Judged], heatmap: bytes) -> Section | None:
    """Shows what perturbed pictures cost, and the worst of them for each model."""
    tables = [
        worst_cells_table(judged.grid, caption=f"{name}: the worst perturbations")
        for name, judged in models.items()
        if judged.grid is not None
    ]
    if not tables:
        return None
    pictures = [Picture(heatmap, "accuracy of each model under each perturbation")] if heatmap else []
    text = "Accuracy at the threshold of the untouched pictures, after each was saved, resized, blurred or retouched."
    return Section("Perturbed pictures", text=text, tables=tables, pictures=pictures)


def external_section(models: Mapping[str, Judged]) -> Section:
    """Shows how the models do on faces from elsewhere."""
    tables = [external_table(judged.external, caption=name) for name, judged in models.items() if judged.external]
    if not tables:
        text = "None were judged: nothing is known of other generators than the data's own."
        return Section("Faces from elsewhere", text=text)
    text = (
        "Nothing was chosen or learnt from these sets, but for the last column, which shows what the threshold costs."
    )
    return Section("Faces from elsewhere", text=text, tables=tables)


def slices_section(models: Mapping[str, Judged]) -> Section | None:
    """Shows the kinds of test pictures that each model does worst on."""
    tables = [
        slices_table(judged.slices, caption=name)
        for name, judged in models.items()
        if judged.slices is not None and not judged.slices.empty
    ]
    return Section("Slices", text=SLICES, tables=tables) if tables else None


def explanation_section(models: Mapping[str, Judged]) -> Section | None:
    """Shows whether heatmaps say what a model looks at."""
    table = explanation_table(models)
    text = (
        "Heatmaps say something where covering what they mark changes the score, and where they become others once the "
        "model's weights are replaced by random ones."
    )
    return Section("Explanation", text=text, tables=[table]) if table.rows else None


def plots_section(name: str, judged: Judged) -> Section | None:
    """Shows a model's plots in the order of `CAPTIONS`, and after them those that nobody wrote a caption for."""
    known = [stem for stem in CAPTIONS if stem in judged.plots and stem != RELIABILITY]
    unknown = [stem for stem in judged.plots if stem not in CAPTIONS]
    pictures = [
        Picture(judged.plots[stem], f"{name}: {stem.replace('_', ' ')}", CAPTIONS.get(stem, f"{stem}.png"))
        for stem in [*known, *unknown]
    ]
    return Section(f"Plots of {name}", pictures=pictures) if pictures else None


def audit_section(evidence: Evidence) -> Section:
    """Shows what was found in the data, the worst first."""
    findings = evidence.audit["findings"]
    worst = audit_warnings(findings)
    text = f"{len(findings)} findings were held against their limits; {len(worst)} are above."
    ordered = [*worst, *(finding for finding in findings if finding not in worst)]
    return Section(
        "What the audit of the data found", text=text, findings=[{"advice": "", **finding} for finding in ordered]
    )


def lineage_section(evidence: Evidence) -> Section:
    """Shows what each model was made of, and how its commit and its run are found."""
    commands = []
    for name, judged in evidence.models.items():
        if command := commit_command(judged):
            commands += [f"# {name}: the commits that hold it, the first at the end", command]
        commands += [f"# {name}: its run, in the search box of `unmask ui`", run_query(judged)]
    text = "Hashes, the same at every commit and on every machine; the commands lead from them to commit and run."
    return Section(
        "Lineage", text=text, tables=[lineage_table(evidence, models=list(evidence.models))], commands=commands
    )

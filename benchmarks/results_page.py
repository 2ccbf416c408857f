"""Writes docs/results.md from docs/results.json: python -m benchmarks.results_page."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.ablation_section import ABLATION, ablation_sections
from benchmarks.audit_section import audit_section
from benchmarks.bundle_section import BUNDLES, bundle_section
from benchmarks.evaluation_section import EVALUATIONS, evaluation_section
from benchmarks.loss_section import LOSSES, loss_section
from benchmarks.monitoring_section import MONITORING, monitoring_section
from benchmarks.results import Row
from unmask import artifacts
from unmask.evaluation.bootstrap import bounds_text
from unmask.evaluation.paper import PAPER, PAPER_ACCURACY, PAPER_IMAGES

PAGE = Path("docs/results.md")
AUDITS = Path("docs/audits.json")
# A file of measurements, and what writes its part of the page, in the page's order.
SECTIONS: dict[Path, Callable[[Any], str]] = {
    EVALUATIONS: evaluation_section,
    BUNDLES: bundle_section,
    MONITORING: monitoring_section,
    ABLATION: lambda rows: "\n".join(ablation_sections(rows)),
    LOSSES: loss_section,
    AUDITS: audit_section,
}
ACCURACY, AREA = "accuracy_score", "roc_auc_score"
# The paper's CNN, built and trained a second time, apart from this code, on the subset's 1,120 training images.
TRIAL = {"data": "faces-140k-subset", "recipe": "paper", "model": "cnn"}
TRIAL_VALUES = {ACCURACY: 0.70, AREA: 0.70}

OPENING = """# Results on real faces

Every number of the first tables, those of test images, was written by the pipeline's stage `evaluate`
(`metrics.json`), on images that neither training nor the choice of the threshold has seen; the sections below them say
what theirs are of. The brackets are 95% bootstrap intervals over the test images. Minutes are those of training, on two
cores that did other work as well: upper bounds. This page is made from [results.json](results.json) and the files
beside it by `python -m benchmarks.results_page`.
"""

ABOUT_PAPER = """## Beside the paper

{paper} reports, on the {images:,} test images of the full "140k Real and Fake Faces", without intervals:

| model | test accuracy, reported |
| --- | --- |
{rows}

These numbers and those above come from different data: where the data is a subset, a model has seen about one
hundredth of the full set's training images, and an interval over some hundred test images is wide.
"""

FULL_SET = """\
- **The full set of 140,000 images.** It needs a Kaggle account. `unmask profile kaggle-140k` and `dvc repro` train and
  judge on it; until someone does, no number here says what this code reaches there."""

IMAGENET = """\
- **ImageNet weights.** ResNet50's published weights are fetched from the network. A row whose weights are "none" began
  from random ones, and says nothing about fine-tuning."""

REPEAT = """## How to repeat a row

Set `UNMASK_REAL_DATA` to the folder of the archives and run the row's command at the row's commit. Training on another
machine differs in the last bits of its sums, so expect the same number within its interval, not the same digits.
"""


def main() -> None:
    """Reads what was measured, writes the page."""
    artifacts.write_text(PAGE, page_of(PAGE.parent))


def page_of(folder: Path) -> str:
    """Writes the page from every file of measurements in a folder; one that is missing measured nothing."""
    sections = [write(results.kept(folder / file.name, nothing={})) for file, write in SECTIONS.items()]
    return render(results.load(folder / results.RESULTS.name), sections=sections)


def render(rows: Sequence[Row], *, sections: Sequence[str] = ()) -> str:
    """Writes the page.

    Args:
        rows: what was measured, sorted.
        sections: what else was, one text each; an empty one measured nothing.

    Returns:
        Markdown.
    """
    paper = "\n".join(f"| {model} | {accuracy} |" for model, accuracy in PAPER_ACCURACY.items())
    parts = [OPENING]
    for data, group in groupby(rows, key=lambda row: row.data):
        parts.append(section(data, list(group)))
    if not rows:
        parts.append("Nothing has been measured yet.\n")
    parts += [ABOUT_PAPER.format(paper=PAPER, images=PAPER_IMAGES, rows=paper), *agreement(rows), *not_measured(rows)]
    parts += [text for text in sections if text]
    return "\n".join([*parts, REPEAT, commands(rows)]).rstrip() + "\n"


def section(data: str, rows: Sequence[Row]) -> str:
    """Writes one data set's table: a line a model and recipe."""
    lines = [f"## {data}: {rows[0].images:,} test images", ""]
    lines.append("| model | recipe | weights | test accuracy | ROC AUC | minutes |")
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for run in runs(rows):
        first = run[ACCURACY]
        minutes = "" if first.minutes is None else f"{first.minutes:g}"
        about = f"{first.model} | {first.recipe} | {first.weights}"
        lines.append(f"| {about} | {value_text(first)} | {value_text(run[AREA])} | {minutes} |")
    return "\n".join([*lines, ""])


def runs(rows: Sequence[Row]) -> list[dict[str, Row]]:
    """Gathers the rows of one model, recipe and start: metric name to row."""
    gathered: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        gathered.setdefault(row.key()[:-1], {})[row.metric] = row
    return list(gathered.values())


def agreement(rows: Sequence[Row]) -> list[str]:
    """Says whether the paper's CNN agrees with the independent trial, where it has been measured."""
    wanted = [row for row in rows if all(getattr(row, name) == value for name, value in TRIAL.items())]
    lines = [agreement_line(row) for row in wanted if row.metric in TRIAL_VALUES]
    if not lines:
        return []
    opening = (
        "## Is the paper's CNN rebuilt rightly?\n\n"
        "The paper's CNN was also built and trained once apart from this code, on the same subset.\n"
    )
    return ["\n".join([opening, *lines, ""])]


def agreement_line(row: Row) -> str:
    """Compares one number of the independent trial with the interval measured here."""
    trial = TRIAL_VALUES[row.metric]
    verdict = "agrees: it lies within" if row.low <= trial <= row.high else "does not agree: it lies outside"
    return f"- {row.metric}: {trial:.2f} there, {value_text(row)} here; the trial {verdict} the interval."


def not_measured(rows: Sequence[Row]) -> list[str]:
    """Lists what no row is about, so that its absence is not read as a number."""
    missing = []
    if not any(row.images == PAPER_IMAGES for row in rows):
        missing.append(FULL_SET)
    if not any(row.weights == "imagenet" for row in rows):
        missing.append(IMAGENET)
    return ["\n".join(["## What was not measured", "", *missing, ""])] if missing else []


def commands(rows: Sequence[Row]) -> str:
    """Lists how each line of the tables is repeated."""
    lines = []
    for run in runs(rows):
        row = run[ACCURACY]
        lines.append(f"- {row.data}, {row.model}, {row.recipe}: commit `{row.commit}`\n\n  ```\n  {row.command}\n  ```")
    return "\n".join(lines)


def value_text(row: Row) -> str:
    """Says one number with its interval."""
    return bounds_text(row.value, row.low, row.high)


if __name__ == "__main__":
    main()

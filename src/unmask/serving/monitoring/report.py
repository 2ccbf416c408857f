"""The report of a comparison: Markdown, a page, and the numbers."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unmask import artifacts
from unmask.data.audit.findings import FINE, WARNING
from unmask.data.audit.page import Table
from unmask.evaluation.report_page import Picture, ReportPage, Section, render
from unmask.figures import png
from unmask.serving.monitoring.compare import Comparison, Rule, least_seen
from unmask.serving.monitoring.plots import draw, p_text
from unmask.serving.monitoring.reading import Scores

MARKDOWN_FILE, PAGE_FILE, NUMBERS_FILE = "report.md", "report.html", "report.json"
HEADER = ("measure", "median before", "median now", "difference", "p", "drift")
BLIND = 0.3  # a difference that must be seen, or the pictures are too few for a "no drift" to mean much
METHOD = (
    "A difference is a share of the pictures: 0 where both sets are alike, 1 where no picture of the one could be of "
    "the other. P(fake), distance and brightness: the test of Kolmogorov and Smirnov. Sizes and JPEG quality: "
    "chi-square on classes, its p-value from random tables. The p-values are corrected for the number of measures "
    "(Holm). Drift is a difference that is both significant and above the limit."
)
RETRAIN = (
    "A retraining helps only where the training set has labelled pictures of the new kind: add some first. Where it "
    "has, this starts one:"
)


@dataclass(frozen=True)
class Report:
    """What there is to tell.

    Attributes:
        scores: the pictures that were scored.
        reference: those that they were compared with.
        model: the detector's name.
        rule: what is drift.
        comparisons: one a measure.
        command: that starts a retraining.
    """

    scores: Scores
    reference: Scores
    model: str
    rule: Rule
    comparisons: Sequence[Comparison]
    command: str

    @property
    def drifted(self) -> list[Comparison]:
        """Gives the measures with drift."""
        return [comparison for comparison in self.comparisons if comparison.is_drift]

    @property
    def tested(self) -> list[Comparison]:
        """Gives the measures that were compared."""
        return [comparison for comparison in self.comparisons if not comparison.reason]

    @property
    def reasons(self) -> list[str]:
        """Gives why measures were not compared, each reason once."""
        return list(dict.fromkeys(comparison.reason for comparison in self.comparisons if comparison.reason))

    @property
    def least_seen(self) -> float:
        """Says how large a difference must be to be found at all."""
        counts = len(self.reference.table), len(self.scores.table)
        return max(self.rule.limit, least_seen(*counts, rule=self.rule, measures=len(self.tested)))


def write(folder: Path, report: Report) -> None:
    """Writes the report's three files, each atomically."""
    artifacts.write_text(folder / MARKDOWN_FILE, markdown(report))
    artifacts.write_text(folder / PAGE_FILE, page(report))
    artifacts.write_json(folder / NUMBERS_FILE, numbers(report))


def verdict(report: Report) -> str:
    """Says in a sentence what was found."""
    if not report.tested:
        return "Nothing could be compared"
    measures = f"{len(report.tested)} measure{'s' if len(report.tested) > 1 else ''}"
    if not report.drifted:
        return f"No drift in {measures}"
    names = ", ".join(comparison.measure.title for comparison in report.drifted)
    return f"Drift in {len(report.drifted)} of {measures}: {names}"


def remarks(report: Report) -> list[str]:
    """Says what a reader must know beside the verdict, in sentences without a full stop."""
    found = []
    if report.least_seen > BLIND:
        found.append(
            f"With {len(report.scores.table):,} pictures against {len(report.reference.table):,}, only differences "
            f"from {report.least_seen:.2f} on can be found: score more pictures"
        )
    if report.scores.not_judged:
        total = report.scores.not_judged + len(report.scores.table)
        found.append(f"{report.scores.not_judged:,} of {total:,} pictures could not be judged, and are not compared")
    for scores, whose in ((report.scores, "The scores are"), (report.reference, "The reference is")):
        if scores.not_scored:
            found.append(f"{whose} not finished: {scores.not_scored:,} pictures more are listed, and may be others")
    if any(comparison.measure.name == "score" for comparison in report.drifted):
        found.append(
            "P(fake) is also distributed otherwise where the share of fakes is another one: no fault of the model"
        )
    found += [f"{one.measure.title} was not compared: {one.reason}" for one in report.comparisons if one.reason]
    return found


def rows(report: Report) -> list[tuple[str, ...]]:
    """Gives a row of texts for each measure that was compared; see `HEADER`."""
    return [
        (
            one.measure.title,
            *("none" if math.isnan(median) else f"{median:.3g}" for median in one.medians),
            f"{one.difference:.3f}",
            p_text(one.corrected).removeprefix("= "),
            "DRIFT" if one.is_drift else "no",
        )
        for one in report.tested
    ]


def about(report: Report) -> str:
    """Says what was compared, and by what rule."""
    return (
        f"{len(report.scores.table):,} pictures ({report.scores.name}) against {len(report.reference.table):,} "
        f"({report.reference.name}), all judged by {report.model}. Significance {report.rule.significance:g}, limit "
        f"{report.rule.limit:g}; a difference from {report.least_seen:.2f} on would be found."
    )


def markdown(report: Report) -> str:
    """Writes the report in Markdown."""
    lines = [f"| {' | '.join(HEADER)} |", "|---|--:|--:|--:|--:|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(report)]
    parts = [f"# {verdict(report)}", about(report), "\n".join(lines)]
    if notes := remarks(report):
        parts.append("\n".join(f"- {note}." for note in notes))
    parts.append(METHOD)
    if report.drifted:
        parts += [RETRAIN, f"```console\n$ {report.command}\n```"]
    return "\n\n".join(parts) + "\n"


def page(report: Report) -> str:
    """Writes the report as a page that needs nothing else."""
    is_fine = bool(report.tested) and not report.drifted
    findings = [{"verdict": FINE if is_fine else WARNING, "statement": verdict(report), "advice": ""}]
    pictures = [
        Picture(png(draw(one, report.reference.table, report.scores.table)), alt=f"{one.measure.title}, before and now")
        for one in report.tested
    ]
    sections = [
        Section("What was found", findings=findings, warnings=remarks(report), tables=[Table(HEADER, rows(report))]),
        Section("Before and now", pictures=pictures),
        Section("How", text=METHOD),
    ]
    if report.drifted:
        sections.append(Section("Retrain", text=RETRAIN, commands=[report.command]))
    return render(ReportPage(title=f"Monitoring of {report.model}", source=about(report), sections=sections))


def numbers(report: Report) -> dict[str, Any]:
    """Gives all numbers, as JSON can hold them."""
    return {
        "model": report.model,
        "is_drift": bool(report.drifted) if report.tested else None,
        "rule": asdict(report.rule),
        "least_seen": report.least_seen,
        "pictures": len(report.scores.table),
        "not_judged": report.scores.not_judged,
        "not_scored": report.scores.not_scored,
        "reference_pictures": len(report.reference.table),
        "reference_not_scored": report.reference.not_scored,
        "measures": {one.measure.name: described(one) for one in report.comparisons},
    }


def described(comparison: Comparison) -> dict[str, Any]:
    """Gives the numbers of one measure, or why there are none."""
    if comparison.reason:
        return {"reason": comparison.reason}
    before, now = (None if math.isnan(median) else median for median in comparison.medians)
    return {
        "difference": comparison.difference,
        "p_value": comparison.p_value,
        "corrected_p_value": comparison.corrected,
        "is_drift": comparison.is_drift,
        "median_before": before,
        "median_now": now,
    }

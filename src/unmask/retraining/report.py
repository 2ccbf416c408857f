"""What a retraining says of itself: Markdown, for the pull request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unmask.environment import Environment
from unmask.evaluation.compare import p_text
from unmask.promotion import gates
from unmask.promotion.challenger import Challenger
from unmask.promotion.decisions import Decision
from unmask.promotion.promote import Examination
from unmask.retraining.changes import Change, data_changes, parameter_changes, spell, trained
from unmask.tracking.contents import HISTORY_FILE
from unmask.tracking.session import address_of

SHOWN = 60  # changes of parameters; a new profile may have hundreds
HTTP = ("http://", "https://")
CURVES = ("validation_roc_auc", "roc_auc")  # columns of history.csv
CHART = """```mermaid
%%{{init: {{"themeVariables": {{"xyChart": {{"plotColorPalette": "#1f6fb4, #9a9a9a"}}}}}}}}%%
xychart-beta
    title "{name}: AUC on validation (blue) and in training (grey)"
    x-axis "epoch" 1 --> {last}
    y-axis 0 --> 1
{lines}
```"""


@dataclass(frozen=True)
class Report:
    """What there is to tell.

    Attributes:
        root: the checkout.
        against: the commit, branch or tag that changes are counted from.
        news: what changed upstream, in words; empty for nothing.
        stages: those that ran.
        challenger: the model that wants to be champion.
        examined: how it did.
        decision: what was decided; None where nothing was.
    """

    root: Path
    against: str
    news: str
    stages: Sequence[str]
    challenger: Challenger
    examined: Examination
    decision: Decision | None


def render(report: Report, *, environment: Environment) -> str:
    """Writes the report.

    Returns:
        Markdown.
    """
    parts = [
        "# Retraining",
        verdict(report),
        "## What changed",
        *changed(report),
        "## What ran",
        ran(report),
        "## The models on the test split",
        scores(report.root / "reports" / "compare" / "table.md"),
        *curves(report),
        *against_champion(report.examined),
        *gates_of(report.examined),
        "## Where it is",
        places(report, environment),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def verdict(report: Report) -> str:
    """Says in a sentence how it ended."""
    name, version = report.challenger.name, report.examined.version
    if report.examined.is_champion:
        return f"**{name}** (version {version}) is champion, as before."
    failed = report.examined.failed
    if report.decision is not None:
        return f"**{name}** (version {version}) was **{report.decision.outcome}**{named(failed)}."
    return f"**{name}** (version {version}) {'does not pass' if failed else 'passes'} the gates{named(failed)}."


def named(failed: Sequence[str]) -> str:
    """Names the gates that failed."""
    return f": {', '.join(failed)}" if failed else ""


def changed(report: Report) -> list[str]:
    """Tells of parameters and data, since the commit that is compared with."""
    parameters = parameter_changes(report.root, report.against)
    data = data_changes(report.root, report.against)
    parts = [f"Upstream: {report.news}."] if report.news else []
    if parameters:
        more = f"\n\nand {len(parameters) - SHOWN} more" if len(parameters) > SHOWN else ""
        parts.append(table("parameter", parameters[:SHOWN]) + more)
    if data:
        parts.append(table("data", data))
    return parts or [f"Neither parameters nor data, against `{report.against}`."]


def table(title: str, changes: Iterable[Change]) -> str:
    """Draws changes as a table."""
    lines = [f"| {title} | before | after |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {spell(one.before)} | {spell(one.after)} |" for one in changes]
    return "\n".join(lines)


def ran(report: Report) -> str:
    """Names the models that were trained, and the stages that ran."""
    models = ", ".join(trained(report.stages)) or "none"
    stages = ", ".join(f"`{stage}`" for stage in report.stages) or "none"
    return f"Trained: {models}. Stages: {stages}."


def scores(file: Path) -> str:
    """Gives the comparison's own table, with its intervals and tests."""
    return file.read_text(encoding="utf-8") if file.is_file() else "not compared"


def curves(report: Report) -> list[str]:
    """Draws the area under the ROC curve by epoch, on validation and in training, of every model that was trained.

    As Mermaid, which GitHub and GitLab draw where the report stands: a comment has no place for pictures.
    """
    drawn = []
    for name in trained(report.stages):
        table = pd.read_csv(report.root / "models" / name / HISTORY_FILE)
        if len(table) > 1 and set(CURVES) <= set(table) and table[[*CURVES]].notna().all(axis=None):
            lines = "\n".join(f"    line [{', '.join(f'{value:.4f}' for value in table[curve])}]" for curve in CURVES)
            drawn.append(CHART.format(name=name, last=len(table), lines=lines))
    return drawn


def against_champion(examined: Examination) -> list[str]:
    """Says what the challenger gains and loses, image by image, and what of it is noise."""
    if not examined.differences:
        return []
    lines = [f"## Against the champion, version {examined.champion}", "| | difference | |", "|---|---|---|"]
    for metric, found in examined.differences.items():
        is_noise = found.low <= 0 <= found.high
        bounds = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}), p {p_text(found.p_value)}"
        lines.append(f"| {metric} | {bounds} | {'within noise' if is_noise else '**a difference**'} |")
    return [lines[0], "\n".join(lines[1:])]


def gates_of(examined: Examination) -> list[str]:
    """Gives the table of gates."""
    return ["## Gates", gates.markdown(examined.gates)] if examined.gates else []


def places(report: Report, environment: Environment) -> str:
    """Says where the run, the version and the pages are."""
    address, run_id = address_of(environment), report.examined.run_id
    run = f"run `{run_id}`"
    if address.startswith(HTTP):
        host = address.replace("***@", "").rstrip("/")
        run = f"[run {run_id}]({host}/#/experiments/{report.examined.experiment_id}/runs/{run_id})"
    champion = report.examined.champion
    lines = [
        f"- {run} of {address}, version {report.examined.version} of `unmask`; before: {champion or 'no champion'}",
        "- `reports/compare/report.html` has the plots, perturbed pictures and faces; `model-card.md` lies beside it",
    ]
    return "\n".join(lines)

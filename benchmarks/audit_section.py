"""The part of docs/results.md that says what the audit found in real archives, from docs/audits.json."""

from collections.abc import Mapping
from typing import Any

OPENING = """## What the audit of the data finds

The audit that `index` and `split` write for every data set (`data/split/audit.html`), on the real archives:
`python -m benchmarks.audits --archive FILE`. An AUC is that of a simple model that tells real from fake by what no face
shows, cross-validated, with its standard error; 0.5 is chance. Copies were confirmed on their pixels.
"""


def audit_section(audits: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes the section.

    Args:
        audits: the content of docs/audits.json: data set to what was found.

    Returns:
        Markdown; empty where nothing was audited.
    """
    if not audits:
        return ""
    tables = [images_table(audits), auc_table("Shortcut", shortcuts(audits)), auc_table("Drift", drifts(audits))]
    return "\n\n".join([OPENING.strip(), *tables, *(warnings(name, audit) for name, audit in audits.items())]) + "\n"


def images_table(audits: Mapping[str, Mapping[str, Any]]) -> str:
    """Counts images, rejects and copies."""
    rows = []
    for name, audit in audits.items():
        images = sum(sum(counts.values()) for counts in audit["images"].values())
        copies = audit["copies"]
        kinds = ", ".join(f"{number} {kind}" for kind, number in copies["by_kind"].items()) or "none"
        classes = ", ".join(f"{number} {which}" for which, number in copies["by_classes"].items()) or "none"
        rows.append(f"| {name} | {images:,} | {audit['rejects']} | {kinds} | {classes} |")
    header = "| archive | images | rejected | pairs of copies | their classes |\n|---|--:|--:|---|---|"
    return "\n".join([header, *rows])


def shortcuts(audits: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Gathers the AUCs of real against fake: view to archive to what was found."""
    return gather({name: {one["view"]: one for one in audit["shortcuts"]} for name, audit in audits.items()})


def drifts(audits: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Gathers the AUCs of split against split."""
    found = {
        name: {f"{splits}, {one['view']}": one for splits, several in audit["drift"].items() for one in several}
        for name, audit in audits.items()
    }
    return gather(found)


def gather(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Turns archive to view into view to archive."""
    views = dict.fromkeys(view for several in found.values() for view in several)
    return {view: {name: several[view] for name, several in found.items() if view in several} for view in views}


def auc_table(title: str, found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Lays AUCs out: a line a view, a column an archive."""
    archives = list(dict.fromkeys(name for several in found.values() for name in several))
    lines = [f"| {title} | {' | '.join(archives)} |", "|---|" + "--:|" * len(archives)]
    for view, several in found.items():
        cells = (f"{one['auc']:.3f} ± {one['standard_error']:.3f}" for one in several.values())
        lines.append(f"| {view} | {' | '.join(cells)} |")
    return "\n".join(lines)


def warnings(name: str, audit: Mapping[str, Any]) -> str:
    """Says what is above its limit."""
    above = [finding["statement"] for finding in audit["findings"] if finding["verdict"] != "fine"]
    said = " ".join(above) if above else "nothing is."
    return f"Above its limit in {name}: {said}"

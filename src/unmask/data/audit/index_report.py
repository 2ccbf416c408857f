"""The index's audit: what an archive holds, class by class, and what was rejected and why."""

from typing import Any

import pandas as pd

from unmask.config import IndexConfig, Limits
from unmask.data.audit.findings import Finding
from unmask.data.audit.page import Page, Section, Table, render
from unmask.records import Source

MAX_ROWS = 12  # of a table of sizes, say
MAX_REJECTS = 200  # named on the page; rejects.csv names all
CLASS_TEXT = (
    "A class that differs from the other in format, size, colour mode or JPEG quality can be told without a look at "
    "the face."
)
CLASS_TABLES = {
    "formats": "Format",
    "sizes": "Pixels",
    "modes": "Colour mode",
    "jpeg_qualities": "JPEG quality",
    "upstream_splits": "Archive's own split",
}


def index_page(audit: dict[str, Any], rejects: pd.DataFrame, *, source: Source, config: IndexConfig) -> str:
    """Writes `data/index/audit.html`.

    Args:
        audit: the content of `audit.json`, from `audit/counts.py`.
        rejects: `records.REJECT_COLUMNS`, sorted by member.
        source: where the archive came from.
        config: how many rejects are allowed.

    Returns:
        HTML.
    """
    page = Page(
        title="What the archive holds",
        source=describe_source(source),
        findings=[reject_finding(audit, config)],
        sections=[class_section(audit["classes"]), reject_section(audit, rejects)],
    )
    return render(page)


def describe_source(source: Source) -> str:
    """Says in a line where a data set came from."""
    version = f" version {source.version}" if source.version else ""
    return f"{source.name}{version}, {source.bytes:,} bytes, sha256 {source.sha256[:16]}…, licence: {source.licence}"


def reject_finding(audit: dict[str, Any], config: IndexConfig) -> Finding:
    """Holds the rejects against their limit."""
    rejects = audit["rejects"]
    total = audit["images"] + rejects
    return Finding(
        name="max_reject_share",
        value=rejects / max(total, 1),
        limits=Limits(warn=0.0, stop=config.max_reject_share),
        statement=f"{rejects} of {total} images cannot be used.",
        advice="They are left out and named in rejects.csv with the reason. Many of one reason: mend the archive.",
    )


def class_section(classes: dict[str, dict[str, Any]]) -> Section:
    """Shows the classes side by side."""
    rows = [[name, content["images"], content["mean_bytes"]] for name, content in classes.items()]
    tables = [Table(["Class", "Images", "Mean bytes"], rows)]
    tables += [side_by_side(title, key, classes) for key, title in CLASS_TABLES.items()]
    return Section(title="Real and fake, side by side", text=CLASS_TEXT, tables=tables)


def side_by_side(title: str, key: str, classes: dict[str, dict[str, Any]]) -> Table:
    """Counts one property's values for each class, the most frequent first."""
    totals: dict[str, int] = {}
    for content in classes.values():
        for value, number in content[key].items():
            totals[value] = totals.get(value, 0) + number
    ordered = sorted(totals, key=lambda value: (-totals[value], value))
    rows = [[value, *(content[key].get(value, 0) for content in classes.values())] for value in ordered[:MAX_ROWS]]
    caption = f"the most frequent {MAX_ROWS} of {len(ordered)}" if len(ordered) > MAX_ROWS else ""
    return Table([title, *classes], rows, caption=caption)


def reject_section(audit: dict[str, Any], rejects: pd.DataFrame) -> Section:
    """Shows what was rejected."""
    if rejects.empty:
        return Section(title="Rejected", text="Every image can be used.")
    reasons = sorted(audit["reject_reasons"].items(), key=lambda item: (-item[1], item[0]))[:MAX_ROWS]
    named = rejects.head(MAX_REJECTS).astype(str).to_numpy().tolist()
    caption = f"the first {MAX_REJECTS}; rejects.csv names all" if len(rejects) > MAX_REJECTS else ""
    tables = [Table(["Reason", "Images"], [list(reason) for reason in reasons])]
    tables.append(Table(["Image", "Reason"], named, caption=caption))
    return Section(title="Rejected", text="These are in no split.", tables=tables)

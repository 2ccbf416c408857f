"""The part of docs/results.md on which pictures `unmask monitor` calls another kind, from docs/monitoring.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MONITORING = Path("docs/monitoring.json")
HELD_OUT = "held-out"  # the test pictures of the archive that the model was trained on

OPENING = """## Is it still the same kind of pictures?

`unmask monitor` holds scored pictures against the validation pictures ([monitoring.md](monitoring.md)): the differences
in each measure, from 0 to 1, those that are drift in bold.
"""


def monitoring_section(monitoring: Mapping[str, Any]) -> str:
    """Writes the section.

    Args:
        monitoring: the content of docs/monitoring.json.

    Returns:
        Markdown; empty where nothing was measured.
    """
    if not monitoring:
        return ""
    sets = dict(sorted(monitoring["sets"].items(), key=lambda item: (item[0] != HELD_OUT, item[0])))
    titles = [f"{name} ({found['pictures']} pictures)" for name, found in sets.items()]
    measures = list(next(iter(sets.values()))["differences"])
    lines = [
        f"| measure | {' | '.join(titles)} |",
        f"| --- |{' --: |' * len(titles)}",
        *(f"| {measure} | {' | '.join(cell(found, measure) for found in sets.values())} |" for measure in measures),
    ]
    return "\n".join([OPENING, *lines, "", f"```\n{monitoring['command']}\n```", ""])


def cell(found: Mapping[str, Any], measure: str) -> str:
    """Writes one difference, in bold where it is drift."""
    text = f"{found['differences'][measure]:.3f}"
    return f"**{text}**" if measure in found["drift"] else text

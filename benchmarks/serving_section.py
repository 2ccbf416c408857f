"""The part of docs/serving.md that says how the service took hostile requests, from docs/serving-campaign.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.workspace import MeasurementError
from unmask import artifacts

PAGE = Path("docs/serving.md")
FOUND = Path("docs/serving-campaign.json")
START = "<!-- what follows is written by `python -m benchmarks.hostile_inputs` -->"
END = "<!-- up to here -->"
HEADER = """\
| kind | requests | verdict or page | refusals by status | refused as no HTTP | closed | left | slowest, s |
|---|--:|--:|--:|--:|--:|--:|--:|"""


def main() -> None:
    """Writes the section anew from the file."""
    page = PAGE.read_text(encoding="utf-8")
    artifacts.write_text(PAGE, replaced(page, section_of(artifacts.read_json(FOUND))))


def replaced(page: str, section: str) -> str:
    """Puts a section between the page's two marks.

    Raises:
        MeasurementError: the page has no such marks.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise MeasurementError(f"{PAGE} lacks the marks {START} and {END}")
    return f"{before}{START}\n\n{section}\n\n{END}{after}"


def section_of(found: Mapping[str, Any]) -> str:
    """Writes the table, and what became of the service."""
    after, neighbour = found["after"], found["neighbour"]
    said = (
        f"In {found['seconds']:.0f} seconds, on {found['machine']}. Another client, which posted a good picture again "
        f"and again meanwhile, got the same verdict {neighbour['requests']:,} times, after "
        f"{neighbour['slowest_seconds']:.1f} seconds at the latest. Afterwards the service was up, gave a good picture "
        f"the same verdict as before, byte for byte, and held {after['megabytes']} MB of memory, where it had held "
        f"{after['megabytes_before']} MB after 100 good requests."
    )
    return f"{table_of(found)}\n\n{said}"


def table_of(found: Mapping[str, Any]) -> str:
    """Writes the table: a line a kind."""
    return "\n".join([HEADER, *map(line_of, found["kinds"])])


def line_of(kind: Mapping[str, Any]) -> str:
    """Writes one kind's line; the refusals of the layer below are told apart."""
    endings = kind["endings"]
    given = sum(number for ending, number in endings.items() if ending.startswith("2"))
    refused = {ending: number for ending, number in endings.items() if ending.startswith("4")}
    if kind["of_http"]:
        refused["400"] -= kind["of_http"]
    statuses = ", ".join(f"{number} of {status}" for status, number in refused.items() if number)
    others = (kind["of_http"], endings.get("closed", 0), endings.get("gone", 0))
    counted = (number or "" for number in others)
    cells = (kind["kind"], kind["requests"], given or "", statuses, *counted, kind["slowest_seconds"])
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()

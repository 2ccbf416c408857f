"""A page of HTML that needs nothing else: no script, no network, pictures inside. It shares its look with the audit's.

Every text is escaped: names of pictures and sets come from archives that nobody vouches for.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmask.data.audit.page import Table, templates

TEMPLATE = Path(__file__).with_name("report_page.html.j2")
VALUE = r"[+-]?[\d,.]+(e[+-]?\d+)?"
NUMBER = re.compile(rf"{VALUE}( \({VALUE} to {VALUE}\)| to {VALUE}| ± {VALUE})?")
LONG_WORD = re.compile(r"\S{40}")  # a hash, or a path
LONG_TEXT = 32  # characters, from where on a cell may break into lines
WIDE = 1.5  # times as wide as high, from where on a picture gets a line of its own


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows."""

    png: bytes
    alt: str
    caption: str = ""

    @property
    def address(self) -> str:
        """Gives the picture itself as a `data:` address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    @property
    def width(self) -> int:
        """Gives the width in pixels: a PNG's bytes 16 to 19."""
        return int.from_bytes(self.png[16:20])

    @property
    def height(self) -> int:
        """Gives the height in pixels: a PNG's bytes 20 to 23."""
        return int.from_bytes(self.png[20:24])

    @property
    def is_wide(self) -> bool:
        """Whether it gets a line of its own."""
        return self.width > WIDE * self.height


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        text: a paragraph; empty for none.
        warnings: shown first, each in a box.
        findings: of the audit: `verdict`, `statement`, `advice`.
        tables: each scrolls where it is wider than the screen.
        pictures: below the tables.
        commands: lines to copy.
    """

    title: str
    text: str = ""
    warnings: Sequence[str] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    commands: Sequence[str] = ()

    @property
    def anchor(self) -> str:
        """Gives what a link to this part ends with."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class ReportPage:
    """The page.

    Attributes:
        title: its heading.
        source: a line below it.
        sections: its parts.
        prose: HTML that is already safe, before them.
    """

    title: str
    source: str
    sections: Sequence[Section] = ()
    prose: str = ""


def render(page: ReportPage) -> str:
    """Writes the page.

    Args:
        page: what to show.

    Returns:
        HTML, whole in itself.
    """
    environment = templates(TEMPLATE.parent)
    environment.filters["kinds"] = kinds
    return environment.get_template(TEMPLATE.name).render(page=page) + "\n"


def kinds(table: Table) -> list[str]:
    """Names the style of each column of a table.

    Returns:
        "number", "long" (a word that must be broken), "text" (may go on in a further line), or nothing.
    """
    return [kind([row[place] for row in table.rows]) for place in range(len(table.header))]


def kind(cells: Sequence[str | int | float]) -> str:
    """Names the style of a column by its cells; an empty cell may stand in any."""
    texts = [value for value in cells if isinstance(value, str) and value]
    if any(LONG_WORD.search(text) for text in texts):
        return "long"
    if all(NUMBER.fullmatch(text) for text in texts):
        return "number" if any(value != "" for value in cells) else ""
    return "text" if any(len(text) > LONG_TEXT for text in texts) else ""

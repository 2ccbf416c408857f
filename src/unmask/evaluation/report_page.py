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
NUMBER = re.compile(r"[+-]?\d")
LONG_WORD = re.compile(r"\S{40}")  # a hash, or a path
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
    environment.filters["kind"] = kind
    return environment.get_template(TEMPLATE.name).render(page=page) + "\n"


def kind(value: str | int | float) -> str:
    """Names the style of a table's cell: "number", "long" where it holds a word that must be broken, or none."""
    if not isinstance(value, str) or (NUMBER.match(value) and not LONG_WORD.search(value)):
        return "number"
    return "long" if LONG_WORD.search(value) else ""

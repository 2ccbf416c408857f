"""The audit's pages, read as a browser reads them."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from unmask.records import Source

LOADING = ("src", "srcset", "href", "xlink:href", "data", "poster", "background", "action", "formaction")


class ReadPage(HTMLParser):
    """What a page holds.

    Attributes:
        elements: the name and the attributes of each element, in order.
        rows: the texts of the cells of each row of a table, in order.
        texts: all that can be read, in order; no styles.
        fetched: addresses that a browser would load from elsewhere.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.fetched = re.findall(r"url\([^)]*\)|@import[^;]*", page)
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        addresses = (attributes[name] for name in LOADING if name in attributes)
        self.fetched += [address for address in addresses if not address.startswith("data:")]
        self.inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("td", "th"):
            self.rows[-1][-1] += data
        if self.inside != "style" and data.strip():
            self.texts.append(data.strip())

    @property
    def tags(self) -> set[str]:
        """Gives the names of all elements."""
        return {tag for tag, _ in self.elements}

    @property
    def verdicts(self) -> list[str]:
        """Gives the findings' verdicts, in order."""
        classes = [attributes.get("class", "").split() for _, attributes in self.elements]
        return [names[1] for names in classes if names[:1] == ["verdict"]]

    def pairs(self) -> list[list[tuple[str, str]]]:
        """Gives the pictures, name and address, that lie side by side in each pair."""
        starts = [number for number, (_, attributes) in enumerate(self.elements) if attributes.get("class") == "sides"]
        spans = pairwise([*starts, len(self.elements)])
        images = [[shown for tag, shown in self.elements[start:end] if tag == "img"] for start, end in spans]
        return [[(shown["alt"], shown["src"]) for shown in both] for both in images]


@pytest.fixture
def read_page() -> Callable[[str], ReadPage]:
    """Reads a page."""
    return ReadPage


@pytest.fixture
def source() -> Source:
    """Where an archive might come from."""
    return Source("someone/faces", "3", "", "CC BY 4.0", "faces.zip", 1234567, "0123456789abcdef" * 4)

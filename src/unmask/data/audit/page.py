"""The audit as one page of HTML that needs nothing else: no script, no network, pictures inside.

Every text is escaped: names of members come from archives that nobody vouches for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from unmask.data.audit.findings import FINE, STOP, WARNING, Finding

TEMPLATE = Path(__file__).with_name("page.html.j2")


@dataclass(frozen=True)
class Table:
    """Rows below a header; cells that are numbers are set to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    caption: str = ""


@dataclass(frozen=True)
class Bar:
    """An AUC between 0.5, chance, and 1.

    Attributes:
        label: what it is of.
        value: the AUC.
        error: its standard error.
        limit: from where on it is too much.
        note: what tells most.
    """

    label: str
    value: float
    error: float
    limit: float
    note: str

    @property
    def is_over(self) -> bool:
        """Whether it lies above the limit by more than twice its standard error."""
        return self.value - 2 * self.error > self.limit

    @property
    def width_percent(self) -> float:
        """Says how far the bar reaches."""
        return round(200 * min(max(self.value - 0.5, 0.0), 0.5), 1)

    @property
    def limit_percent(self) -> float:
        """Says where the limit is drawn."""
        return round(200 * min(max(self.limit - 0.5, 0.0), 0.5), 1)


@dataclass(frozen=True)
class Side:
    """One picture of a pair: its name, its class and split, and a `data:` address, or nothing to show."""

    name: str
    about: str
    picture: str


@dataclass(frozen=True)
class Pair:
    """Two pictures side by side."""

    left: Side
    right: Side
    about: str
    is_alarming: bool


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    text: str
    tables: Sequence[Table] = ()
    bars: Sequence[Bar] = ()
    pairs: Sequence[Pair] = ()


@dataclass(frozen=True)
class Page:
    """The page: what was audited, what was found, and the parts that show it."""

    title: str
    source: str
    findings: Sequence[Finding]
    sections: Sequence[Section] = ()

    @property
    def sorted_findings(self) -> list[Finding]:
        """Gives the findings, the worst first."""
        return sorted(self.findings, key=lambda finding: (STOP, WARNING, FINE).index(finding.verdict))


def render(page: Page) -> str:
    """Writes the page.

    Args:
        page: what to show.

    Returns:
        HTML, whole in itself.
    """
    return templates().get_template(TEMPLATE.name).render(page=page) + "\n"


def templates(*folders: Path) -> jinja2.Environment:
    """Makes what renders pages: every text is escaped, and a name that is missing is an error.

    Args:
        folders: of further templates, which may extend this one and so share its look.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, TEMPLATE.parent]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["cell"] = cell
    return environment


def cell(value: str | int | float) -> str:
    """Spells a table's cell."""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"

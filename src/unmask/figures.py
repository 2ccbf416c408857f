"""What all figures share: colours, PNG bytes, and pictures side by side. Returns figures and bytes, writes nothing.

Figures are made without pyplot, which keeps global state. The colours are Okabe and Ito's, told apart by
colour-blind readers too: blue is real, vermilion fake, green a model's curve, the same in every figure.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from matplotlib.figure import Figure

from unmask.records import FAKE, REAL

REAL_COLOUR = "#0072B2"
FAKE_COLOUR = "#D55E00"
MODEL_COLOUR = "#009E73"
COLOURS = {REAL: REAL_COLOUR, FAKE: FAKE_COLOUR}
INK = "#222222"
DOTS_PER_INCH = 110

CELL_INCHES = 1.25
LINE_INCHES = 0.17
TITLE_INCHES = 0.75
MARGIN_INCHES = 0.15
LEAST_WIDTH_INCHES = 6.0  # of a figure: its title needs it


@dataclass(frozen=True)
class Exhibit:
    """One picture of a gallery.

    Attributes:
        image: (height, width, 3), uint8.
        label: 0 or 1; sets the colour.
        caption: the lines below it, the first in the label's colour.
    """

    image: npt.NDArray[Any]
    label: int
    caption: Sequence[str]


def png(figure: Figure) -> bytes:
    """Gives a figure as PNG; the same figure gives the same bytes, as neither date nor version is in them."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def gallery(exhibits: Sequence[Exhibit], *, columns: int, headline: str, detail: str) -> Figure:
    """Lays pictures out side by side.

    Args:
        exhibits: one at least; as many lines of caption each as the first has.
        columns: pictures a row, at most.
        headline: the title in bold.
        detail: a plain line below it.
    """
    columns = min(columns, len(exhibits))
    rows = math.ceil(len(exhibits) / columns)
    caption_inches = LINE_INCHES * len(exhibits[0].caption) + 0.1
    row_inches = CELL_INCHES + caption_inches
    width = max(LEAST_WIDTH_INCHES, columns * (CELL_INCHES + MARGIN_INCHES) + MARGIN_INCHES)
    height = TITLE_INCHES + rows * row_inches + MARGIN_INCHES
    figure = Figure(figsize=(width, height))
    left, top = MARGIN_INCHES / width, 1 - MARGIN_INCHES / height
    figure.text(left, top, headline, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(left, top - 0.28 / height, detail, fontsize=10, color=INK, va="top")
    for number, exhibit in enumerate(exhibits):
        row, column = divmod(number, columns)
        x = MARGIN_INCHES + column * (CELL_INCHES + MARGIN_INCHES)
        y = height - TITLE_INCHES - row * row_inches - CELL_INCHES
        axes = figure.add_axes((x / width, y / height, CELL_INCHES / width, CELL_INCHES / height))
        axes.imshow(exhibit.image)
        axes.set_axis_off()
        for line, text in enumerate(exhibit.caption):
            colour = INK if line else COLOURS[exhibit.label]
            below = (y - 0.04 - line * LINE_INCHES) / height
            figure.text(x / width, below, text, fontsize=9 if line == 0 else 7, color=colour, va="top")
    return figure

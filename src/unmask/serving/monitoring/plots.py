"""Draws how two sets of pictures are distributed in a measure; returns figures, writes nothing."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from unmask.evaluation.plots import FAINT, margins, plain, title
from unmask.figures import MODEL_COLOUR
from unmask.serving.monitoring.compare import Comparison, count

SIZE_INCHES = (5.6, 3.9)
BINS = 25
NEW, REFERENCE = "scored now", "reference"
BAR_WIDTH = 0.4
HEADROOM = 1.15  # for the legend
FEW_CLASSES = 4  # bars of fewer are no wider
MANY_CLASSES = 6  # from where on their names would run into one another


def draw(comparison: Comparison, reference: pd.DataFrame, new: pd.DataFrame) -> Figure:
    """Draws one measure.

    Args:
        comparison: of it, which was tested.
        reference: the pictures it was compared with.
        new: those that were compared.
    """
    figure = Figure(figsize=SIZE_INCHES, layout=margins())
    axes = figure.add_subplot()
    measure = comparison.measure
    one, other = reference[measure.name], new[measure.name]
    if measure.is_continuous:
        draw_histograms(axes, one.dropna(), other.dropna())
    else:
        draw_classes(axes, one, other, absent=measure.absent)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("of the pictures")
    plain(axes)
    top = HEADROOM * axes.get_ylim()[1]
    axes.set_ylim(0, top)
    axes.set_yticks([tick for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, top) if tick <= min(1, top)])
    axes.legend(frameon=False, loc="upper right", ncols=2)
    title(axes, measure.title, f"{'DRIFT' if comparison.is_drift else 'no drift'}: {spelt(comparison)}")
    return figure


def spelt(comparison: Comparison) -> str:
    """Says what was found, in few words."""
    return f"difference {comparison.difference:.2f}, p {p_text(comparison.corrected)}"


def p_text(p_value: float) -> str:
    """Spells a p-value."""
    return f"= {p_value:.2g}" if p_value >= 0.001 else "< 0.001"


def draw_histograms(axes: Axes, reference: "pd.Series[float]", new: "pd.Series[float]") -> None:
    """Draws a continuous measure."""
    edges = np.histogram_bin_edges(pd.concat([reference, new]), bins=BINS)
    for values, colour, name, is_filled in ((reference, FAINT, REFERENCE, True), (new, MODEL_COLOUR, NEW, False)):
        shares = np.histogram(values, edges)[0] / len(values)
        axes.stairs(shares, edges, fill=is_filled, color=colour, alpha=0.5 if is_filled else 1, linewidth=2, label=name)


def draw_classes(axes: Axes, reference: "pd.Series[float]", new: "pd.Series[float]", *, absent: str) -> None:
    """Draws a measure that falls into classes."""
    counted = count(reference, new, absent=absent)
    places = np.arange(len(counted.names))
    before, now = counted.reference / counted.reference.sum(), counted.new / counted.new.sum()
    axes.bar(places - BAR_WIDTH / 2, before, BAR_WIDTH, color=FAINT, alpha=0.5, label=REFERENCE)
    axes.bar(places + BAR_WIDTH / 2, now, BAR_WIDTH, color=MODEL_COLOUR, label=NEW)
    axes.set_xticks(places, counted.names, rotation=30 if len(places) > MANY_CLASSES else 0)
    half = max(len(places), FEW_CLASSES) / 2
    middle = (len(places) - 1) / 2
    axes.set_xlim(middle - half, middle + half)

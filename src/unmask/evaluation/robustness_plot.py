"""Draws the grid of perturbations as a heatmap, one panel a model."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from unmask.evaluation.plots import title
from unmask.figures import INK
from unmask.perturbations import PERTURBATIONS

CHANCE = 0.5
PANEL_INCHES, ROW_INCHES, LABEL_INCHES = 4.6, 0.42, 2.0
BRIGHT = 0.62  # of the colour map's range: from here on ink is dark


def draw(grids: Mapping[str, pd.DataFrame]) -> Figure:
    """Draws accuracy at the fixed threshold, a row a perturbation, a column a severity.

    Args:
        grids: model name to the table of `robustness.measure_grid`.

    Returns:
        A figure; the colours run from chance to 1 in every panel, so that panels can be compared.
    """
    num_rows = len(PERTURBATIONS)
    size = (LABEL_INCHES + PANEL_INCHES * len(grids), 1.4 + ROW_INCHES * num_rows)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    panels = figure.subplots(1, len(grids), squeeze=False, sharey=True)[0]
    for axes, (name, grid) in zip(panels, grids.items(), strict=True):
        panel(axes, grid, name=name)
    names = [f"{name.replace('_', ' ')}\n{one.UNIT}" for name, one in PERTURBATIONS.items()]
    panels[0].set_yticks(range(num_rows), names, fontsize=8, linespacing=1.4)
    return figure


def panel(axes: Axes, grid: pd.DataFrame, *, name: str) -> None:
    """Draws one model's grid: in each cell the accuracy, below it what the severity means."""
    plain = grid[grid["severity"] == 0].iloc[0]
    table = grid[grid["severity"] > 0].pivot(index="perturbation", columns="severity", values="accuracy_score")
    values = table.reindex(list(PERTURBATIONS)).to_numpy(dtype=float)
    axes.imshow(np.ma.masked_invalid(values), cmap="viridis", vmin=CHANCE, vmax=1.0, aspect="auto")
    for row, one in enumerate(PERTURBATIONS.values()):
        for column, amount in enumerate(one.AMOUNTS):
            share = (values[row, column] - CHANCE) / (1 - CHANCE)
            ink = INK if share > BRIGHT else "white"
            axes.text(column, row - 0.08, f"{values[row, column]:.2f}", ha="center", va="center", fontsize=9, color=ink)
            axes.text(column, row + 0.3, f"{amount:g}", ha="center", va="center", fontsize=6, color=ink)
    axes.set_xticks(range(values.shape[1]), [str(severity) for severity in table.columns])
    axes.set_xlabel("severity; below each accuracy what it means there")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    mean = values[np.isfinite(values)].mean()
    detail = f"{plain['accuracy_score']:.3f} untouched, {mean:.3f} on average; {plain['images']} test images"
    title(axes, f"{name}: accuracy on perturbed pictures", detail)

"""Draws a model's curves; returns figures, writes nothing."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter, StrMethodFormatter

from unmask.evaluation.bootstrap import Interval
from unmask.evaluation.metrics import decide
from unmask.evaluation.report import Evaluation
from unmask.evaluation.shares import wilson
from unmask.figures import FAKE_COLOUR, INK, MODEL_COLOUR, REAL_COLOUR
from unmask.records import FAKE, REAL

FAINT = "#8A8A8A"
GRID = "#E4E4E4"


def draw(evaluation: Evaluation, *, curves: Mapping[str, pd.DataFrame], model_name: str) -> dict[str, Figure]:
    """Draws every plot of one model on the test split.

    Args:
        evaluation: the model's metrics, for the titles.
        curves: the tables of `curves.curves`.
        model_name: for the titles.

    Returns:
        File stem to figure: "confusion", "roc", "precision_recall", "reliability".
    """
    drawings = {
        "confusion": confusion,
        "roc": roc,
        "precision_recall": precision_recall,
        "reliability": reliability,
    }
    return {name: drawing(evaluation, curves[name], model_name) for name, drawing in drawings.items()}


def confusion(evaluation: Evaluation, table: pd.DataFrame, model_name: str) -> Figure:
    """Draws how many images of each kind are called what."""
    names = ["real", "fake"]
    counts = pd.crosstab(table["actual"], table["predicted"]).reindex(index=names, columns=names, fill_value=0)
    values = counts.to_numpy()
    shares = values / values.sum(axis=1, keepdims=True)
    figure = Figure(figsize=(6.0, 5.6), layout=margins())
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in (REAL, FAKE):
        for column in (REAL, FAKE):
            ink = "white" if shares[row, column] > 0.55 else INK
            axes.text(column, row, f"{values[row, column]:,}", ha="center", va="bottom", fontsize=22, color=ink)
            share = f"{shares[row, column]:.1%} of the {names[row]}"
            axes.text(column, row + 0.06, share, ha="center", va="top", fontsize=11, color=ink)
    axes.set_xticks([REAL, FAKE], [f"called {name}" for name in names])
    axes.set_yticks([REAL, FAKE], [f"{name}\n({values[row].sum():,})" for row, name in enumerate(names)])
    axes.set_ylabel("what the images are")
    axes.set_xlabel("what the model calls them")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    headline = f"threshold {evaluation.threshold:.3g}; {interval_text(evaluation, 'accuracy_score')}"
    title(axes, f"{model_name}: decisions on the test images", headline)
    return figure


def roc(evaluation: Evaluation, table: pd.DataFrame, model_name: str) -> Figure:
    """Draws the ROC curve, with the point at which the model decides."""
    figure, axes = square_of_shares()
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1, label="chance")
    axes.plot(table["false_positive_rate"], table["true_positive_rate"], color=MODEL_COLOUR, linewidth=2, label="model")
    decisions = decide(evaluation.test_predictions.scores, evaluation.threshold)
    false_alarms = decisions[evaluation.test_predictions.labels == REAL].mean()
    mark_threshold(axes, evaluation, x=float(false_alarms), y=evaluation.test["recall_score"].value)
    axes.set_xlabel("real images called fake (false positive rate)")
    axes.set_ylabel("fakes caught (true positive rate)")
    axes.legend(loc="lower right", frameon=False)
    title(axes, f"{model_name}: ROC on the test images", interval_text(evaluation, "roc_auc_score"))
    return figure


def precision_recall(evaluation: Evaluation, table: pd.DataFrame, model_name: str) -> Figure:
    """Draws precision against recall, with the point at which the model decides."""
    figure, axes = square_of_shares()
    fake_share = evaluation.test_predictions.labels.mean()
    axes.axhline(fake_share, color=FAINT, linestyle="--", linewidth=1, label="chance (the share of fakes)")
    axes.plot(table["recall"], table["precision"], color=MODEL_COLOUR, linewidth=2, label="model")
    x, y = evaluation.test["recall_score"].value, evaluation.test["precision_score"].value
    mark_threshold(axes, evaluation, x=x, y=y)
    axes.set_xlabel("fakes caught (recall)")
    axes.set_ylabel("fakes among images called fake (precision)")
    axes.legend(loc="lower left", frameon=False)
    headline = interval_text(evaluation, "average_precision_score")
    title(axes, f"{model_name}: precision and recall on the test images", headline)
    return figure


def reliability(evaluation: Evaluation, table: pd.DataFrame, model_name: str) -> Figure:
    """Draws whether scores can be read as probabilities, and below it how many images got which score."""
    figure = Figure(figsize=(6.0, 7.2), layout=margins())
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.3])
    upper.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1, label="scores that are probabilities")
    confidence = evaluation.confidence
    spread = wilson(table["fake_share"].to_numpy(), table["images"].to_numpy(), confidence=confidence)
    interval = f"{confidence:.0%} interval of the share, image by image"
    upper.vlines(table["mean_score"], *spread, color=MODEL_COLOUR, linewidth=1.2, label=interval)
    line = {"color": MODEL_COLOUR, "linewidth": 2, "marker": "o", "markersize": 5}
    upper.plot(table["mean_score"], table["fake_share"], **line, label="model")
    upper.set_ylabel("share of fakes")
    upper.legend(loc="best", frameon=False)
    share_axis(upper)
    widths = 0.9 * (table["high"] - table["low"])
    middles = (table["high"] + table["low"]) / 2
    reals = table["images"] - table["fakes"]
    lower.bar(middles, reals, width=widths, color=REAL_COLOUR, label="real")
    lower.bar(middles, table["fakes"], width=widths, bottom=reals, color=FAKE_COLOUR, label="fake")
    lower.axvline(evaluation.threshold, color=INK, linewidth=1.2, linestyle=":", label="threshold")
    lower.set_ylabel("images")
    lower.set_xlabel("score: the model's P(fake)")
    # The frame hides the threshold's line behind the legend.
    lower.legend(loc="upper center", ncols=3, framealpha=1, edgecolor="none")
    lower.margins(y=0.3)
    plain(lower)
    lower.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    lower.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    headline = (
        f"Brier error {evaluation.test['brier_error'].value:.3f}, log loss {evaluation.test['log_loss'].value:.3f}"
    )
    title(upper, f"{model_name}: can its scores be believed?", f"{headline} on the test images")
    return figure


def square_of_shares() -> tuple[Figure, Axes]:
    """Makes an empty square plot whose axes both run from 0 to 100%."""
    figure = Figure(figsize=(6.0, 6.2), layout=margins())
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    share_axis(axes)
    return figure, axes


def margins() -> ConstrainedLayoutEngine:
    """Leaves a little air around a figure, in inches."""
    return ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)


def share_axis(axes: Axes) -> None:
    """Lets both axes run from 0 to 1, the vertical one in percent, with a little air around the curves."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    plain(axes)


def plain(axes: Axes) -> None:
    """Gives axes the look that all plots share: no box, a faint grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def mark_threshold(axes: Axes, evaluation: Evaluation, *, x: float, y: float) -> None:
    """Marks where on a curve the model decides."""
    label = f"threshold {evaluation.threshold:.3g}"
    axes.plot([x], [y], "o", color="white", markeredgecolor=INK, markeredgewidth=1.8, markersize=9, label=label)


def title(axes: Axes, headline: str, detail: str) -> None:
    """Sets a bold title with one plain line below it."""
    axes.set_title(headline, loc="left", fontsize=13, fontweight="bold", color=INK, pad=24)
    axes.annotate(
        detail, (0, 1), xytext=(0, 9), xycoords="axes fraction", textcoords="offset points", fontsize=10, color=INK
    )


def interval_text(evaluation: Evaluation, name: str) -> str:
    """Says a metric with its interval: "accuracy 0.790 (95% interval 0.743 to 0.833)"."""
    interval: Interval = evaluation.test[name]
    confidence = f"{100 * evaluation.confidence:g}%"
    words = name.removesuffix("_score").replace("_", " ").replace("roc auc", "ROC AUC")
    return f"{words} {interval.value:.3f} ({confidence} interval {interval.low:.3f} to {interval.high:.3f})"

"""Draws the mean spectra of real and fake images, and of those that a model judges wrongly."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from unmask.evaluation.appearance import Appearance, Spectrum, pooled, radial
from unmask.evaluation.plots import plain, title
from unmask.figures import FAKE_COLOUR, INK, REAL_COLOUR
from unmask.records import FAKE, REAL

LEAST_IMAGES = 3  # a mean of fewer is a picture of one of them
SPAN = 1.0  # tenfold power, up or down: the ends of the differences' colours
RIGHT_AND_WRONG = (True, False)


def draw(appearance: Appearance, *, model_name: str) -> Figure:
    """Draws six panels: both classes and their difference; what the errors of each class have more of; the means.

    Args:
        appearance: of the test split.
        model_name: for the title.
    """
    figure = Figure(figsize=(11.5, 8.2), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
    figure.suptitle(
        f"{model_name}: mean spectra of the test images, and of its errors",
        x=0.02, ha="left", fontsize=13, fontweight="bold", color=INK,
    )  # fmt: skip
    panels = figure.subplots(2, 3)
    spectra = appearance.spectra
    real, fake = (pooled(spectra, [(label, right) for right in RIGHT_AND_WRONG]) for label in (REAL, FAKE))
    power(panels[0, 0], real, name="real")
    power(panels[0, 1], fake, name="fake")
    shown = difference(panels[0, 2], fake, real, name="fake less real")
    difference(
        panels[1, 0], spectra.get((REAL, False)), spectra.get((REAL, True)), name="reals called fake, less others"
    )
    difference(
        panels[1, 1], spectra.get((FAKE, False)), spectra.get((FAKE, True)), name="fakes called real, less others"
    )
    if shown is not None:
        bar = figure.colorbar(shown, ax=[panels[0, 2], panels[1, 0], panels[1, 1]], location="bottom", shrink=0.5)
        bar.set_label("difference in log10 of power", color=INK)
    profiles(panels[1, 2], {"real": (real, REAL_COLOUR), "fake": (fake, FAKE_COLOUR)})
    return figure


def power(axes: Axes, spectrum: Spectrum | None, *, name: str) -> None:
    """Shows one spectrum."""
    values = usable(spectrum)
    frame(axes, spectrum, name=name, is_empty=values is None)
    if values is not None:
        axes.imshow(values, cmap="viridis")


def difference(axes: Axes, one: Spectrum | None, other: Spectrum | None, *, name: str) -> AxesImage | None:
    """Shows what the first has more of (red) or less (blue); gives what was drawn, for the colours' key."""
    values, others = usable(one), usable(other)
    if values is None or others is None:
        frame(axes, one, name=name, is_empty=True)
        return None
    frame(axes, one, name=name, is_empty=False)
    return axes.imshow(values - others, cmap="RdBu_r", vmin=-SPAN, vmax=SPAN)


def usable(spectrum: Spectrum | None) -> NDArray[np.float64] | None:
    """Gives the values of a spectrum that is of enough images."""
    return spectrum.values if spectrum is not None and spectrum.images >= LEAST_IMAGES else None


def frame(axes: Axes, spectrum: Spectrum | None, *, name: str, is_empty: bool) -> None:
    """Names a panel, and says in it where there is nothing to draw."""
    title(axes, name, f"{spectrum.images if spectrum else 0:,} images")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    if is_empty:
        axes.text(0.5, 0.5, "too few images", ha="center", va="center", transform=axes.transAxes, color=INK)


def profiles(axes: Axes, named: dict[str, tuple[Spectrum | None, str]]) -> None:
    """Draws the means over all directions."""
    for name, (spectrum, colour) in named.items():
        values = usable(spectrum)
        if values is not None:
            means = radial(values)
            axes.plot(np.arange(means.size) / len(values), means, color=colour, linewidth=2, label=name)
    axes.set_xlabel("frequency, cycles a pixel")
    axes.set_ylabel("log10 of power")
    axes.legend(frameon=False)
    plain(axes)
    title(axes, "both classes", "mean over all directions")

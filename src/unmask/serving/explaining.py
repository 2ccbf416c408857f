"""Why a detector judged a picture as it did: what it saw, where it saw what speaks for its answer, and the spectrum.

Importing this module imports Keras' backend (seconds): gradients are Keras' alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unmask.data.archives.names import shown
from unmask.data.pictures.decoding import LUMINANCE, Pixels
from unmask.errors import EvaluationError
from unmask.evaluation.appearance import spectrum
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.explanation.sheets import overlay
from unmask.figures import COLOURS, INK
from unmask.records import FAKE, LABEL_NAMES
from unmask.serving.bundle.manifest import KERAS_FILE, checked, read_manifest
from unmask.serving.bundle.read import DEFAULT_ENGINE, load_bundle
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network
from unmask.serving.export import load_exported
from unmask.serving.locate import KERAS_SUFFIX, bundle_of
from unmask.serving.pictures import PictureLike, read_picture
from unmask.serving.verdict import Verdict

MOST_FACES = 4  # of one picture, that are shown
ROW_INCHES, WIDTH_INCHES, TITLE_INCHES = 2.9, 8.6, 0.6
LABELS = {name: label for label, name in LABEL_NAMES.items()}


@dataclass(frozen=True)
class Reason:
    """What speaks for a verdict on a picture, or on one face in it.

    Attributes:
        verdict: the detector's.
        pixels: what the network saw, (size, size, 3), uint8.
        heatmap: where it saw what speaks for its answer, (size, size), [0, 1].
    """

    verdict: Verdict
    pixels: Pixels
    heatmap: NDArray[np.float32]

    @property
    def overlay(self) -> Pixels:
        """Gives the picture in grey below its heatmap, (size, size, 3), uint8."""
        return overlay(self.pixels, self.heatmap)


def load_with_network(
    model: str, *, bundles: Path, reports: Path, engine: str = DEFAULT_ENGINE
) -> tuple[Detector, Any]:
    """Loads a detector, and its network in Keras' hands.

    Args:
        model: see `locate.locate`.
        bundles: the folder of all bundles.
        reports: the folder of all reports.
        engine: what computes verdicts; an exported file is Keras' alone.

    Raises:
        TrackingError: the registry has no such detector.
        EvaluationError: there is no such detector, or a file of it is missing or damaged.
        ConfigError: there is no such engine.
    """
    if model.endswith(KERAS_SUFFIX):
        detector = load_exported(Path(model))
        return detector, network_of(detector)
    with bundle_of(model, bundles=bundles, reports=reports) as folder:
        return load_bundle(folder, engine=engine), load_network(folder)


def load_network(bundle: Path) -> Any:
    """Loads the network of a bundle for gradients, after its hash was checked; no code in the file is run.

    Raises:
        EvaluationError: the file is missing, damaged, or no exported detector.
    """
    return network_of(load_exported(checked(bundle, read_manifest(bundle), KERAS_FILE)))


def network_of(detector: Detector) -> Any:
    """Gives the network of a detector that Keras computes."""
    if not isinstance(detector.engine, Network):
        raise EvaluationError(f"{detector.name} is not in Keras' hands")
    return detector.engine.model


def reasons_of(detector: Detector, network: Any, source: PictureLike) -> list[Reason]:
    """Explains a picture.

    Args:
        detector: judges it.
        network: the detector's own, in Keras' hands.
        source: see `pictures.read_picture`.

    Returns:
        A reason for the whole picture, or for each of its faces, the one most likely fake first.

    Raises:
        ImageError: the picture is missing, damaged or refused.
        EvaluationError: the network cannot be explained.
    """
    views = detector.views(read_picture(source))
    answers = detector.engine.answers([view.pixels for view in views])
    verdicts = [detector.judge_view(answer, view) for answer, view in zip(answers, views, strict=True)]
    images = np.stack([view.pixels for view in views])
    directions = np.array([1.0 if LABELS[verdict.label] == FAKE else -1.0 for verdict in verdicts])
    heatmaps = grad_cam(network, images, directions=directions)
    reasons = [
        Reason(verdict, view.pixels, heatmap) for verdict, view, heatmap in zip(verdicts, views, heatmaps, strict=True)
    ]
    return sorted(reasons, key=lambda reason: -reason.verdict.score)


def draw(reasons: Sequence[Reason], *, name: str, model: str) -> Figure:
    """Draws what was seen, the heatmap and the spectrum side by side, a row for each face.

    Args:
        reasons: one at least; of more than `MOST_FACES` the first.
        name: the picture's.
        model: the detector's.
    """
    drawn = list(reasons)[:MOST_FACES]
    height = TITLE_INCHES + ROW_INCHES * len(drawn)
    figure = Figure(figsize=(WIDTH_INCHES, height))
    top, style = 1 - 0.12 / height, {"fontsize": 12, "fontweight": "bold", "color": INK}
    title = figure.text(0.02, top, f"{shown(name)}, by {model}", style, va="top")
    title.set_parse_math(False)  # a name may hold dollars, which stand for formulas
    grid = figure.subplots(len(drawn), 3, squeeze=False)
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.04, top=1 - TITLE_INCHES / height - 0.03, wspace=0.06)
    for axes, reason in zip(grid, drawn, strict=True):
        verdict = reason.verdict
        why = f"what speaks for {verdict.label}" if reason.heatmap.any() else "nothing speaks for it"
        panel(axes[0], reason.pixels, title=f"{verdict.label}, P(fake) {verdict.score:.3f}")
        axes[0].title.set_color(COLOURS[LABELS[verdict.label]])
        panel(axes[1], reason.overlay, title=why)
        panel(axes[2], spectrum(reason.pixels @ np.array(LUMINANCE)), title="spectrum: log10 of power")
    return figure


def panel(axes: Any, image: NDArray[Any], *, title: str) -> None:
    """Shows one picture."""
    axes.imshow(image, cmap="viridis")
    axes.set_title(title, fontsize=9, color=INK)
    axes.set_axis_off()

"""All that is found out about one model, and the tables and figures that say it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from unmask.config import EvaluateConfig
from unmask.evaluation import plots, robustness, robustness_plot, spectra_plot
from unmask.evaluation.appearance import Appearance, observe
from unmask.evaluation.curves import curves
from unmask.evaluation.predict import Batches, Model
from unmask.evaluation.report import Evaluation, evaluate
from unmask.evaluation.slices import measure_slices, slices_of
from unmask.perturbations import PERTURBATIONS
from unmask.records import TEST, VALIDATION

if TYPE_CHECKING:
    from unmask.evaluation.explanation.explain import Explanation

ReadSplit = Callable[[str], Batches]  # a split's name to its batches, from the first on


@dataclass(frozen=True)
class Findings:
    """What is known of one model.

    Attributes:
        evaluation: threshold, calibration and metrics.
        predictions: `records.PREDICTION_COLUMNS`, of the test split.
        slices: of the test split, `slices.COLUMNS`.
        curves: what the plots are drawn from, by name.
        appearance: of the test split.
        sheets: the validation images it is most wrong about and least sure of, with why.
        explanation: how far that can be believed.
        grid: `robustness.COLUMNS`; None where it was switched off.
    """

    evaluation: Evaluation
    predictions: pd.DataFrame
    slices: pd.DataFrame
    curves: Mapping[str, pd.DataFrame]
    appearance: Appearance
    sheets: Mapping[str, Figure]
    explanation: "Explanation"
    grid: pd.DataFrame | None

    def summary(self) -> dict[str, Any]:
        """Gives what `metrics.json` holds of it."""
        grid = {} if self.grid is None else {"robustness": robustness.summary(self.grid)}
        return {**self.evaluation.summary(), **grid, "explanation": self.explanation.summary()}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Gives every table by the path of its file, without its ending."""
        tables = {"predictions": self.predictions, "slices": self.slices}
        if self.grid is not None:
            tables["robustness"] = self.grid
        return tables | {f"curves/{name}": table for name, table in self.curves.items()}

    def figures(self, *, model_name: str) -> dict[str, Figure]:
        """Draws every figure, by its name."""
        figures = plots.draw(self.evaluation, curves=self.curves, model_name=model_name)
        figures |= {"spectra": spectra_plot.draw(self.appearance, model_name=model_name), **self.sheets}
        if self.grid is not None:
            figures["robustness"] = robustness_plot.draw({model_name: self.grid})
        return figures


def find_out(  # noqa: PLR0913 - what is judged, by what, how
    model: Model,
    read: ReadSplit,
    *,
    name: str,
    records: pd.DataFrame,
    clusters: Mapping[str, str],
    config: EvaluateConfig,
    is_proper: bool,
) -> Findings:
    """Judges a model in every way.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        read: gives a split's batches: images (batch, size, size, 3) uint8, labels, members.
        name: the model's.
        records: `records.RECORD_COLUMNS`, of the test split at least.
        clusters: see `report.evaluate`.
        config: the section `evaluate`.
        is_proper: see `report.evaluate`.

    Raises:
        EvaluationError: see `report.evaluate`.
    """
    from unmask.evaluation.explanation import sheets  # here: they import Keras, which a caller may start silently
    from unmask.evaluation.explanation.explain import explain_first

    evaluation = evaluate(
        model,
        validation=read(VALIDATION),
        test=read(TEST),
        config=config,
        is_proper=is_proper,
        clusters=clusters,
    )
    predictions = evaluation.test_predictions.table(clusters)
    appearance = observe(read(TEST), is_right=evaluation.right_answers())
    return Findings(
        evaluation=evaluation,
        predictions=predictions,
        slices=measure_slices(
            predictions,
            slices_of(records, brightness=appearance.brightness),
            judge=evaluation.judge,
            least_images=config.slice_images,
        ),
        curves=curves(evaluation, bins=config.calibration_bins),
        appearance=appearance,
        sheets=sheets.draw(
            model,
            evaluation.validation_predictions,
            read(VALIDATION),
            threshold=evaluation.threshold,
            model_name=name,
        ),
        explanation=explain_first(
            model, read(VALIDATION), judge=evaluation.judge, seed=config.seed, batch_size=config.batch_size
        ),
        grid=measure_grid(model, read, evaluation=evaluation, clusters=clusters, config=config),
    )


def measure_grid(
    model: Model, read: ReadSplit, *, evaluation: Evaluation, clusters: Mapping[str, str], config: EvaluateConfig
) -> pd.DataFrame | None:
    """Measures the grid of perturbations on some of the test split; None where it is switched off."""
    if not config.robustness_images:
        return None
    return robustness.measure_grid(
        model,
        robustness.first_images(read(TEST), count=config.robustness_images),
        PERTURBATIONS,
        judge=evaluation.judge,
        clusters=clusters,
        seed=config.seed,
    )

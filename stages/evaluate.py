"""Judges one trained model: the threshold from validation, then metrics, curves and plots on the test split."""

import argparse
import logging
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from unmask import artifacts, config, environment
from unmask.console import progress, run_stage, silent_start
from unmask.data.clusters import clusters_of
from unmask.data.record_tables import read_copies, read_split
from unmask.data.shards import read_index
from unmask.evaluation import plots, robustness, robustness_plot
from unmask.evaluation.curves import curves
from unmask.evaluation.judge import Judge, read_report
from unmask.evaluation.predict import Batches, Model
from unmask.evaluation.report import Evaluation, evaluate
from unmask.figures import png
from unmask.perturbations import PERTURBATIONS
from unmask.records import TEST, VALIDATION

if TYPE_CHECKING:
    from unmask.evaluation.explanation.explain import Explanation

logger = logging.getLogger("unmask.stages.evaluate")


def main() -> None:
    """Reads a model and two splits, writes one folder of reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True, help="the model's name")
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True, help="what split made")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    section = config.load(arguments.params).evaluate
    started = time.monotonic()
    model_file = arguments.model_folder / "model.keras"
    logger.info("evaluate %s: %s on %s", arguments.model, model_file, arguments.shards)
    with silent_start():
        from unmask.models import saved
        from unmask.tracking import mirror
    model = saved.load(model_file)
    clusters = clusters_of(read_split(arguments.split / f"{TEST}.csv"), read_copies(arguments.split / "copies.csv"))
    evaluation = evaluate(
        model,
        validation=batches(arguments.shards, VALIDATION, batch_size=section.batch_size),
        test=batches(arguments.shards, TEST, batch_size=section.batch_size),
        config=section,
        is_proper=bool(read_report(arguments.model_folder / "training.json").get("score_is_probability", True)),
        clusters=clusters,
    )
    grid = measure_grid(model, evaluation, shards=arguments.shards, section=section, clusters=clusters)
    sheets, explanation = explain(model, evaluation, shards=arguments.shards, section=section, name=arguments.model)
    about = {
        "explanation": explanation.summary(),
        "model": arguments.model,
        "model_sha256": artifacts.sha256_of_file(model_file),
        "test_shards_sha256": read_index(arguments.shards / TEST).sha256,
    }
    with artifacts.atomic_path(arguments.output) as folder:
        write(folder, evaluation, about=about, bins=section.calibration_bins, grid=grid, clusters=clusters)
        for name, figure in sheets.items():
            (folder / "plots" / f"{name}.png").write_bytes(png(figure))
    mirror.record_evaluation(
        model_name=arguments.model,
        model_folder=arguments.model_folder,
        report_folder=arguments.output,
        section=section,
        environment=environment.read(),
    )
    seconds = time.monotonic() - started
    logger.info("evaluate %s: %s to %s in %.1f s", arguments.model, headline(evaluation), arguments.output, seconds)


def batches(shards: Path, split: str, *, batch_size: int) -> Batches:
    """Reads one split, with a progress bar."""
    with silent_start():
        from unmask.data.input.reading import evaluation_batches, steps
    total = steps(read_index(shards / split).records, batch_size)
    return progress(evaluation_batches(shards, split, batch_size), total=total, description=f"evaluate {split}")


def measure_grid(
    model: Model,
    evaluation: Evaluation,
    *,
    shards: Path,
    section: config.EvaluateConfig,
    clusters: Mapping[str, str],
) -> pd.DataFrame | None:
    """Measures the grid of perturbations on some of the test split; None where it is switched off."""
    if not section.robustness_images:
        return None
    return robustness.measure_grid(
        model,
        robustness.first_images(batches(shards, TEST, batch_size=section.batch_size), count=section.robustness_images),
        PERTURBATIONS,
        judge=Judge(evaluation.calibration, evaluation.threshold, section.confidence),
        clusters=clusters,
        seed=section.seed,
    )


def explain(
    model: Model, evaluation: Evaluation, *, shards: Path, section: config.EvaluateConfig, name: str
) -> tuple[dict[str, Figure], "Explanation"]:
    """Draws why the model judged some of validation as it did, and checks whether its reasons can be believed."""
    with silent_start():
        from unmask.evaluation.explanation import sheets
        from unmask.evaluation.explanation.explain import explain_first
    read = partial(batches, shards, VALIDATION, batch_size=section.batch_size)
    seen = evaluation.validation_predictions
    figures = sheets.draw(model, seen, read(), threshold=evaluation.threshold, model_name=name)
    judge = Judge(evaluation.calibration, evaluation.threshold, section.confidence)
    return figures, explain_first(model, read(), judge=judge, seed=section.seed, batch_size=section.batch_size)


def write(
    folder: Path,
    evaluation: Evaluation,
    *,
    about: dict[str, Any],
    bins: int,
    grid: pd.DataFrame | None,
    clusters: Mapping[str, str],
) -> None:
    """Writes everything that is known of one model."""
    extra = {} if grid is None else {"robustness": robustness.summary(grid)}
    artifacts.write_json(folder / "metrics.json", {**evaluation.summary(), **extra, **about})
    artifacts.write_csv(folder / "predictions.csv", evaluation.test_predictions.table(clusters))
    tables = curves(evaluation, bins=bins)
    for name, table in tables.items():
        artifacts.write_csv(folder / "curves" / f"{name}.csv", table)
    (folder / "plots").mkdir()
    for name, figure in plots.draw(evaluation, curves=tables, model_name=about["model"]).items():
        (folder / "plots" / f"{name}.png").write_bytes(png(figure))
    if grid is not None:
        artifacts.write_csv(folder / "robustness.csv", grid)
        heatmap = robustness_plot.draw({about["model"]: grid})
        (folder / "plots" / "robustness.png").write_bytes(png(heatmap))


def headline(evaluation: Evaluation) -> str:
    """Says the result in a few words."""
    accuracy = evaluation.test["accuracy_score"]
    num_images = len(evaluation.test_predictions.members)
    return f"accuracy {accuracy.value:.4f} ({accuracy.low:.4f} to {accuracy.high:.4f}) on {num_images} test images"


if __name__ == "__main__":
    run_stage(main)

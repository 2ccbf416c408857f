"""Judges one trained model: the threshold from validation, then metrics, curves and plots on the test split."""

import argparse
import logging
import time
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import progress, run_stage, silent_start
from unmask.data.shards import read_index
from unmask.errors import EvaluationError
from unmask.evaluation import plots, worst
from unmask.evaluation.curves import curves
from unmask.evaluation.predict import Batches
from unmask.evaluation.report import Evaluation, evaluate
from unmask.figures import png
from unmask.records import TEST, VALIDATION

logger = logging.getLogger("unmask.stages.evaluate")


def main() -> None:
    """Reads a model and two splits, writes one folder of reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True, help="the model's name")
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--shards", type=Path, required=True)
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
    evaluation = evaluate(
        saved.load(model_file),
        validation=batches(arguments.shards, VALIDATION, batch_size=section.batch_size),
        test=batches(arguments.shards, TEST, batch_size=section.batch_size),
        config=section,
        is_proper=is_proper(arguments.model_folder),
    )
    identity = {
        "model": arguments.model,
        "model_sha256": artifacts.sha256_of_file(model_file),
        "test_shards_sha256": read_index(arguments.shards / TEST).sha256,
    }
    with artifacts.atomic_path(arguments.output) as folder:
        write(folder, evaluation, identity=identity, bins=section.calibration_bins)
        mistakes = worst.draw(
            evaluation.validation_predictions,
            batches(arguments.shards, VALIDATION, batch_size=section.batch_size),
            threshold=evaluation.threshold,
            model_name=arguments.model,
        )
        (folder / "plots" / "worst.png").write_bytes(png(mistakes))
    mirror.record_evaluation(
        model_name=arguments.model,
        model_folder=arguments.model_folder,
        report_folder=arguments.output,
        section=section,
        environment=environment.read(),
    )
    seconds = time.monotonic() - started
    logger.info("evaluate %s: %s to %s in %.1f s", arguments.model, headline(evaluation), arguments.output, seconds)


def is_proper(model_folder: Path) -> bool:
    """Whether the model's loss makes its scores probabilities; a description that does not say is an older one's."""
    description = model_folder / "training.json"
    try:
        return bool(artifacts.read_json(description).get("score_is_probability", True))
    except (OSError, ValueError, AttributeError) as error:
        raise EvaluationError(f"{description} is missing or damaged: run `dvc repro` or `dvc pull`") from error


def batches(shards: Path, split: str, *, batch_size: int) -> Batches:
    """Reads one split, with a progress bar."""
    with silent_start():
        from unmask.data.input.reading import evaluation_batches, steps
    total = steps(read_index(shards / split).records, batch_size)
    return progress(evaluation_batches(shards, split, batch_size), total=total, description=f"evaluate {split}")


def write(folder: Path, evaluation: Evaluation, *, identity: dict[str, str], bins: int) -> None:
    """Writes everything that is known of one model."""
    artifacts.write_json(folder / "metrics.json", {**evaluation.summary(), **identity})
    artifacts.write_csv(folder / "predictions.csv", evaluation.test_predictions.table())
    tables = curves(evaluation, bins=bins)
    for name, table in tables.items():
        artifacts.write_csv(folder / "curves" / f"{name}.csv", table)
    (folder / "plots").mkdir()
    for name, figure in plots.draw(evaluation, curves=tables, model_name=identity["model"]).items():
        (folder / "plots" / f"{name}.png").write_bytes(png(figure))


def headline(evaluation: Evaluation) -> str:
    """Says the result in a few words."""
    accuracy = evaluation.test["accuracy_score"]
    num_images = len(evaluation.test_predictions.members)
    return f"accuracy {accuracy.value:.4f} ({accuracy.low:.4f} to {accuracy.high:.4f}) on {num_images} test images"


if __name__ == "__main__":
    run_stage(main)

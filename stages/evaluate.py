"""Judges one trained model: the threshold from validation, then metrics, curves and plots on the test split."""

import argparse
import logging
import time
from functools import partial
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import progress, run_stage, silent_start
from unmask.data.clusters import clusters_of
from unmask.data.record_tables import read_copies, read_records, read_split
from unmask.data.shards import read_index
from unmask.evaluation.findings import Findings, find_out
from unmask.evaluation.judge import read_report
from unmask.evaluation.predict import Batches
from unmask.evaluation.report import Evaluation
from unmask.figures import png
from unmask.records import TEST

logger = logging.getLogger("unmask.stages.evaluate")


def main() -> None:
    """Reads a model and two splits, writes one folder of reports."""
    arguments = read_arguments()
    section = config.load(arguments.params).evaluate
    started = time.monotonic()
    model_file = arguments.model_folder / "model.keras"
    logger.info("evaluate %s: %s on %s", arguments.model, model_file, arguments.shards)
    with silent_start():
        from unmask.models import saved
        from unmask.tracking import mirror
    findings = find_out(
        saved.load(model_file),
        partial(batches, arguments.shards, batch_size=section.batch_size),
        name=arguments.model,
        records=read_records(arguments.records),
        clusters=clusters_of(read_split(arguments.split / f"{TEST}.csv"), read_copies(arguments.split / "copies.csv")),
        config=section,
        is_proper=bool(read_report(arguments.model_folder / "training.json").get("score_is_probability", True)),
    )
    identity = {
        "model": arguments.model,
        "model_sha256": artifacts.sha256_of_file(model_file),
        "test_shards_sha256": read_index(arguments.shards / TEST).sha256,
    }
    with artifacts.atomic_path(arguments.output) as folder:
        write(folder, findings, identity=identity)
    mirror.record_evaluation(
        model_name=arguments.model,
        model_folder=arguments.model_folder,
        report_folder=arguments.output,
        section=section,
        environment=environment.read(),
    )
    logger.info(
        "evaluate %s: %s to %s in %.1f s",
        arguments.model,
        headline(findings.evaluation),
        arguments.output,
        time.monotonic() - started,
    )


def batches(shards: Path, split: str, *, batch_size: int) -> Batches:
    """Reads one split, with a progress bar."""
    with silent_start():
        from unmask.data.input.reading import evaluation_batches, steps
    total = steps(read_index(shards / split).records, batch_size)
    return progress(evaluation_batches(shards, split, batch_size), total=total, description=f"evaluate {split}")


def write(folder: Path, findings: Findings, *, identity: dict[str, str]) -> None:
    """Writes everything that is known of one model."""
    artifacts.write_json(folder / "metrics.json", {**findings.summary(), **identity})
    for name, table in findings.tables().items():
        artifacts.write_csv(folder / f"{name}.csv", table)
    (folder / "plots").mkdir()
    for name, figure in findings.figures(model_name=identity["model"]).items():
        (folder / "plots" / f"{name}.png").write_bytes(png(figure))


def headline(evaluation: Evaluation) -> str:
    """Says the result in a few words."""
    accuracy = evaluation.test["accuracy_score"]
    num_images = len(evaluation.test_predictions.members)
    return f"accuracy {accuracy.value:.4f} ({accuracy.low:.4f} to {accuracy.high:.4f}) on {num_images} test images"


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True, help="the model's name")
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True, help="what split made")
    parser.add_argument("--records", type=Path, required=True, help="the records.csv of index")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)

"""Judges one trained model on faces from elsewhere, at the threshold that its evaluation chose."""

import argparse
import logging
import time
from pathlib import Path

import pandas as pd

from unmask import artifacts, config, environment
from unmask.console import run_stage, show_table, silent_start
from unmask.data import external
from unmask.evaluation.external import COLUMNS, measure_set
from unmask.evaluation.judge import read_judge, read_value

logger = logging.getLogger("unmask.stages.evaluate_external")

SHOWN = ["set", "real", "fake", "roc_auc_score", "accuracy_score", "balanced_accuracy_score"]


def main() -> None:
    """Reads a model, its report and the sets, writes one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True, help="the model's name")
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True, help="what evaluate made of the model")
    parser.add_argument("--external", type=Path, required=True, help="a folder of zips and folders of faces")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params)
    started = time.monotonic()
    sets = external.find_sets(arguments.external, parameters.evaluate_external.sets)
    rows = measure(arguments, parameters, sets) if sets else []
    table = pd.DataFrame(rows, columns=COLUMNS)
    with artifacts.atomic_path(arguments.output) as folder:
        artifacts.write_csv(folder / "external.csv", table)
    if rows:
        with silent_start():
            from unmask.tracking import mirror
        mirror.record_external(arguments.output, model_folder=arguments.model_folder, environment=environment.read())
        show_table(SHOWN, [["" if row[name] is None else str(row[name]) for name in SHOWN] for row in rows])
    for row in rows:
        if row["warning"]:
            logger.warning("%s on %s", arguments.model, row["warning"])
    seconds = time.monotonic() - started
    logger.info("evaluate_external %s: %d sets to %s in %.1f s", arguments.model, len(sets), arguments.output, seconds)


def measure(arguments: argparse.Namespace, parameters: config.Config, sets: list[Path]) -> list[dict[str, object]]:
    """Judges the model on every set."""
    with silent_start():
        from unmask.models import saved
    judge = read_judge(arguments.report / "metrics.json")
    preprocess = read_value(arguments.model_folder / "training.json", "preprocess")
    model = saved.load(arguments.model_folder / "model.keras")
    rows = []
    for path in sets:
        with external.opened(path, parameters.index) as found:
            batches = external.batches(
                found,
                preprocess=preprocess,
                max_pixels=parameters.index.max_pixels,
                batch_size=parameters.evaluate.batch_size,
            )
            row = measure_set(model, batches, name=found.name, judge=judge, clusters=found.clusters)
            rows.append({**row, "rejects": found.num_rejects})
    return rows


if __name__ == "__main__":
    run_stage(main)

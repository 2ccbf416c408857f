"""Packs one evaluated model as a bundle: networks for fast engines, and all that makes them a detector."""

import argparse
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from unmask import artifacts, config, environment
from unmask.console import run_stage, silent_start
from unmask.data.raw import find_archive, require_source
from unmask.data.record_tables import read_curve, read_records, read_split
from unmask.evaluation.cautions import data_warnings, warnings_of
from unmask.evaluation.evidence import read_judged, weigh
from unmask.evaluation.judge import read_judge, read_report, read_value
from unmask.evaluation.model_card import model_card
from unmask.records import TRAIN, VALIDATION
from unmask.serving.verdict import Bin
from unmask.tracking.provenance import dvc_digest

if TYPE_CHECKING:
    from unmask.serving.bundle.write import Judged, Learnt

logger = logging.getLogger("unmask.stages.export")


def main() -> None:
    """Reads a model, its evaluation and the pictures it learnt from, writes `bundles/<model>`."""
    arguments = read_arguments()
    parameters = config.load(arguments.params)
    started = time.monotonic()
    logger.info("export %s: %s", arguments.model, arguments.model_folder)
    with silent_start():
        from unmask.serving.bundle.write import write
    judged, learnt = read_judgement(arguments, parameters), read_pictures(arguments, parameters)
    with artifacts.atomic_path(arguments.output) as folder:
        folder.mkdir()
        difference = write(folder, judged, learnt, finds_faces=parameters.export.find_faces)
    with silent_start():
        from unmask.tracking.bundle_mirror import record_bundle
    record_bundle(arguments.output, model_folder=arguments.model_folder, environment=environment.read())
    seconds = time.monotonic() - started
    logger.info("export %s: within %.1e of Keras, %s in %.1f s", arguments.model, difference, arguments.output, seconds)


def read_judgement(arguments: argparse.Namespace, parameters: config.Config) -> "Judged":
    """Reads the model, and what the evaluation found."""
    from unmask.models import saved
    from unmask.serving.bundle.write import Judged

    report = arguments.report
    model_folder = arguments.model_folder
    digest = dvc_digest(model_folder)
    found = read_judged(report, external=arguments.external, model=model_folder, lock_digest=digest)
    source, audit = require_source(arguments.raw), read_report(arguments.audit)
    metric = parameters.compare.champion_metric
    alone = weigh({arguments.model: found}, source=source, audit=audit, champion_metric=metric)
    return Judged(
        name=arguments.model,
        network=saved.load(model_folder / "model.keras"),
        model_sha256=str(found.report["model_sha256"]),
        preprocess=read_value(model_folder / "training.json", "preprocess"),
        judge=read_judge(report / "metrics.json"),
        bins=[Bin(**row) for row in read_curve(report / "curves" / "reliability.csv")],
        warnings=[*data_warnings(source), *warnings_of(found)],
        card=model_card(alone).markdown,
        source=source,
    )


def read_pictures(arguments: argparse.Namespace, parameters: config.Config) -> "Learnt":
    """Reads which pictures the model learnt from and was chosen on."""
    from unmask.serving.bundle.write import Learnt

    records = read_records(arguments.records)
    train, validation = (
        records[records["member"].isin(read_split(arguments.split / f"{split}.csv")["member"])]
        for split in (TRAIN, VALIDATION)
    )
    export = parameters.export
    return Learnt(
        find_archive(arguments.raw), train, validation, limit=export.reference_images, int8_limit=export.int8_images
    )


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True, help="what evaluate made of the model")
    parser.add_argument("--external", type=Path, required=True, help="what evaluate_external made of it")
    parser.add_argument("--audit", type=Path, required=True, help="the audit.json of the split")
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True, help="the index's records.csv")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)
